import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { Announcer } from '../../src/github/announcer.ts';
import type { AnnounceOptions } from '../../src/github/announcer.ts';
import type { GitHubEvent } from '../../src/github/event.ts';
import { emptyRecord } from '../../src/report/run-record.ts';
import type { RunRecord } from '../../src/report/run-record.ts';
import { BOT, FORBIDDEN, GitHubServer, HEAD, OWNER, REPO, TOKEN } from '../support/github-server.ts';
import { deadUrl } from '../support/server.ts';

const MARKER = '<!-- multicluster-canary: gray-demo/helloworld -->';
const PERMISSIONS = 'permissions:\n  contents: read\n  pull-requests: write\n  statuses: write';

let github: GitHubServer;
const warnings: string[] = [];
beforeAll(async () => {
  github = await GitHubServer.start();
});
afterEach(() => {
  github.reset();
  warnings.splice(0);
});
afterAll(() => github.close());

const OPTIONS: AnnounceOptions = {
  operation: 'plan',
  app: 'helloworld',
  language: 'en',
  token: TOKEN,
  comment: true,
  explicit: false,
};

function event(rest: Partial<GitHubEvent> = {}): GitHubEvent {
  return {
    apiUrl: github.url,
    owner: OWNER,
    repo: REPO,
    runUrl: 'https://github.com/acme/shop/actions/runs/42',
    sha: 'a'.repeat(40),
    pullRequest: 7,
    byComment: false,
    fromFork: false,
    ...rest,
  };
}

const record = (operation = 'plan', rest: Partial<RunRecord> = {}): RunRecord => ({
  ...emptyRecord(operation, 'helloworld', 'gray-demo'),
  ...rest,
});

function announcer(
  options: Partial<AnnounceOptions> = {},
  on: GitHubEvent | undefined = event(),
): Announcer | undefined {
  return Announcer.of({ ...OPTIONS, ...options }, on, (text) => warnings.push(text));
}

async function announce(ended = record(), on = event()): Promise<void> {
  const announced = announcer({}, on);
  announced?.begin();
  await announced?.end(ended, false);
}

describe('the commit status', () => {
  test('is pending from the start, then the result of the run', async () => {
    await announce();
    expect(github.statuses).toEqual(
      [
        { state: 'pending', description: 'plan is in progress' },
        { state: 'success', description: 'plan done' },
      ].map((status) => ({
        ...status,
        sha: 'a'.repeat(40),
        context: 'canary/helloworld',
        target_url: 'https://github.com/acme/shop/actions/runs/42',
      })),
    );
  });

  test('of a plan started by a comment is on the newest commit of the pull request', async () => {
    await announce(record(), event({ byComment: true }));
    expect(github.statuses.map(({ sha }) => sha)).toEqual([HEAD, HEAD]);
  });

  test('of a promotion started by a comment is on the default branch, not on the pull request', async () => {
    await announcer({ operation: 'promote' }, event({ byComment: true }))?.end(record('promote'), false);
    expect(github.statuses.map(({ sha }) => sha)).toEqual(['a'.repeat(40)]);
  });

  test('that GitHub refuses temporarily is set at the next try', async () => {
    github.refuse({ status: 502, message: '' }, 'repos/create-commit-status', 1);
    await expect(announcer()?.end(record(), false)).resolves.toBe(true);
    expect(github.statuses).toMatchObject([{ state: 'success' }]);
    expect(warnings).toEqual([]);
  });

  test('that GitHub refuses is reported to the caller', async () => {
    github.refuse(FORBIDDEN, 'repos/create-commit-status');
    await expect(announcer()?.end(record(), false)).resolves.toBe(false);
  });

  test('is set by a rollout and a promotion too, without a comment', async () => {
    for (const operation of ['rollout', 'promote'] as const)
      await announcer({ operation })?.end(record(operation, { verdict: 'pass' }), false);
    expect(github.statuses.map(({ state }) => state)).toEqual(['success', 'success']);
    expect(github.comments).toEqual([]);
  });

  test('is not set by operations that release nothing', () => {
    for (const operation of ['verify', 'status', 'rollback', 'retire'] as const)
      expect(announcer({ operation })).toBeUndefined();
  });
});

