import { describe, expect, test } from '@jest/globals';
import { sharesAt, stripOf } from '../../src/report/shares.ts';
import { evidence } from '../support/evidence.ts';
import { weights } from '../support/release.ts';

/** The strip of v2 at this weight and share, in percent. */
function strip(weight: number, share: number): string {
  const [one] = sharesAt(
    evidence({
      weights: weights({ v2: weight, v1: 100 - weight }),
      counts: weights({ v2: 10 * share, v1: 1000 - 10 * share }),
    }),
    0.05,
  );
  return one === undefined ? '' : stripOf(one);
}

describe('the strip of a share', () => {
  test.each([
    [20, 20, '····├───●───┤····'],
    [20, 22.5, '····├───┼─●─┤····'],
    [20, 24.9, '····├───┼──●┤····'],
    [20, 25, '····├───┼──●┤····'],
    [20, 25.1, '····├───┼───┤●···'],
    [20, 14.9, '···●├───┼───┤····'],
    [20, 30, '····├───┼───┤···●'],
    [20, 50, '····├───┼───┤···►'],
    [20, 0, '◄···├───┼───┤····'],
    [0, 0, '····├───●───┤····'],
    [0, 0.1, '····├───┼───┤···►'],
    [100, 99.9, '◄···├───┼───┤····'],
    [100, 100, '····├───●───┤····'],
  ])('for a weight of %d%% and a share of %d%% is %s', (weight, share, drawn) => {
    expect(strip(weight, share)).toBe(drawn);
  });
});

test('shares are 0 before the first sample', () => {
  const shares = sharesAt(evidence({ samples: 0, counts: new Map() }));
  expect(shares.map(({ observed, samples }) => [observed, samples])).toEqual([
    [0, 0],
    [0, 0],
  ]);
});

test('a small weight has a narrower tolerance', () => {
  const [small] = sharesAt(evidence({ weights: weights({ v2: 1, v1: 99 }) }), 0.05);
  expect(small).toMatchObject({ lower: 0.0025, upper: 0.060000000000000005 });
});
