import { expect, test } from '@jest/globals';
import { lookbackMs, settlingMs } from '../../src/metrics/lookback.ts';
import { countMetric, limitMetric } from '../support/metrics.ts';

test.each([
  ['sum(rate(requests_total{code=~"5.."}[5m])) / sum(rate(requests_total[2m]))', 300],
  ['histogram_quantile(0.99, sum(rate(times_bucket[1m30s])) by (le))', 90],
  ['rate(requests_total[300])', 300],
  ['rate(requests_total[1m] offset 1h)', 3660],
  ['max_over_time(rate(requests_total[1m])[5m:30s])', 360],
  ['irate(requests_total[5m])', 60],
  ['irate(requests_total[10s])', 10],
  ['job:errors:rate5m / job:requests:rate5m', 300],
  ['max(queue_length)', 0],
  ['errors_total5m', 0],
  ['sum(rate(', 0],
])('%s looks back %d s', (query, seconds) => {
  expect(lookbackMs(query)).toBe(1000 * seconds);
});

test.each([
  ['rate(requests_total[10s])', 15],
  ['rate(requests_total[1m])', 90],
  ['rate(requests_total[10m])', 630],
  ['queue_length', 0],
])('the value of %s is about the watch alone after %d s', (query, seconds) => {
  expect(settlingMs(limitMetric({ query }))).toBe(1000 * seconds);
});

test('counters are subtracted, so they are about the watch from the start', () => {
  expect(settlingMs(countMetric({ requests: 'job:requests:rate5m' }))).toBe(0);
});
