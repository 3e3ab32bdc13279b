import { describe, expect, test } from '@jest/globals';
import { quoted } from '../../src/texts/message.ts';
import { COMMENT_LIMIT, commentOf, markerOf } from '../../src/report/summary/comment.ts';
import { emptyRecord } from '../../src/report/run-record.ts';
import type { RunRecord } from '../../src/report/run-record.ts';
import type { PlannedChange } from '../../src/report/run-events.ts';

const place = {
  sha: 'abc1234def5678abc1234def5678abc1234def56',
  runUrl: 'https://github.com/acme/shop/actions/runs/42',
};
const marker = '<!-- multicluster-canary: gray-demo/helloworld -->';

function planned(changes: readonly Partial<PlannedChange>[], rest: Partial<RunRecord> = {}): RunRecord {
  return {
    ...emptyRecord('plan', 'helloworld', 'gray-demo'),
    plan: {
      weights: new Map([['v2', 100]]),
      clusters: ['east'],
      changes: changes.map((change) => ({
        cluster: 'east',
        verb: 'apply',
        object: 'Deployment gray-demo/helloworld-v2',
        reason: quoted('v2 in east'),
        diff: '+image: hello:1.1',
        tried: true,
        ...change,
      })),
    },
    ...rest,
  };
}

function occurrences(text: string, part: string): number {
  return text.split(part).length - 1;
}

test('a comment begins with the marker of its app and ends with the commit and a link to the run', () => {
  const record = planned([{}]);
  expect(markerOf(record)).toBe(marker);
  const comment = commentOf(record, place);
  expect(comment.startsWith(`${marker}\n`)).toBe(true);
  expect(comment).toContain('+image: hello:1.1');
  expect(comment).toMatch(
    /Commit abc1234 · \[full summary in the run\]\(https:\/\/github\.com\/acme\/shop\/actions\/runs\/42\)/,
  );
  expect(comment).not.toContain('Shortened');
});

describe('a comment that is too long for GitHub', () => {
  const line = `+${'x'.repeat(99)}\n`;

  test('omits the differences and says so', () => {
    const comment = commentOf(
      planned([{ diff: line.repeat(800) }, { object: 'Service gray-demo/last' }]),
      place,
    );
    expect(comment.length).toBeLessThanOrEqual(COMMENT_LIMIT);
    expect(comment).not.toContain('xxx');
    expect(comment).toContain('Service gray-demo/last');
    expect(comment).toMatch(/Shortened to GitHub’s limit\. Omitted: [\d,]+ × difference/);
    expect(comment).toContain(`[full summary in the run](${place.runUrl})`);
  });

  test.each([
    [
      'many changes',
      planned(Array.from({ length: 2_000 }, (_, i) => ({ object: `Secret gray-demo/s${String(i)}` }))),
    ],
    [
      'many mentions',
      planned(
        Array.from({ length: 2_000 }, (_, i) => ({
          object: `Secret gray-demo/s${String(i)}`,
          reason: quoted('@acme @acme @acme @acme @acme'),
        })),
      ),
    ],
  ])('with %s uses the space it has and closes all its elements', (_, record) => {
    const comment = commentOf(record, place);
    expect(comment.length).toBeLessThanOrEqual(COMMENT_LIMIT);
    expect(comment.length).toBeGreaterThan(COMMENT_LIMIT - 25_000);
    expect(occurrences(comment, '<details>')).toBe(occurrences(comment, '</details>'));
    expect((comment.match(/^```/gm) ?? []).length % 2).toBe(0);
    expect(comment.startsWith(`${marker}\n`)).toBe(true);
    expect(comment).toContain('Shortened');
    expect(comment).toContain('Commit abc1234 ');
  });

  test.each([
    ['a long failure', Array.from({ length: 3_000 }, () => 'the webhook said no to everything').join('\n')],
    ['a failure in one line', 'no'.repeat(50_000)],
  ])('with %s keeps its beginning', (_, failure) => {
    const comment = commentOf(planned([], { failure }), place);
    expect(comment.length).toBeLessThanOrEqual(COMMENT_LIMIT);
    expect(comment).toContain(failure.slice(0, 30));
    expect(comment).toContain('Commit abc1234 ');
  });
});

test('text from a server mentions nobody, links nothing and stays text', () => {
  const hostile = '@everyone see #1 `code` | <img src=x> --> ::error::no\n@team';
  const comment = commentOf(planned([{ diff: '+note: "@acme/owners"' }], { failure: hostile }), place);
  expect(comment).not.toMatch(/(@|&#64;)(everyone|team|acme)/);
  expect(comment).not.toMatch(/(#|&#35;)1\b/);
  expect(comment).toContain('everyone');
  expect(comment).not.toContain('<img');
  expect(comment).not.toMatch(/^::error::/m);
});
