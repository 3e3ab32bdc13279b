import { describe, expect, test } from '@jest/globals';
import { combinedQuery, inspectCounterQuery, readsBuckets } from '../../src/metrics/promql.ts';

describe('a query of counters', () => {
  test.each([
    ['rate(a_total[5m])', 'rate'],
    ['sum(increase(a_total{b="c"}[1m]))', 'sum'],
    ['irate(a_total[1m])', 'irate'],
    ['SUM by (version) (a_total)', 'sum'],
    ['label_replace(sum(a_total), "version", "v2", "", "")', 'sum'],
    ['topk(3, a_total)', 'topk'],
    ['max_over_time(a_total[5m])', 'max_over_time'],
    ['a_total{b="c"}[5m]', 'a_total{b="c"}[5m]'],
    ['job:a:rate5m', 'job:a:rate5m'],
    ['namespace:a_total:irate_1m{b="c"}', 'namespace:a_total:irate_1m'],
    ['job:a:sum_increase', 'job:a:sum_increase'],
  ])('%s hides the counters by %s', (query, name) => {
    expect(inspectCounterQuery(query).hidden?.name).toBe(name);
  });

  test.each([
    ['a_total', ['a_total']],
    ['rate_limited_total{rate="rate(5m)"} # sum(x)', ['rate_limited_total{rate="rate(5m)"}']],
    ['a_count - ignoring(le) a_bucket{le="500"}', ['a_count', 'a_bucket{le="500"}']],
    ['label_replace(a_total, "version", "$1", "cluster_name", ".*")', ['a_total']],
    ['job:a_total:sum_first', ['job:a_total:sum_first']],
    ['{__name__="a_total"}', []],
    // The dialect of another server, and a mistake: the server says what it thinks of them.
    ['a_total keep_metric_names', []],
    ['a_total{', []],
  ])('%s is one of raw counters', (query, selectors) => {
    expect(inspectCounterQuery(query)).toEqual({ hidden: undefined, selectors });
  });
});

test.each([
  ['a_count - ignoring(le) a_bucket{le="500"}', true],
  ['a_total{le=~"1|1.0"}', true],
  ['{__name__="a",le="1"}', true],
  ['a_slow_total{rule="le"}', false],
])('whether %s reads buckets of a histogram: %j', (query, expected) => {
  expect(readsBuckets(query)).toBe(expected);
});

test('both counters and the times of their scrapes are read by one query', () => {
  expect(combinedQuery('a_total # all', 'a_total{code="500"}')).toBe(
    [
      'label_replace((a_total # all\n), "canary_part", "requests", "", "")',
      'label_replace((a_total{code="500"}\n), "canary_part", "hits", "", "")',
      'label_replace((timestamp(a_total)\n), "canary_part", "scraped", "", "")',
    ].join(' or '),
  );
});
