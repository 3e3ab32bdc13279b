// Entry of both steps. Any Node must be able to read it: what follows needs a newer one, and would end in a page of source.
const NEEDED = 24;

const [major = ''] = process.versions.node.split('.');
if (Number(major) < NEEDED) {
  const command = process.env['GITHUB_ACTIONS'] === 'true' ? '::error::' : '';
  process.stdout.write(
    `${command}multicluster-canary needs Node.js ${String(NEEDED)} or newer, and this is ${process.versions.node}. ` +
      'A GitHub runner brings it from version 2.327.1 on.\n',
  );
  process.exitCode = 1;
} else {
  await import('./run.ts');
}
