/** Over HTTP/2, Node 24.0 cannot be kept from hanging when a write is cancelled (src/kubernetes/client/http2-resets.ts). */
const NEEDED = { major: 24, minor: 1 };
/**
 * Whether this Node can run the action; if not, says which it needs and fails. Any Node must be able to parse this file and the entries:
 * what they import after this needs a newer one, and would end in a page of source.
 */
export function isNodeSupported(kind = 'step') {
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
    if (major > NEEDED.major || (major === NEEDED.major && minor >= NEEDED.minor))
        return true;
    const needed = `${String(NEEDED.major)}.${String(NEEDED.minor)}`;
    const sentence = `multicluster-canary needs Node.js ${needed} or newer, and this is ${process.versions.node}.`;
    if (kind === 'command') {
        process.stderr.write(`${sentence}\n`);
        // Refused; the other codes are in src/cli/exit-codes.ts, which this Node may not be able to read.
        process.exitCode = 3;
        return false;
    }
    const command = process.env['GITHUB_ACTIONS'] === 'true' ? '::error::' : '';
    process.stdout.write(`${command}${sentence} GitHub runners include it since version 2.327.1.\n`);
    process.exitCode = 1;
    return false;
}
