import { expect, test } from '@jest/globals';
import { percent } from '../../src/report/format.ts';

test.each([
  [0, '0.0%'],
  [0.198, '19.8%'],
  [0.9999, '100.0%'],
  [1, '100.0%'],
])('the fraction %d is %s', (fraction, text) => {
  expect(percent(fraction)).toBe(text);
});
