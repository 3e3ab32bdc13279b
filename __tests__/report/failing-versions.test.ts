import { expect, test } from '@jest/globals';
import { failureRateUnder } from '../../src/report/failing-versions.ts';
import { evidence } from '../support/evidence.ts';
import { weights } from '../support/release.ts';

/** Of 500 requests each, v1 fails none and v2 a tenth, half of them at each ingress. */
const seen = ['east', 'west'].map((cluster) =>
  evidence({
    cluster,
    counts: new Map([
      ['v1', 250],
      ['v2', 250],
    ]),
    versions: new Map([['v2', { errors: 25, latency: undefined }]]),
  }),
);

test.each([
  [{ v1: 100 }, 0],
  [{ v1: 80, v2: 20 }, 0.02],
  [{ v1: 50, v2: 50 }, 0.05],
  [{ v2: 100 }, 0.1],
  // Nothing is known of a version that was not sampled.
  [{ v1: 50, v3: 50 }, 0],
])('under %j, the expected rate of failures is %d', (split, rate) => {
  expect(failureRateUnder(weights(split), seen)).toBeCloseTo(rate, 10);
});
