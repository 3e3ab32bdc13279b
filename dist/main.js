// Entry of the main step.
import { isNodeSupported } from "./node-version.js";
if (isNodeSupported()) {
    const { mainStep } = await import("./action.js");
    await mainStep();
}
