#!/usr/bin/env node
// Entry of the command line.
import { isNodeSupported } from './node-version.ts';

if (isNodeSupported('command')) {
  const { commandLine } = await import('./action.ts');
  await commandLine(process.argv.slice(2), new URL('../action.yml', import.meta.url));
}
