import { expect, test } from '@jest/globals';
import { chanceOneIn } from '../../src/texts/chance.ts';

test.each([
  [Math.log(100), '100'],
  [Math.log(99_999), '10,000'],
  [Math.log(1.01e6), '1,000,000'],
  // A stronger figure than the evidence bears is never named.
  [Math.log(9.9e9), '1,000,000,000'],
  [800, '1,000,000,000'],
])('evidence of %d has a chance below one in %s', (logEvidence, denominator) => {
  expect(chanceOneIn(logEvidence)).toBe(denominator);
});

test.each([
  ['nothing unusual', Math.log(99)],
  ['for the split', -6],
  ['beyond chance: one answer rules the split out', Infinity],
])('evidence that is %s is not put into words', (_what, logEvidence) => {
  expect(chanceOneIn(logEvidence)).toBeUndefined();
});
