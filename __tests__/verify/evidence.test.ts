import { describe, expect, test } from '@jest/globals';
import { shareOf, total } from '../../src/verify/evidence.ts';
import { evidence } from '../support/evidence.ts';

describe('the share of a version', () => {
  test.each([
    ['v1', 0.802],
    ['v2', 0.198],
    ['v3', 0],
    ['constructor', 0],
  ])('%s is %d', (version, share) => {
    expect(shareOf(evidence(), version)).toBe(share);
  });

  test('is 0 before the first sample', () => {
    expect(shareOf(evidence({ samples: 0, counts: new Map() }), 'v1')).toBe(0);
  });
});

test.each<[readonly (readonly [string, number])[], number]>([
  [[], 0],
  [
    [
      ['a', 2],
      ['b', 3],
    ],
    5,
  ],
])('the counts %j sum to %d', (counts, sum) => {
  expect(total(new Map(counts))).toBe(sum);
});
