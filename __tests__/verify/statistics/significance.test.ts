import { expect, test } from '@jest/globals';
import { chanceInWords } from '../../../src/verify/statistics/significance.ts';

test.each([
  [Math.log(100), 'below 1 in 100'],
  [Math.log(99_999), 'below 1 in 10,000'],
  [Math.log(1.01e6), 'below 1 in 10^6'],
  // A stronger figure than the evidence bears is never named.
  [Math.log(9.9e9), 'below 1 in 10^9'],
  [800, 'below 1 in 10^347'],
])('evidence of %d has a chance %s', (logEvidence, words) => {
  expect(chanceInWords(logEvidence)).toBe(words);
});

test.each([
  ['nothing unusual', Math.log(99)],
  ['for the split', -6],
  ['beyond chance: one answer rules the split out', Infinity],
])('evidence that is %s is not put into words', (_what, logEvidence) => {
  expect(chanceInWords(logEvidence)).toBeUndefined();
});
