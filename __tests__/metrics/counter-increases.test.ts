import { describe, expect, test } from '@jest/globals';
import { CounterIncreases } from '../../src/metrics/counter-increases.ts';
import type { Series } from '../../src/metrics/readings.ts';
import { series } from '../support/metrics.ts';

/** How many requests are counted over readings, each a list of series. */
function counted(...readings: readonly (readonly Series[])[]): number {
  const counters = new CounterIncreases();
  return readings
    .flatMap((requests) => counters.add({ requests, hits: [] }).requests)
    .reduce((sum, { by }) => sum + by, 0);
}

const v1 = (value: number, scrapedAt?: number, instance = 'gateway-1'): Series =>
  series(value, { version: 'v1', instance }, scrapedAt);
const v2 = (value: number, scrapedAt?: number, instance = 'gateway-1'): Series =>
  series(value, { version: 'v2', instance }, scrapedAt);

describe('the increases of counters', () => {
  test.each<[what: string, readings: readonly (readonly Series[])[], expected: number]>([
    ['of one reading are none', [[v1(1000)]], 0],
    ['are the differences', [[v1(1000)], [v1(1010)], [v1(1015)]], 15],
    ['of a counter with decimals are whole', [[v1(10.6)], [v1(12.2)]], 2],
    ['of a counter that restarted are its new value', [[v1(1000)], [v1(7)], [v1(9)]], 9],
    ['of a first error are its whole value', [[v1(1000)], [v1(1000), v2(3)]], 3],
    ['of a process not seen before are none at first', [[v1(9)], [v1(9), v1(500, undefined, 'new')]], 0],
    [
      'of such a process count from then on',
      [
        [v1(9)],
        [v1(9), v1(500, undefined, 'new')],
        [v1(9), v1(504, undefined, 'new'), v2(2, undefined, 'new')],
      ],
      6,
    ],
    ['of a process that is missing for a while are the difference', [[v1(100)], [], [v1(130)]], 30],
    ['do not count the same scrape again', [[v1(100, 1)], [v1(110, 2)], [v1(110, 2)]], 10],
    [
      'ignore an older scrape of the other server of a pair',
      [[v1(100, 1)], [v1(110, 3)], [v1(104, 2)], [v1(115, 4)]],
      15,
    ],
    ['take a small step back for an older scrape', [[v1(1000)], [v1(995)], [v1(1003)]], 3],
    ['take it so even if the clocks of a pair differ', [[v1(1000, 10)], [v1(999, 11)], [v1(1004, 12)]], 4],
    [
      'of a sum that fell are none, since nothing says how far the others have risen',
      [[new Map([['version', 'v1']])], [new Map([['version', 'v1']])]].map(([labels], i) => [
        { labels: labels ?? new Map(), value: i === 0 ? 2100 : 900, scrapedAt: undefined },
      ]),
      0,
    ],
    [
      'count a series once that both servers of a pair have',
      [100, 110].map((value) => ['a', 'b'].map((replica) => series(value, { prometheus_replica: replica }))),
      10,
    ],
  ])('%s', (_what, readings, expected) => {
    expect(counted(...readings)).toBe(expected);
  });

  /** How many requests of each version are counted. */
  const byVersion = (...readings: readonly (readonly Series[])[]): readonly number[] => {
    const counters = new CounterIncreases();
    const all = readings.flatMap((requests) => counters.add({ requests, hits: [] }).requests);
    return ['v1', 'v2'].map((version) =>
      all.filter(({ labels }) => labels.get('version') === version).reduce((sum, { by }) => sum + by, 0),
    );
  };

  test('of a process that restarted count alike for a version that had few requests before', () => {
    expect(byVersion([v1(3000, 1), v2(190, 1)], [v1(176, 2), v2(180, 2)])).toEqual([176, 180]);
    expect(byVersion([v1(3000, 1), v2(20, 1)], [v1(176, 2), v2(180, 2)])).toEqual([176, 180]);
  });

  test('of a process that may have restarted count for no version', () => {
    expect(byVersion([v1(300), v2(20)], [v1(100), v2(100)], [v1(110), v2(111)])).toEqual([10, 11]);
  });

  test('of sums by version count for no version if one of their processes restarted', () => {
    const sums = (a: number, b: number): readonly Series[] => [
      series(a, { version: 'v1' }),
      series(b, { version: 'v2' }),
    ];
    expect(byVersion(sums(10_000, 100), sums(5_200, 250), sums(5_210, 262))).toEqual([10, 12]);
  });

  test('of errors start again with the requests of their process', () => {
    const counters = new CounterIncreases();
    const error = (value: number): Series =>
      series(value, { version: 'v2', code: '500', instance: 'gateway-1' });
    counters.add({ requests: [v1(1000)], hits: [error(3)] });
    counters.add({ requests: [v1(20)], hits: [] });
    expect(counters.add({ requests: [v1(30)], hits: [error(4)] }).hits.map(({ by }) => by)).toEqual([4]);
  });

  test('leave out requests that were made before the first reading, but not scraped until then', () => {
    const counters = new CounterIncreases();
    const read = (
      evaluatedAt: number,
      requests: readonly Series[],
      hits: readonly Series[] = [],
    ): number[] => {
      const { requests: counted, hits: failed } = counters.add({ requests, hits, evaluatedAt });
      return [counted, failed].map((some) => some.reduce((sum, { by }) => sum + by, 0));
    };
    // The last scrape is 15 s old; then two of a server that gets them 20 s late.
    expect(read(100_000, [v1(1000, 85_000)])).toEqual([0, 0]);
    expect(read(115_000, [v1(5000, 95_000), v2(10, 95_000)], [v2(4)])).toEqual([0, 0]);
    expect(read(130_000, [v1(5400, 110_000), v2(20, 110_000)], [v2(5)])).toEqual([0, 0]);
    expect(read(145_000, [v1(5480, 125_000), v2(40, 125_000)], [v2(6)])).toEqual([100, 1]);
    expect(
      read(160_000, [v1(5480, 140_000), v2(40, 140_000), v1(3, 140_000, 'new')], [v1(2), v2(6)]),
    ).toEqual([0, 2]);
  });

  test('know a process by its requests when its first error comes', () => {
    const counters = new CounterIncreases();
    counters.add({ requests: [v1(100)], hits: [] });
    expect(counters.add({ requests: [v1(110)], hits: [v1(2)] }).hits).toEqual([
      { labels: v1(2).labels, by: 2 },
    ]);
  });
});
