import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Run } from '../../testbed/run-action.ts';
import { FORBIDDEN, GitHubServer, TOKEN } from '../support/github-server.ts';
import { APP, NAMESPACE } from './support/objects.ts';
import { useStage } from './support/stage.ts';

const SHA = 'b'.repeat(40);
const MARKER = `<!-- multicluster-canary: ${NAMESPACE}/${APP} -->`;
const PERMISSIONS = 'permissions:\n  contents: read\n  pull-requests: write\n  statuses: write';

const stage = useStage();
let github: GitHubServer;
let folder: string;
beforeAll(async () => {
  [github, folder] = await Promise.all([GitHubServer.start(), mkdtemp(join(tmpdir(), 'pull-request-'))]);
});
afterEach(() => {
  github.reset();
});
afterAll(async () => {
  await Promise.all([github.close(), rm(folder, { recursive: true })]);
});

/** The environment of a run for an event. */
async function on(name: string, payload: object = {}): Promise<Record<string, string>> {
  const path = join(folder, `${name}.json`);
  await writeFile(path, JSON.stringify(payload));
  return { ...github.env, GITHUB_EVENT_NAME: name, GITHUB_EVENT_PATH: path, GITHUB_SHA: 'c'.repeat(40) };
}

const pull = (from = 'acme/shop'): object => ({
  pull_request: { number: 7, head: { sha: SHA, repo: { full_name: from } } },
});

const told = (): readonly string[] =>
  github.statuses.map(({ state, sha, context }) => `${context} ${state} ${sha.slice(0, 1)}`);

const shares = { weights: 'v1=80,v2=20', 'github-token': TOKEN };

