import { describe, expect, test } from '@jest/globals';
import { RateTest } from '../../../src/verify/statistics/rate-test.ts';

const ALPHA = 0.01;

/** After how many trials of this repeated pattern the limit is shown to be exceeded; undefined within a thousand. */
function found(limit: number, pattern: readonly boolean[], alpha = ALPHA): number | undefined {
  const tested = new RateTest(limit, alpha);
  for (let n = 1; n <= 1000; n += 1) {
    if (tested.add(pattern[(n - 1) % pattern.length] ?? false)) return n;
  }
  return undefined;
}

describe('an excess', () => {
  test.each([
    ['of hits alone, against a half', 1 / 2, [true], 9],
    ['of hits alone, against a third', 1 / 3, [true], 6],
    ['of hits alone, against a fiftieth', 0.02, [true], 2],
    ['of three hits in four, against a half', 1 / 2, [true, true, false, true], 42],
    ['of twice as many, against a fiftieth', 0.02, [...Array<boolean>(24).fill(false), true], 825],
  ])('%s is found', (_what, limit, pattern, trials) => {
    expect(found(limit, pattern)).toBe(trials);
  });

  test.each([
    ['at the limit', 1 / 2, [true, false]],
    ['below the limit', 1 / 2, [true, false, false]],
    ['of no hits', 0.02, [false]],
  ])('is not found %s', (_what, limit, pattern) => {
    expect(found(limit, pattern)).toBeUndefined();
  });

  test('of tolerated hits is not found, but they count once there are more', () => {
    const tested = new RateTest(0.01, ALPHA, 5);
    for (let n = 0; n < 5; n += 1) expect(tested.add(true)).toBe(false);
    for (let n = 0; n < 500; n += 1) expect(tested.add(false)).toBe(false);
    expect(tested.add(true)).toBe(false);
  });

  test('stays found, whatever follows', () => {
    const tested = new RateTest(1 / 2, ALPHA);
    for (let n = 0; n < 20; n += 1) tested.add(true);
    for (let n = 0; n < 1000; n += 1) expect(tested.add(false)).toBe(true);
  });
});

describe('by chance alone', () => {
  /** The probability of a false alarm within `trials`, exactly: over all numbers of hits that have not yet been one. */
  function falseAlarms(limit: number, rate: number, trials: number): number {
    let open = new Map([[0, 1]]);
    let alarms = 0;
    for (let n = 1; n <= trials; n += 1) {
      const next = new Map<number, number>();
      for (const [hits, probability] of open) {
        for (const [more, chance] of [
          [1, rate],
          [0, 1 - rate],
        ] as const) {
          const at = hits + more;
          if (exceeds(limit, at, n - at)) alarms += probability * chance;
          else next.set(at, (next.get(at) ?? 0) + probability * chance);
        }
      }
      open = next;
    }
    return alarms;
  }

  /** Evidence depends on the counts alone: misses first, so that nothing is found before the last hit. */
  function exceeds(limit: number, hits: number, misses: number): boolean {
    const tested = new RateTest(limit, ALPHA);
    for (let n = 0; n < misses; n += 1) tested.add(false);
    for (let n = 0; n < hits; n += 1) tested.add(true);
    return tested.logEvidence >= Math.log(1 / ALPHA);
  }

  test.each([
    ['at the limit', 1 / 2, 1 / 2],
    ['below the limit', 1 / 2, 0.4],
    ['at a low limit', 0.1, 0.1],
    ['at a very low limit', 0.01, 0.01],
  ])('an alarm is as rare as requested, however often one looks, %s', (_what, limit, rate) => {
    const alarms = falseAlarms(limit, rate, 50);
    expect(alarms).toBeGreaterThan(0);
    expect(alarms).toBeLessThan(ALPHA);
  });
});

test.each([
  [0, 0.01],
  [1, 0.01],
  [0.5, 0],
  [0.5, 1],
  [Number.NaN, 0.01],
])('a limit of %p with an alpha of %p is refused', (limit, alpha) => {
  expect(() => new RateTest(limit, alpha)).toThrow(RangeError);
});
