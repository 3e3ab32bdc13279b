import { expect, test } from '@jest/globals';
import { execa } from 'execa';
import { join } from 'node:path';

const SRC = join(import.meta.dirname, '../../src');

/** Starts an entry in a process that takes itself for this version of Node. */
async function startedBy(
  version: string,
  entry: string,
  env: Readonly<Record<string, string>> = {},
): Promise<unknown> {
  const versions = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`;
  const preload = `data:text/javascript,${encodeURIComponent(versions)}`;
  const { exitCode, stdout, stderr } = await execa(
    process.execPath,
    ['--import', preload, join(SRC, entry)],
    { env: { ...env, INPUT_APP: 'Not A Name' }, reject: false },
  );
  return { exitCode, stdout, stderr };
}

test.each(['main.ts', 'post.ts'])(
  '%s names the version of Node that it needs, and does nothing else',
  async (entry) => {
    const message =
      'multicluster-canary needs Node.js 24.1 or newer, and this is 20.19.2. GitHub runners include it since version 2.327.1.';
    expect(await startedBy('20.19.2', entry, { GITHUB_ACTIONS: '' })).toEqual({
      exitCode: 1,
      stdout: message,
      stderr: '',
    });
    expect(await startedBy('20.19.2', entry, { GITHUB_ACTIONS: 'true' })).toMatchObject({
      stdout: `::error::${message}`,
    });
  },
);

test('cli.ts says so without a word about runners, and refuses', async () => {
  expect(await startedBy('24.0.2', 'cli.ts', { GITHUB_ACTIONS: '' })).toEqual({
    exitCode: 3,
    stdout: '',
    stderr: 'multicluster-canary needs Node.js 24.1 or newer, and this is 24.0.2.',
  });
});

test('an exception that nobody catches is shown without its properties and without secrets', async () => {
  const failing = `const timer = setInterval(() => {
    if (process.listenerCount('uncaughtException') === 0) return;
    clearInterval(timer);
    throw Object.assign(new Error('refused ' + process.env.GH_TOKEN), { headers: { authorization: process.env.GH_TOKEN } });
  })`;
  const preload = `data:text/javascript,${encodeURIComponent(failing)}`;
  const { exitCode, stdout, stderr } = await execa(
    process.execPath,
    ['--import', preload, join(SRC, 'main.ts')],
    { env: { GH_TOKEN: 'a-token-of-the-job', INPUT_APP: 'Not A Name' }, reject: false },
  );
  expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: '' });
  expect(stdout).toContain('::error title=multicluster-canary did not start::refused ***');
  expect(stdout).not.toContain('a-token-of-the-job');
});

test('a new Node goes on to read the inputs', async () => {
  expect(await startedBy('24.1.0', 'main.ts', { GITHUB_ACTIONS: '' })).toMatchObject({
    exitCode: 1,
    stdout: expect.stringContaining('Input app: got "Not A Name"'),
  });
});