describe('a plan on a pull request (scenario 32)', () => {
  test('keeps one comment, and sets the status of the newest commit', async () => {
    const env = await on('pull_request', pull());
    await stage.pass({ operation: 'plan', ...shares }, { env });
    expect(told()).toEqual([`canary/${APP} pending b`, `canary/${APP} success b`]);
    expect(github.statuses.at(-1)).toMatchObject({
      target_url: 'https://github.com/acme/shop/actions/runs/42',
      description: expect.stringMatching(/^plan: v1\/v2 → 80\/20 in east, west; \d+ changes$/),
    });
    expect(github.comments).toHaveLength(1);
    expect(github.comments[0]?.body).toMatch(new RegExp(`^${MARKER}\\n`));
    expect(github.comments[0]?.body).toContain('+++ VirtualService gray-demo/helloworld');

    await stage.pass({ weights: 'v1=80,v2=20' });
    await stage.underLoad(async () => {
      const run = await stage.pass({ operation: 'plan', ...shares }, { env });
      expect(run.log).not.toContain('::warning');
    });
    expect(github.comments).toHaveLength(1);
    expect(github.comments[0]?.body).toContain('Nothing would change');
    expect(github.statuses.at(-1)?.description).toBe('plan: v1/v2 at 80/20 in east, west; no changes');
  });

  test('that fails says why, with untrusted text escaped', async () => {
    const env = await on('pull_request', pull());
    const hostile = 'istio=nowhere\n@acme=x';
    const run = await stage.run(
      { operation: 'plan', ...shares, 'gateway-selector': 'istio=nowhere', tolerance: '12' },
      { env },
    );
    expect(run.code).toBe(1);
    expect(github.statuses.at(-1)).toMatchObject({ state: 'failure' });
    expect(github.comments[0]?.body).toContain('No address of an ingress gateway was found');
    const bad = await stage.run(
      { operation: 'plan', ...shares, path: hostile, tolerance: '@everyone <img>\n::error::x' },
      { env },
    );
    expect(bad.code).toBe(1);
    expect(bad.log).not.toMatch(/^::error::x/m);
    expect(github.statuses.at(-1)).toMatchObject({ state: 'failure' });
    expect(github.comments).toHaveLength(1);
    expect(github.comments[0]?.body).toContain('Input tolerance');
    expect(github.comments[0]?.body).not.toMatch(/<img|(?:@|&#64;)everyone|^::error/m);
  });

  test('writes no comment if the input comment is false', async () => {
    const env = await on('pull_request', pull());
    await stage.pass({ operation: 'plan', ...shares, comment: 'false' }, { env });
    expect(github.comments).toEqual([]);
    expect(told()).toHaveLength(2);
  });
});

describe('a release', () => {
  beforeEach(() => stage.pass({ weights: 'v1=80,v2=20' }));

  test('sets the status of the merge commit, including failures', async () => {
    const env = await on('push');
    await stage.underLoad(async () => {
      await stage.pass({ operation: 'promote', steps: '50,100', 'github-token': TOKEN }, { env });
      const undecided = { steps: '50,100', 'github-token': TOKEN, 'max-samples': '3' };
      const run = await stage.run({ operation: 'promote', ...undecided }, { env });
      expect(run.outputs).toMatchObject({ verdict: 'inconclusive' });
    });
    expect(told()).toEqual([
      `canary/${APP} pending c`,
      `canary/${APP} success c`,
      `canary/${APP} pending c`,
      `canary/${APP} failure c`,
    ]);
    expect(github.statuses[1]?.description).toBe(
      'promote: traffic split verified; v1/v2 80/20 → 50/50 in east, west',
    );
    expect(github.statuses[3]?.description).toBe(
      'promote: traffic split check inconclusive; v1/v2 back at 50/50 in east, west',
    );
    expect(github.comments).toEqual([]);
  });

  const warns = (run: Run): void => {
    expect(run.log).toContain(PERMISSIONS);
    expect(run.log).toMatch(/::warning::/);
    expect(run.log.replaceAll(/^::add-mask::.*$/gm, '')).not.toContain(TOKEN);
    expect(run.summary).not.toContain(TOKEN);
  };

  test('continues with a warning without a permission, in a fork and without a token', async () => {
    github.refuse(FORBIDDEN);
    warns(await stage.pass({ ...shares }, { env: await on('push') }));
    warns(await stage.pass({ operation: 'plan', ...shares }, { env: await on('pull_request', pull()) }));
    const fork = await stage.pass(
      { operation: 'plan', ...shares },
      { env: await on('pull_request', pull('someone/shop')) },
    );
    warns(fork);
    expect(fork.log).toContain('comes from a fork');
    warns(await stage.pass({ weights: 'v1=80,v2=20' }, { env: await on('push') }));
    await expect(stage.weights()).resolves.toEqual(['v1=80,v2=20', 'v1=80,v2=20']);
  });

  test('does not wait long for a GitHub that does not respond', async () => {
    github.refuse('silence');
    const run = await stage.pass(
      { operation: 'promote', steps: '50,100', 'github-token': TOKEN },
      { env: await on('push') },
    );
    expect(run.seconds).toBeLessThan(40);
    expect(run.outputs).toMatchObject({ verdict: 'pass', weights: 'v1=50,v2=50' });
    expect(run.log).toMatch(/::warning::The commit status canary\/helloworld was not set/);
  });

  test('does not mention GitHub outside of it', async () => {
    const run = await stage.pass({ weights: 'v1=80,v2=20' });
    expect(run.log).not.toContain('::warning');
    const asked = await stage.pass({ ...shares });
    expect(asked.log).toContain('GITHUB_REPOSITORY is not set');
  });
});

test('the post step ends the pending status of a killed run', async () => {
  const env = await on('push');
  await stage.pass({ weights: 'v1=80,v2=20' });
  // The state that the runner passes on from a main step that was killed.
  await stage.pass({ ...shares }, { env, postOf: { holder: 'acme/shop/42/x' } });
  expect(github.statuses).toMatchObject([
    { state: 'error', description: expect.stringContaining('was killed') },
  ]);
});
