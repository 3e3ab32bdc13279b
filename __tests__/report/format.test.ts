import { describe, expect, test } from '@jest/globals';
import { evidenceLine, percent, sharesOf } from '../../src/report/format.ts';
import { evidence } from '../support/evidence.ts';

test.each([
  [0, '0.0%'],
  [0.198, '19.8%'],
  [0.9999, '100.0%'],
  [1, '100.0%'],
])('the fraction %d is %s', (fraction, text) => {
  expect(percent(fraction)).toBe(text);
});

test('shares stand beside the weights', () => {
  expect(sharesOf(evidence())).toBe('v1 80.2% of 80%, v2 19.8% of 20%');
});

describe('an ingress in one line', () => {
  test('tells shares, samples and seconds', () => {
    expect(evidenceLine(evidence())).toBe('east: v1 80.2% of 80%, v2 19.8% of 20%, 1000 samples in 10.0 s');
  });

  test('tells failed requests and late answers where there are any', () => {
    expect(
      evidenceLine(evidence({ errors: new Map([['status 503', 2]]), stale: new Map([['3', 4]]) })),
    ).toMatch(/, 2 failed, 4 under another revision$/);
  });
});
