const NEEDED = 24;
/**
 * Whether this Node can run the action; if not, says which it needs and fails the step. Any Node must be able to parse this
 * file and the two entries: what they import after this needs a newer one, and would end in a page of source.
 */
export function isNodeSupported() {
    const [major = ''] = process.versions.node.split('.');
    if (Number(major) >= NEEDED)
        return true;
    const command = process.env['GITHUB_ACTIONS'] === 'true' ? '::error::' : '';
    process.stdout.write(`${command}multicluster-canary needs Node.js ${String(NEEDED)} or newer, and this is ${process.versions.node}. ` +
        'GitHub runners include it since version 2.327.1.\n');
    process.exitCode = 1;
    return false;
}
