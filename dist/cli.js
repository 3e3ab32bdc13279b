#!/usr/bin/env node
// Entry of the command line.
import { isNodeSupported } from "./node-version.js";
if (isNodeSupported('command')) {
    const { commandLine } = await import("./action.js");
    await commandLine(process.argv.slice(2), new URL('../action.yml', import.meta.url));
}
