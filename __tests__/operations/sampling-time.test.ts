import { expect, test } from '@jest/globals';
import { samplingMs } from '../../src/operations/sampling-time.ts';
import { countMetric, limitMetric } from '../support/metrics.ts';

const RATE = limitMetric({ query: 'rate(errors[1m])' });
const GAUGE = limitMetric({ query: 'queue_length' });

test.each([
  ['by counts', [countMetric()], 600, 600],
  ['by a number of now', [GAUGE], 600, 600],
  // A window of 60 s, 30 s for the scrape, and a part for requests that end late.
  ['by a rate of a minute', [GAUGE, RATE], 600, 495],
  ['by a rate, where no time is left', [RATE], 109, 0],
])('a watch judged %s is sampled for the time before its last window', (_by, metrics, watch, seconds) => {
  expect(samplingMs(metrics, 1000 * watch)).toBeCloseTo(1000 * seconds, 6);
});
