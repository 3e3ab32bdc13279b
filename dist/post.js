// Entry of the post step. The runner also starts it after a main step that was killed before its first line.
import { isNodeSupported } from "./node-version.js";
if (isNodeSupported()) {
    const { postStep } = await import("./action.js");
    await postStep();
}
