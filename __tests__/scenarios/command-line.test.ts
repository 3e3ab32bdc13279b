import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { optionsOf, packCommand, runCommand } from '../../testbed/packed-command.ts';
import type { CommandOptions, CommandRun, PackedCommand } from '../../testbed/packed-command.ts';
import { REPORT } from '../../src/report/schema.ts';
import { APP, NO_WORKLOADS, SEED } from './support/objects.ts';
import { useStage } from './support/stage.ts';

const stage = useStage();
let packed: PackedCommand;
let folder: string;
let kubeconfig: string;

beforeAll(async () => {
  [packed, folder] = await Promise.all([packCommand(), mkdtemp(join(tmpdir(), 'canary-cli-'))]);
  kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, stage.fleet.kubeconfig);
});
afterAll(async () => {
  await Promise.all([packed.remove(), rm(folder, { recursive: true })]);
});

/** Runs an operation with the seed's inputs as options. */
async function run(
  operation: string,
  inputs: Readonly<Record<string, string>> = {},
  more: readonly string[] = [],
  options: CommandOptions = {},
): Promise<CommandRun> {
  const args = [operation, ...optionsOf({ kubeconfig, ...SEED, ...inputs }), ...more];
  const result = await runCommand(packed.command, args, options);
  // Nobody obeys them here.
  expect(result.stdout + result.stderr).not.toMatch(/^::/m);
  return result;
}

/** Runs an operation and expects this exit code; the message of a failure is its output. */
async function ends(code: number, ...args: Parameters<typeof run>): Promise<CommandRun> {
  const result = await run(...args);
  if (result.code !== code)
    throw new Error(`${args[0]} ended with ${String(result.code)}:\n${result.stdout}\n${result.stderr}`);
  return result;
}

const BOTH = (weights: string): readonly string[] => [weights, weights];

