import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readEvent } from '../../src/github/event.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'event-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const RUN = {
  GITHUB_REPOSITORY: 'acme/shop',
  GITHUB_SERVER_URL: 'https://github.com',
  GITHUB_RUN_ID: '42',
  GITHUB_SHA: 'run-sha',
};

function eventOf(name: string, payload: unknown): ReturnType<typeof readEvent> {
  const path = join(folder, 'event.json');
  writeFileSync(path, typeof payload === 'string' ? payload : JSON.stringify(payload));
  return readEvent({ ...RUN, GITHUB_EVENT_NAME: name, GITHUB_EVENT_PATH: path });
}

const pull = (from: string | null): object => ({
  pull_request: { number: 7, head: { sha: 'head-sha', repo: from === null ? null : { full_name: from } } },
});

test('outside GitHub there is no event', () => {
  expect(readEvent({})).toBeUndefined();
  expect(readEvent({ ...RUN, GITHUB_REPOSITORY: 'shop' })).toBeUndefined();
});

test('the event has the page of the run and the API of the runner', () => {
  const event = readEvent({ ...RUN, GITHUB_API_URL: 'https://git.acme.example/api/v3' });
  expect(event).toMatchObject({
    owner: 'acme',
    repo: 'shop',
    apiUrl: 'https://git.acme.example/api/v3',
    runUrl: 'https://github.com/acme/shop/actions/runs/42',
  });
  expect(readEvent(RUN)?.apiUrl).toBe('https://api.github.com');
});

describe('the commit of the event', () => {
  test.each([
    ['pull_request', pull('acme/shop'), { sha: 'head-sha', pullRequest: 7, fromFork: false }],
    ['pull_request from a fork', pull('someone/shop'), { sha: 'head-sha', pullRequest: 7, fromFork: true }],
    [
      'pull_request from a fork that is gone',
      pull(null),
      { sha: 'head-sha', pullRequest: 7, fromFork: true },
    ],
    ['push', { after: 'x' }, { sha: 'run-sha', pullRequest: undefined, fromFork: false }],
    ['workflow_dispatch', { inputs: null }, { sha: 'run-sha', pullRequest: undefined }],
    ['merge_group', {}, { sha: 'run-sha', pullRequest: undefined }],
    [
      'workflow_run',
      { workflow_run: { head_sha: 'built-sha' } },
      { sha: 'built-sha', pullRequest: undefined },
    ],
    [
      'issue_comment',
      { issue: { number: 7, pull_request: { url: 'x' } } },
      { sha: 'run-sha', pullRequest: 7, byComment: true },
    ],
    [
      'issue_comment on an issue',
      { issue: { number: 7 } },
      { sha: 'run-sha', pullRequest: undefined, byComment: false },
    ],
    ['pull_request that cannot be read', '{', { sha: undefined, pullRequest: undefined }],
  ])('is the visible one for %s', (name, payload, expected) => {
    expect(eventOf(name, payload)).toMatchObject(expected);
  });
});
