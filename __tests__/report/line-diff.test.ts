import { describe, expect, test } from '@jest/globals';
import { FILE_HEADERS_ONLY, applyPatch, createTwoFilesPatch } from 'diff';
import { atOnce } from '../../src/core/pieces.ts';
import { unifiedDiff } from '../../src/report/line-diff.ts';
import { random } from '../support/random.ts';

const NAMES = { before: 'a', after: 'b' };
const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');
const many = (number: number, line: (i: number) => string): string =>
  text(Array.from({ length: number }, (_, i) => line(i)));

/** The diff, which turns one text into the other. */
function diffOf(before: string, after: string, context = 4): string {
  const diff = atOnce(unifiedDiff(NAMES, before, after, context));
  expect(applyPatch(before, diff)).toBe(after);
  return diff;
}

const changedLines = (diff: string): number =>
  diff.split('\n').filter((line) => /^[-+](?![-+]{2} )/.test(line)).length;

/** A route with a line of its own, and lines that all routes share. */
const route = (weight: number, i: number): string =>
  `- name: route-${String(i)}\n  route:\n  - weight: ${String(weight)}\n  - weight: ${String(100 - weight)}`;

describe('a difference of more lines than are compared one by one', () => {
  test('is as short as any where lines of their own align the texts', () => {
    const diff = diffOf(
      many(500, (i) => route(80, i)),
      many(500, (i) => route(50, i)),
    );
    expect(changedLines(diff)).toBe(2_000);
  });

  test('is found for 40,000 changed lines', () => {
    const [before, after] = ['old', 'new'].map((word) => many(20_000, (i) => `${word} ${String(i)}`));
    expect(changedLines(diffOf(before ?? '', after ?? ''))).toBe(40_000);
  });

  test('of lines that all are alike replaces them', () => {
    const diff = diffOf(
      many(5_000, (i) => `weight: ${String(i % 2)}`),
      many(5_000, (i) => `share: ${String(i % 3)}`),
    );
    expect(changedLines(diff)).toBe(10_000);
  });

  test.each([0, 1, 3, 4, Infinity])('turns one text into the other with %d lines of context', (context) => {
    expect.hasAssertions();
    const draw = random(7);
    const pick = (most: number): number => Math.floor(draw() * most);
    for (let run = 0; run < 20; run += 1) {
      const lines = Array.from({ length: 1_500 }, (_, i) => (pick(3) === 0 ? 'same' : `line ${String(i)}`));
      const changed = lines.flatMap((line) => {
        const what = pick(6);
        return what === 0
          ? []
          : what === 1
            ? [`new ${String(pick(500))}`]
            : what === 2
              ? [line, 'same']
              : [line];
      });
      diffOf(text(lines), text(changed), context);
    }
  });
});

test('a short difference is the one that the library finds', () => {
  const before = many(1_000, (i) => `line ${String(i)}`);
  const after = before.replace('line 17\n', '').replace('line 500\n', 'other\n');
  expect(diffOf(before, after)).toBe(
    createTwoFilesPatch('a', 'b', before, after, undefined, undefined, {
      context: 4,
      headerOptions: FILE_HEADERS_ONLY,
    }),
  );
});

test.each([
  ['', many(500, String)],
  [many(500, String), ''],
])('a whole object comes or goes', (before, after) => {
  expect(changedLines(diffOf(before, after))).toBe(500);
});
