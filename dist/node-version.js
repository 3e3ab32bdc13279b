const NEEDED = 24;
/**
 * Whether this Node can run the action; if not, says which it needs and fails. Any Node must be able to parse this file and the entries:
 * what they import after this needs a newer one, and would end in a page of source.
 */
export function isNodeSupported(kind = 'step') {
    const [major = ''] = process.versions.node.split('.');
    if (Number(major) >= NEEDED)
        return true;
    const sentence = `multicluster-canary needs Node.js ${String(NEEDED)} or newer, and this is ${process.versions.node}.`;
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