describe('the packed command, in a folder without the repository (scenario 47)', () => {
  test('has only what it needs', () => {
    expect(packed.files.toSorted()).toEqual([
      'LICENSE',
      'README.md',
      'action.yml',
      'canary.schema.json',
      'dist/action.js',
      'dist/cli.js',
      'dist/later.cjs',
      'dist/licenses.txt',
      'dist/main.js',
      'dist/node-version.js',
      'dist/package.json',
      'dist/post.js',
      'package.json',
      'report.schema.json',
    ]);
  });

  test('plans, releases, promotes and reports, and its exit code is the verdict', async () => {
    await stage.underLoad(async () => {
      const planned = await ends(0, 'plan', { weights: 'v1=80,v2=20' }, ['--json']);
      expect(REPORT.parse(JSON.parse(planned.stdout)).plan?.changes.length).toBeGreaterThan(0);
      await expect(stage.weights()).resolves.toEqual([undefined, undefined]);

      const summary = join(folder, 'new/summary.md');
      const released = await ends(0, 'rollout', { weights: 'v1=80,v2=20', summary });
      expect(released.stdout).toMatch(/\nVerify\n/);
      expect(released.stdout).toMatch(/\nhelloworld: pass\n/);
      expect(released.stdout).not.toContain('\u001B');
      expect(released.stderr).toBe('');
      await expect(readFile(summary, 'utf8')).resolves.toMatch(/^#/m);
      await expect(stage.weights()).resolves.toEqual(BOTH('v1=80,v2=20'));

      // Each option by itself, a list as a repeated option.
      const promoted = await ends(0, 'promote', NO_WORKLOADS, [
        '--steps',
        '20',
        '--steps',
        '50,100',
        '--json',
      ]);
      const report = REPORT.parse(JSON.parse(promoted.stdout));
      expect([report.outcome, report.weights, report.nextWeights]).toEqual([
        'pass',
        { v1: 50, v2: 50 },
        { v1: 0, v2: 100 },
      ]);
      expect(promoted.stderr).toMatch(/\nVerify\n/);
      await expect(stage.weights()).resolves.toEqual(BOTH('v1=50,v2=50'));

      const status = await ends(0, 'status');
      expect(status.stdout).toContain('v1=50,v2=50');
      const failed = await ends(1, 'verify', { weights: 'v1=95,v2=5' });
      expect(failed.stderr).toMatch(/^Error: helloworld: verify failed\n/);
      await ends(2, 'verify', { 'max-samples': '5' }, ['--json']);
      await ends(3, 'retire', { version: 'v1' });
      await ends(0, 'rollback', NO_WORKLOADS);
      await expect(stage.weights()).resolves.toEqual(BOTH('v1=80,v2=20'));
    });
  });

  test('refuses wrong inputs and unknown options before anything else', async () => {
    const wrong = await ends(3, 'rollout', { weights: 'v1=200', tolerance: '99', summary: folder }, [
      '--json',
    ]);
    const { failure, problems, app } = REPORT.parse(JSON.parse(wrong.stdout));
    expect(app).toBe(APP);
    expect(problems.map(({ input }) => input)).toEqual(['summary', 'weights', 'tolerance']);
    for (const { message } of problems) expect(failure).toContain(`\n- ${message}`);
    expect(failure).toMatch(/^3 problems with the inputs:\n- --summary: got ".*", which exists/);
    const unknown = await ends(3, 'rollout', {}, ['--max-rp=20']);
    expect(unknown).toMatchObject({
      stdout: '',
      stderr: '--max-rp is not an option; did you mean --max-rps?\nFor help: multicluster-canary --help\n',
    });
    await expect(stage.weights()).resolves.toEqual([undefined, undefined]);
  });

  test('reads secrets from files, and shows none of them', async () => {
    const file = join(folder, 'headers');
    const secret = 'a-secret-of-the-headers-0123456789';
    await writeFile(file, `authorization: Bearer ${secret}\n`);
    await ends(0, 'rollout', { weights: 'v1=80,v2=20' }, ['--headers', `@${file}`]);
    const { stdout, stderr } = await ends(1, 'verify', { weights: `v1=95,v2=5` }, [
      '--headers',
      `@${file}`,
      '--json',
    ]);
    expect(stdout + stderr).not.toContain(secret);
  });

  test('is what npx runs', async () => {
    const npx = await runCommand(
      'npx',
      ['--offline', '--prefix', packed.folder, 'multicluster-canary', '--version'],
      {},
    );
    expect(npx).toMatchObject({ code: 0, stdout: '0.1.0\n' });
  });

  test('goes on when nobody reads its output any more', async () => {
    const args = optionsOf({ kubeconfig, ...SEED, weights: 'v1=80,v2=20' });
    const shell = `"$0" rollout "$@" | head -1; echo "\${PIPESTATUS[0]}"`;
    const { stdout } = await runCommand('bash', ['-c', shell, packed.command, ...args], {});
    expect(stdout).toMatch(/\n0\n$/);
    await expect(stage.weights()).resolves.toEqual(BOTH('v1=80,v2=20'));
  });

  test.each([
    // A terminal sends SIGINT to npx as well, which passes it on.
    ['Ctrl-C', ['SIGINT', 'SIGINT'], 130],
    ['SIGTERM', ['SIGTERM'], 143],
    ['the end of its terminal', ['SIGHUP'], 129],
  ] as const)('restores the previous weights on %s while it samples', async (_what, signals, code) => {
    await stage.underLoad(async () => {
      await ends(0, 'rollout', { weights: 'v1=80,v2=20' });
      let sent = false;
      // At this rate a verdict is minutes away.
      const slow = { ...NO_WORKLOADS, weights: 'v1=50,v2=50', 'max-rps': '1' };
      const stopped = await run('rollout', slow, ['--json'], {
        onOutput: (text, kill) => {
          if (sent || !/^Verify$/m.test(text)) return;
          sent = true;
          for (const signal of signals) kill(signal);
        },
      });
      expect(stopped).toMatchObject({ code });
      expect(stopped.stderr).toContain(`Cancelled by ${signals[0]}.`);
      expect(REPORT.parse(JSON.parse(stopped.stdout)).weights).toEqual({ v1: 80, v2: 20 });
      await expect(stage.weights()).resolves.toEqual(BOTH('v1=80,v2=20'));
    });
  });
});
