import { describe, expect, test } from '@jest/globals';
import { quoted } from '../../src/texts/message.ts';
import { nextTurn } from '../../src/core/clock.ts';
import { boundedText, TEXT_LIMITS } from '../../src/github/bounded-text.ts';
import { secrets } from '../../src/core/secrets.ts';
import { outputsOf } from '../../src/github/outputs.ts';
import { commitStatusOf } from '../../src/report/commit-status.ts';
import { pageOf } from '../../src/report/page/page.ts';
import { emptyRecord } from '../../src/report/run-record.ts';
import type { RunRecord } from '../../src/report/run-record.ts';
import { shortenLines, shortenText } from '../../src/report/shorten-text.ts';
import { en } from '../../src/texts/en.ts';
import { COMMENT_LIMIT, commentOf } from '../../src/report/summary/comment.ts';
import { fit, fixed } from '../../src/report/summary/shorten.ts';
import { SUMMARY_LIMIT, summaryOf } from '../../src/report/summary/summary.ts';

const HUGE = 2_000_000;

test('a text says how much of it is left out', () => {
  expect(shortenText('abc', 3, en.formats)).toBe('abc');
  expect(shortenText('a'.repeat(HUGE), 1_000, en.formats)).toBe(
    `${'a'.repeat(1_000)}… (1,999,000 more characters)`,
  );
  expect(shortenText('a😀b', 2, en.formats)).toBe('a… (3 more characters)');
  expect(shortenLines('a\nb\nc', 3, en.formats)).toBe('a\nb\nc');
  expect(shortenLines('a\nb\nc\nd', 2, en.formats)).toBe('a\nb\n… (2 more lines)');
  expect(shortenLines('x\n'.repeat(1_000_000), 1, en.formats)).toBe('x\n… (1,000,000 more lines)');
});

describe('a text for the runner', () => {
  test('is shortened', () => {
    const shown = boundedText('a'.repeat(HUGE), TEXT_LIMITS.annotation);
    expect(shown).toHaveLength(TEXT_LIMITS.annotation + '… (1,984,000 more characters)'.length);
    expect(shown).toMatch(/a… \(1,984,000 more characters\)$/);
  });

  test.each([0, 1, 9, 30, 31])('never ends in a part of a secret (%d)', (shift) => {
    const secret = 'S3cr3t-T0ken-of-31-characters-x';
    secrets.add(secret);
    const limit = TEXT_LIMITS.title;
    for (const length of [limit, 2 * TEXT_LIMITS.log]) {
      const text = `${'.'.repeat(length - shift)}${secret}${'.'.repeat(HUGE)}`;
      expect(boundedText(text, limit)).not.toContain('S3cr');
      expect(boundedText(text, TEXT_LIMITS.log)).not.toContain('S3cr');
    }
  });

  test('of white space takes a step for each character', () => {
    for (const space of ['\n', '\u2028', ' ', '\n '])
      expect(boundedText(`${space.repeat(100_000)}x`, TEXT_LIMITS.log)).toContain('x');
  });
});

/** What went wrong came with all that a server sent. */
const failed = (failure: string, rest: Partial<RunRecord> = {}): RunRecord => ({
  ...emptyRecord('plan', 'shop', 'web'),
  failure,
  ...rest,
});

describe.each([
  ['one line', 'a'.repeat(HUGE)],
  ['many lines', 'a\n'.repeat(HUGE / 10)],
  ['white space', `a${' '.repeat(HUGE / 10)}b`],
  ['emoji', '😀'.repeat(HUGE / 10)],
])('a failure of %s', (_what, failure) => {
  test('fits everywhere', async () => {
    const record = failed(failure);
    expect(commitStatusOf(record).description.length).toBeLessThanOrEqual(140);
    expect(commentOf(record, { sha: undefined, runUrl: undefined }).length).toBeLessThan(COMMENT_LIMIT);
    const summary = summaryOf(record);
    expect(Buffer.byteLength(summary)).toBeLessThan(SUMMARY_LIMIT);
    expect(summary).toContain('[…]');
    const page = await pageOf(record, nextTurn);
    expect(page.length).toBeLessThan(2_000_000);
    for (const text of [summary, page, commitStatusOf(record).description])
      expect(text.isWellFormed()).toBe(true);
  });
});

test('a summary that is cut in a folded part closes it, so that the note on it stays visible', () => {
  const pieces = [
    fixed('head\n'),
    fixed('<details><summary>x</summary>\n\n'),
    fixed('row\n'.repeat(100)),
    fixed('</details>\n'),
  ];
  for (let limit = 60; limit < 420; limit += 7) {
    const { text } = fit(pieces, limit);
    expect(text.length).toBeLessThanOrEqual(limit);
    expect(text.split('<details>')).toHaveLength(text.split('</details>').length);
  }
});

test('a plan with many changes is an output of its own size', () => {
  const change = {
    cluster: 'east',
    verb: 'update',
    object: 'ConfigMap web/a',
    reason: quoted('r'),
    diff: '',
    tried: true,
  } as const;
  const plan = {
    weights: new Map(),
    clusters: ['east'],
    changes: Array.from({ length: 10_000 }, () => change),
  };
  expect(outputsOf(failed('x', { plan }))['plan']?.length).toBeGreaterThan(256 * 1024);
});
