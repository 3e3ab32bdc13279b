import { describe, expect, test } from '@jest/globals';
import { CountTest } from '../../../src/verify/statistics/count-test.ts';
import type { CountedInterval } from '../../../src/verify/statistics/count-test.ts';

const ALPHA = 1e-5;

/** 20 requests a minute to the new version, 80 to the other, read every 15 s. */
const quarter = (hits: number, baselineHits: number): CountedInterval => ({
  requests: 5,
  hits,
  baselineRequests: 20,
  baselineHits,
});

/** After how many such intervals the ratio is exceeded; undefined within a thousand. */
function found(interval: CountedInterval, ratio = 2): number | undefined {
  const tested = new CountTest(ratio, ALPHA);
  for (let n = 1; n <= 1000; n += 1) if (tested.add(interval)) return n;
  return undefined;
}

/** The probability of a draw of `hits` in `n` at a share. */
function binomial(n: number, hits: number, share: number): number {
  let ways = 1;
  for (let i = 1; i <= hits; i += 1) ways = (ways * (n - hits + i)) / i;
  return ways * share ** hits * (1 - share) ** (n - hits);
}

describe('hits of one version beside those of the others', () => {
  test.each<[what: string, interval: CountedInterval, ratio: number, intervals: number | undefined]>([
    ['on the new version alone', quarter(1, 0), 2, 12],
    ['on the new version alone, at a ratio of 1', quarter(1, 0), 1, 9],
    ['at eight times the rate', quarter(2, 1), 2, 20],
    ['at the same rate', quarter(1, 4), 2, undefined],
    ['at twice the rate, which is tolerated', quarter(1, 2), 2, undefined],
    ['on every request of both: something else is down', quarter(5, 20), 2, undefined],
    ['on the others alone', quarter(0, 5), 2, undefined],
    [
      'without requests to compare with',
      { requests: 5, hits: 5, baselineRequests: 0, baselineHits: 0 },
      2,
      undefined,
    ],
    ['without any', quarter(0, 0), 2, undefined],
  ])('%s', (_what, interval, ratio, intervals) => {
    expect(found(interval, ratio)).toBe(intervals);
  });

  test('is evidence by the exposure of each interval, so that a burst of both is none', () => {
    const tested = new CountTest(2, ALPHA);
    for (let n = 0; n < 100; n += 1) {
      expect(tested.add({ requests: 2, hits: 1, baselineRequests: 98, baselineHits: 60 })).toBe(false);
      expect(tested.add({ requests: 98, hits: 60, baselineRequests: 2, baselineHits: 1 })).toBe(false);
    }
  });

  test.each([1, 2, 5])(
    'is a martingale at a ratio of %d: whatever comes, the evidence is 1 on average',
    (ratio) => {
      const { requests, baselineRequests } = quarter(0, 0);
      const share = (ratio * requests) / (ratio * requests + baselineRequests);
      const hits = 5;
      const mean = Array.from({ length: hits + 1 }, (_, own) => {
        const tested = new CountTest(ratio, ALPHA);
        tested.add({ requests, hits: own, baselineRequests, baselineHits: hits - own });
        return binomial(hits, own, share) * Math.exp(tested.logEvidence);
      }).reduce((sum, part) => sum + part, 0);
      expect(mean).toBeCloseTo(1, 10);
    },
  );

  test('never takes back what was shown', () => {
    const tested = new CountTest(2, ALPHA);
    for (let n = 0; n < 20; n += 1) tested.add(quarter(1, 0));
    expect(tested.add(quarter(0, 20))).toBe(true);
  });
});

describe('what is no count', () => {
  test.each([quarter(6, 0), quarter(-1, 0), quarter(0.5, 0), quarter(0, 21), quarter(Number.NaN, 0)])(
    'is refused: %j',
    (interval) => {
      expect(() => new CountTest(2, ALPHA).add(interval)).toThrow(RangeError);
    },
  );

  test.each([
    [0, ALPHA],
    [Infinity, ALPHA],
    [2, 0],
    [2, 1],
  ])('is refused as a ratio of %d at an alpha of %d', (ratio, alpha) => {
    expect(() => new CountTest(ratio, alpha)).toThrow(RangeError);
  });
});
