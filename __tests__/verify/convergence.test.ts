import { describe, expect, test } from '@jest/globals';
import { Convergence } from '../../src/verify/convergence.ts';
import { latencyOf } from '../../src/verify/latency.ts';

describe('the convergence of the shares', () => {
  /** Every fifth sample is v2's. */
  const counts = (samples: number): readonly number[] => [
    samples - Math.floor(samples / 5),
    Math.floor(samples / 5),
  ];
  function after(samples: number): Convergence {
    const convergence = new Convergence();
    for (let n = 1; n <= samples; n += 1) convergence.add(n, counts(n));
    return convergence;
  }

  test('contains each of the first samples, and the last one', () => {
    const points = after(1000).upTo(1000, counts(1000));
    expect(points.slice(0, 5).map(({ samples }) => samples)).toEqual([1, 2, 3, 4, 5]);
    expect(points.at(-1)).toEqual({ samples: 1000, counts: [800, 200] });
  });

  test('stays short, however many samples there are', () => {
    expect(after(100_000).upTo(100_000, counts(100_000)).length).toBeLessThan(220);
  });

  test('contains the last point once', () => {
    expect(
      after(3)
        .upTo(3, counts(3))
        .map(({ samples }) => samples),
    ).toEqual([1, 2, 3]);
  });

  test('is empty before the first sample', () => {
    expect(new Convergence().upTo(0, [0, 0])).toEqual([]);
  });
});

describe('latency', () => {
  test('is given as nearest-rank quantiles', () => {
    const times = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect(latencyOf(times)).toEqual({ p50: 50, p90: 90, p99: 99, max: 100 });
  });

  test('of one response is the same at every quantile', () => {
    expect(latencyOf([7])).toEqual({ p50: 7, p90: 7, p99: 7, max: 7 });
  });

  test('of no responses is undefined', () => {
    expect(latencyOf([])).toBeUndefined();
  });
});