describe('the comment', () => {
  const others = (count: number): void => {
    for (let i = 0; i < count; i += 1)
      github.comments.push({ id: i + 1, issue: 7, login: 'octocat', body: 'Me too' });
  };

  test('is written once, then updated', async () => {
    await announce();
    await announce(record('plan', { failure: 'the webhook said no' }));
    expect(github.comments).toHaveLength(1);
    expect(github.comments[0]?.body).toMatch(
      /^<!-- multicluster-canary: gray-demo\/helloworld -->\n[^]*the webhook said no/,
    );
    expect(github.operations.filter((id) => id.endsWith('-comment'))).toEqual([
      'issues/create-comment',
      'issues/update-comment',
    ]);
  });

  test('is found after hundreds of others', async () => {
    others(250);
    github.comments.push({ id: 900, issue: 7, login: BOT, body: `${MARKER}\nold` });
    await announce();
    expect(github.comments).toHaveLength(251);
    expect(github.comments.at(-1)?.body).not.toContain('old');
  });

  test('of another user, of another app, or with the marker elsewhere is left alone', async () => {
    const strange = [
      { id: 1, issue: 7, login: 'mallory', body: `${MARKER}\nhello` },
      { id: 2, issue: 7, login: BOT, body: '<!-- multicluster-canary: gray-demo/other -->\nhello' },
      { id: 3, issue: 7, login: BOT, body: `> ${MARKER}\nquoted` },
    ];
    github.comments.push(...strange);
    await announce();
    expect(github.comments.slice(0, 3)).toEqual(strange);
    expect(github.comments).toHaveLength(4);
  });

  test('is not written when it is off, or without a pull request', async () => {
    await announcer({ comment: false })?.end(record(), false);
    await announcer({}, event({ pullRequest: undefined }))?.end(record(), false);
    expect([github.comments, github.statuses.length, warnings]).toEqual([[], 2, []]);
  });

  test('works on GitHub Enterprise Server, whose API has a path', async () => {
    await announce(record(), event({ apiUrl: `${github.url}/api/v3` }));
    expect([github.comments.length, github.statuses.length, warnings]).toEqual([1, 2, []]);
  });
});

describe('a refusal by GitHub', () => {
  test('because of a missing permission is a warning with the lines to add', async () => {
    github.refuse(FORBIDDEN, 'repos/create-commit-status');
    await announce();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(
      /^The commit status canary\/helloworld was not set; the release continues without it: Resource not accessible by integration/,
    );
    expect(warnings[0]).toContain(PERMISSIONS);
    expect(github.comments).toHaveLength(1);
  });

  test('in a run of a fork mentions the fork', async () => {
    github.refuse(FORBIDDEN);
    await announce(record(), event({ fromFork: true }));
    expect(warnings).toHaveLength(2);
    for (const warning of warnings) {
      expect(warning).toContain(PERMISSIONS);
      expect(warning).toContain('comes from a fork');
    }
  });

  test.each([
    ['404', { status: 404, message: 'Not Found' } as const],
    ['401', { status: 401, message: 'Bad credentials' } as const],
  ])('with %s may be a missing permission too', async (_, refusal) => {
    github.refuse(refusal);
    await announce();
    expect(warnings).toHaveLength(2);
    for (const warning of warnings) expect(warning).toContain(PERMISSIONS);
  });

  test.each([
    [
      'a rate limit',
      {
        status: 403,
        message: 'API rate limit exceeded for installation',
        headers: { 'x-ratelimit-remaining': '0' },
      } as const,
      'API rate limit exceeded',
    ],
    [
      'a second rate limit',
      {
        status: 429,
        message: 'You have exceeded a secondary rate limit',
        headers: { 'retry-after': '60' },
      } as const,
      'secondary rate limit',
    ],
    ['a server error', { status: 502, message: '<html>'.repeat(1000) } as const, 'HTTP 502'],
    ['a cut connection', 'cut' as const, 'other side closed'],
  ])('because of %s does not suggest permissions', async (_, refusal, message) => {
    github.refuse(refusal);
    await announce();
    expect(warnings).toHaveLength(2);
    for (const warning of warnings) {
      expect(warning).toContain(message);
      expect(warning).not.toContain('permissions:');
      expect(warning.length).toBeLessThan(600);
      expect(warning).not.toContain(TOKEN);
    }
  });

  test('of the connection is reported', async () => {
    await announce(record(), event({ apiUrl: await deadUrl() }));
    expect(warnings).toHaveLength(2);
    for (const warning of warnings) expect(warning).toContain('ECONNREFUSED');
  });

  test('by silence is given up, sooner when the job is being cancelled', async () => {
    github.refuse('silence');
    const start = performance.now();
    await announcer()?.end(record(), true);
    expect(performance.now() - start).toBeLessThan(4_000);
    expect(warnings).toHaveLength(2);
  });
});

describe('without a token or outside GitHub', () => {
  test('a missing token is a warning with the lines to add', () => {
    expect(announcer({ token: undefined })).toBeUndefined();
    expect(warnings).toEqual([expect.stringContaining(PERMISSIONS)]);
  });

  test('nothing is reported when nothing was requested', () => {
    const warn = jest.fn();
    expect(Announcer.of({ ...OPTIONS, token: undefined, comment: false }, event(), warn)).toBeUndefined();
    expect(Announcer.of({ ...OPTIONS, token: undefined }, undefined, warn)).toBeUndefined();
    expect(warn).not.toHaveBeenCalled();
  });

  test('an input set by name causes a warning', () => {
    expect(
      Announcer.of({ ...OPTIONS, explicit: true }, undefined, (text) => warnings.push(text)),
    ).toBeUndefined();
    expect(warnings).toEqual([expect.stringContaining('GITHUB_REPOSITORY is not set')]);
  });
});
