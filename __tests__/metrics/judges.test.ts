import { describe, expect, test } from '@jest/globals';
import { quoted } from '../../src/texts/message.ts';
import { toldOfMetric } from '../support/english.ts';
import { CountJudge } from '../../src/metrics/count-judge.ts';
import type { Judge, Judging } from '../../src/metrics/judge.ts';
import { assignJudges } from '../../src/metrics/judges.ts';
import { LimitJudge } from '../../src/metrics/limit-judge.ts';
import type { Reading } from '../../src/metrics/readings.ts';
import { ShareJudge } from '../../src/metrics/share-judge.ts';
import type { CountMetric, LimitMetric, ShareMetric } from '../../src/release/metric-specs.ts';
import {
  UNREACHABLE,
  countMetric,
  counters,
  judging,
  limitMetric,
  readerOf,
  series,
  shareMetric,
} from '../support/metrics.ts';
import { weights } from '../support/release.ts';

type MetricTold = ReturnType<typeof toldOfMetric>;

const ONE_TEST = { alpha: 1e-5, tests: 1 };
const POLL_S = 15;

/** What a judge says after these readings, one each poll. */
function after(judge: Judge, readings: readonly Reading[]): MetricTold {
  const failedAt = readings.findIndex((reading, i) => judge.add([reading], i * POLL_S, i * POLL_S));
  return toldOfMetric(judge.evidence((readings.length - 1) * POLL_S, failedAt < 0));
}

const counts = (
  readings: readonly Reading[],
  spec: Partial<CountMetric> = {},
  given: Partial<Judging> = {},
): MetricTold => after(new CountJudge(countMetric(spec), [readerOf([])], judging(given), ONE_TEST), readings);
const shares = (
  readings: readonly Reading[],
  spec: Partial<ShareMetric> = {},
  given: Partial<Judging> = {},
): MetricTold => after(new ShareJudge(shareMetric(spec), [readerOf([])], judging(given), ONE_TEST), readings);
const limit = (values: readonly (number | Reading)[], spec: Partial<LimitMetric> = {}): MetricTold =>
  after(
    new LimitJudge(limitMetric(spec), readerOf([]), 'v2'),
    values.map((value) =>
      typeof value === 'number' ? { kind: 'value', series: [series(value)], notes: [] } : value,
    ),
  );
const EMPTY: Reading = { kind: 'value', series: [], notes: [] };
const BASE = counters({ v1: 10_000, v2: 500 }, { v1: 700 });

describe('errors by version', () => {
  test('fail where the new version fails more often, in words with the chance of that', () => {
    const seen = counts([BASE, counters({ v1: 22_420, v2: 3604 }, { v1: 748, v2: 312 })]);
    expect(seen.verdict).toBe('fail');
    expect(seen.reason).toMatch(
      /^v2 fails more often than v1 for real users: 312 of 3,104 requests to v2 failed, against 48 of 12,420 requests to v1 \(chance of seeing this if they were alike: below 1 in 1,000,000,000\)$/,
    );
  });

  test('pass where both fail alike, and name the counts', () => {
    const seen = counts([BASE, counters({ v1: 18_000, v2: 2500 }, { v1: 1500, v2: 210 })]);
    expect(seen).toMatchObject({
      verdict: 'pass',
      reason: '210 of 2,000 requests to v2 failed, against 800 of 8,000 requests to v1',
      versions: [
        { version: 'v1', requests: 8000, hits: 800, weight: 80 },
        { version: 'v2', requests: 2000, hits: 210, weight: 20 },
      ],
    });
  });

  test.each([
    { v2: 1, alone: 'inconclusive', sampled: 'pass' },
    { v2: 10, alone: 'inconclusive', sampled: 'pass' },
    { v2: 40, alone: 'pass', sampled: 'pass' },
  ])('of $v2 requests without a failure: $alone by themselves, $sampled beside samples', (one) => {
    const readings = [BASE, counters({ v1: 10_000 + 4 * one.v2, v2: 500 + one.v2 }, { v1: 700 })];
    expect(counts(readings, {}, { sampled: false }).verdict).toBe(one.alone);
    expect(counts(readings, {}, { sampled: true }).verdict).toBe(one.sampled);
    expect(counts(readings, { onNoData: 'pass' }, { sampled: false }).verdict).toBe('pass');
  });

  test.each<[what: string, given: Partial<Judging>, reason: string]>([
    ['one version has all the traffic', { weights: weights({ v1: 0, v2: 100 }) }, 'v2 has all the traffic'],
    ['the new version has none', { weights: weights({ v1: 100, v2: 0 }) }, 'v2 has no traffic yet'],
    ['no version is being released', { version: undefined }, 'no version is being released'],
  ])('do not apply where %s', (_what, given, reason) => {
    const seen = counts([BASE, counters({ v1: 18_000, v2: 2500 }, { v2: 2000 })], {}, given);
    expect(seen).toMatchObject({
      verdict: 'not applicable',
      reason: expect.stringContaining(reason),
    });
  });

  test.each<[what: string, readings: readonly Reading[], reason: string]>([
    ['nothing was requested', [BASE, BASE], 'no request to v2 and v1 was counted'],
    [
      'the new version had no request',
      [BASE, counters({ v1: 11_000, v2: 500 })],
      'no request to v2 was counted',
    ],
    ['the query found no series', [counters({}), counters({})], 'the query found no series'],
    [
      'the last reading failed',
      [BASE, counters({ v1: 11_000, v2: 700 }), UNREACHABLE],
      'the last reading failed',
    ],
    [
      'requests fail without a version',
      [BASE, counters({ v1: 11_000, v2: 700, unknown: 90 }, { unknown: 90 })],
      '90 requests of 1,290 failed without reaching a version',
    ],
  ])('are open where %s', (_what, readings, reason) => {
    expect(counts(readings)).toMatchObject({
      verdict: 'inconclusive',
      reason: expect.stringContaining(reason),
    });
  });

  test('are open where the query for errors cannot find any', () => {
    const last: Reading = {
      kind: 'counters',
      requests: [series(11_000, { destination_version: 'v1' }), series(700, { destination_version: 'v2' })],
      hits: [],
      unknown: quoted('Prometheus knows no metric erors'),
      notes: [],
    };
    expect(counts([BASE, last])).toMatchObject({
      verdict: 'inconclusive',
      reason:
        'Prometheus knows no metric erors, so that none would ever count: check the spelling; or, if it appears only with the first error, add "or 0 *" and the query of requests',
    });
  });

  test('are open where the values fall again and again, as those of a gauge', () => {
    const wavering = [9_000, 4_000, 8_000, 3_000, 9_000, 4_000].map((v1) => counters({ v1, v2: v1 / 4 }));
    expect(counts([BASE, ...wavering])).toMatchObject({
      verdict: 'inconclusive',
      reason: expect.stringMatching(
        /^the values fell in 3 of 7 readings, as a gauge or a recorded rate does/,
      ),
    });
  });

  test('pass without data where that was chosen, but not where a reading failed', () => {
    expect(counts([BASE, BASE], { onNoData: 'pass' }).verdict).toBe('pass');
    expect(counts([BASE, UNREACHABLE], { onNoData: 'pass' }).verdict).toBe('inconclusive');
  });

  test('bridge readings that failed in the middle, and say how many', () => {
    const seen = counts([BASE, UNREACHABLE, UNREACHABLE, counters({ v1: 11_000, v2: 700 })]);
    expect(seen).toMatchObject({ verdict: 'pass', polls: 4, missed: 2 });
    expect(seen.notes.join(' ')).toContain('2 of 4 readings failed');
  });

  test.each<[what: string, last: Reading, verdict: string, reason: string]>([
    [
      'no version has a series of the bucket',
      counters({ v1: 18_000, v2: 2500 }),
      'inconclusive',
      'has requests to v2 and v1, and no series of them that matches the query for slow ones.',
    ],
    [
      'the new version has other buckets',
      counters({ v1: 18_000, v2: 2500 }, { v1: 700 }),
      'inconclusive',
      'has requests to v2, and no series of it that matches the query for slow ones.',
    ],
    [
      'a bucket of each version is there, and nothing was slow',
      counters({ v1: 18_000, v2: 2500 }, { v1: 700, v2: 0 }),
      'pass',
      '0 of 2,000 requests to v2 were slow',
    ],
  ])('that are slow responses, where %s', (_what, last, verdict, reason) => {
    const hits = 'times_count - ignoring(le) times_bucket{le="0.3"}';
    expect(counts([BASE, last], { of: 'slow', hits })).toMatchObject({
      verdict,
      reason: expect.stringContaining(reason),
    });
  });

  test('that are counted as slow without a histogram need no series while none is slow', () => {
    expect(
      counts([BASE, counters({ v1: 18_000, v2: 2500 })], { of: 'slow', hits: 'slow_total' }).verdict,
    ).toBe('pass');
  });

  test('are open where the scrape has stalled', () => {
    const late = Array.from({ length: 12 }, () => counters({ v1: 11_000, v2: 700 }, {}, 2000));
    expect(counts([counters({ v1: 10_000, v2: 500 }, {}, 1000), ...late])).toMatchObject({
      verdict: 'inconclusive',
      reason: expect.stringContaining('have not been scraped for 165 s'),
    });
  });

  test('are open where both ends of a request count it', () => {
    const both: Reading = {
      kind: 'counters',
      requests: ['source', 'destination'].map((reporter) =>
        series(1, { destination_version: 'v1', reporter }),
      ),
      hits: [],
      notes: [],
    };
    expect(counts([both, both])).toMatchObject({
      verdict: 'inconclusive',
      reason: expect.stringContaining('add reporter="source"'),
    });
  });

  test('leave out versions without a weight, and tell', () => {
    const seen = counts([BASE, counters({ v1: 11_000, v2: 700, v0: 40 }, { v0: 40 })]);
    expect(seen.verdict).toBe('pass');
    expect(seen.notes).toEqual(['v0, which has no weight, had 40 requests.']);
  });

  test('read the version from the label and pattern that were given', () => {
    const named = (v1: number, v2: number): Reading => ({
      kind: 'counters',
      requests: [series(v1, { pod: 'hello-v1-x' }), series(v2, { pod: 'hello-v2-y' })],
      hits: [],
      notes: [],
    });
    const version = { label: 'pod', pattern: /^hello-(v\d)-/ };
    expect(counts([named(0, 0), named(80, 20)], { version }).versions).toMatchObject([
      { requests: 80 },
      { requests: 20 },
    ]);
  });

  test('wait for the requests of hits that were counted earlier', () => {
    const seen = counts([
      BASE,
      counters({ v1: 10_000, v2: 500 }, { v1: 700, v2: 2 }),
      counters({ v1: 10_080, v2: 520 }, { v1: 700, v2: 2 }),
    ]);
    expect(seen).toMatchObject({ verdict: 'pass', versions: [{}, { requests: 20, hits: 2 }] });
  });
});

describe('counts over two clusters', () => {
  const both = (
    west: readonly Reading[],
    spec: Partial<CountMetric> = {},
  ): Pick<MetricTold, 'verdict' | 'reason'> => {
    const readers = [readerOf([], 'east'), { ...readerOf([], 'west'), address: 'http://west.example' }];
    const judge = new CountJudge(countMetric(spec), readers, judging(), ONE_TEST);
    const east = [BASE, counters({ v1: 14_000, v2: 1500 }), counters({ v1: 18_000, v2: 2500 })];
    for (const [i, reading] of east.entries()) judge.add([reading, west[i] ?? UNREACHABLE], i * POLL_S);
    const { verdict, reason } = toldOfMetric(judge.evidence(2 * POLL_S, true));
    return { verdict, reason };
  };
  const none = counters({});

  test.each<[what: string, west: readonly Reading[], reason: string]>([
    ['has no series', [none, none, none], 'the query found no series at http://west.example'],
    ['has none any more', [BASE, BASE, none], 'the query found no series at http://west.example'],
    [
      'could be read only at the end',
      [UNREACHABLE, UNREACHABLE, BASE],
      'http://west.example could be read only once',
    ],
  ])('are open where one %s, whatever the other shows', (_what, west, reason) => {
    expect(both(west)).toEqual({ verdict: 'inconclusive', reason: expect.stringContaining(reason) });
  });

  test('pass where a cluster without users may have no series', () => {
    expect(both([none, none, none], { onNoData: 'pass' }).verdict).toBe('pass');
    expect(both([UNREACHABLE, UNREACHABLE, none], { onNoData: 'pass' }).verdict).toBe('inconclusive');
  });
});

describe('the shares of users’ own requests', () => {
  const start = counters({ v1: 0, v2: 0 });

  test('fail where they drift from the weights', () => {
    expect(shares([start, counters({ v1: 700, v2: 300 })])).toMatchObject({
      verdict: 'fail',
      reason: expect.stringMatching(
        /^requests counted: v1 70.0% \(weight 80%\), v2 30.0% \(weight 20%\) of 1,000 requests \(chance of seeing this if the split were right: below 1 in/,
      ),
    });
  });

  test('pass where they match, and beside samples also where they are too few to prove it', () => {
    const few = counters({ v1: 16, v2: 4 });
    const many = counters({ v1: 1600, v2: 400 });
    expect(shares([start, few]).verdict).toBe('pass');
    expect(shares([start, few], {}, { sampled: false }).verdict).toBe('inconclusive');
    expect(shares([start, many], {}, { sampled: false }).verdict).toBe('pass');
  });

  test('tolerate a few requests to a version at weight 0, as of people who look at its preview', () => {
    const given = { weights: weights({ v1: 100, v2: 0 }) };
    expect(shares([start, counters({ v1: 10_000, v2: 20 })], {}, given).verdict).toBe('pass');
    expect(shares([start, counters({ v1: 900, v2: 100 })], {}, given).verdict).toBe('fail');
  });

  test('do not apply to a single version', () => {
    expect(shares([start, counters({ v1: 10 })], {}, { weights: weights({ v1: 100 }) }).verdict).toBe(
      'not applicable',
    );
  });
});

describe('a limit', () => {
  test.each<
    [what: string, values: readonly (number | Reading)[], verdict: string, spec: Partial<LimitMetric>]
  >([
    ['passes below it', [0.001, 0.002, 0.001], 'pass', {}],
    ['fails at the first bad value', [0.001, 0.5], 'fail', {}],
    ['tolerates as many bad values as were chosen', [0.001, 0.5, 0.001], 'pass', { failureLimit: 1 }],
    ['fails at one more', [0.001, 0.5, 0.5], 'fail', { failureLimit: 1 }],
    ['does not judge the first value, whose window is of the time before', [0.5, 0.001], 'pass', {}],
    ['is open after one poll', [0.001], 'inconclusive', {}],
    ['is open without a series', [0.001, EMPTY], 'inconclusive', {}],
    ['is open for what is no number', [0.001, NaN], 'inconclusive', {}],
    ['is open for an infinite value', [0.001, Infinity], 'inconclusive', {}],
    ['is open for one although no data passes', [0.001, Infinity], 'inconclusive', { onNoData: 'pass' }],
    ['passes without data where that was chosen', [0.001, NaN], 'pass', { onNoData: 'pass' }],
    [
      'passes without series where a template says so',
      [0.001, EMPTY],
      'pass',
      { goodWithout: ['no series'] },
    ],
    ['is open for NaN, which it does not say', [0.001, NaN], 'inconclusive', { goodWithout: ['no series'] }],
    [
      'is open where the last reading failed',
      [0.001, 0.001, UNREACHABLE],
      'inconclusive',
      { onNoData: 'pass' },
    ],
    // Polls are 15 s apart.
    [
      'judges one value of each interval',
      [0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.001],
      'pass',
      { intervalMs: 60_000, failureLimit: 2 },
    ],
    [
      'fails by the values of as many intervals as are tolerated, and one more',
      [0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5],
      'fail',
      { intervalMs: 60_000, failureLimit: 2 },
    ],
    [
      'waits for a value that is due where a reading failed',
      [0.001, UNREACHABLE, UNREACHABLE, 0.5, 0.001],
      'fail',
      { intervalMs: 60_000 },
    ],
    ['judges the last value, due or not', [0.001, 0.001, 0.5, 0.5], 'fail', { intervalMs: 60_000 }],
    ['judges nothing before its delay', [0.001, 0.5, 0.5, 0.001], 'pass', { initialDelayMs: 45_000 }],
    [
      'is open where its delay outlasts the watch',
      [0.001, 0.001],
      'inconclusive',
      { initialDelayMs: 60_000 },
    ],
    [
      'is open for a value that is neither good nor bad',
      [0.001, 0.05],
      'inconclusive',
      { failure: { kind: 'compare', operator: '>', limit: 0.1 } },
    ],
  ])('%s', (_what, values, verdict, spec) => {
    expect(limit(values, spec).verdict).toBe(verdict);
  });

  test.each<[what: string, spec: Partial<LimitMetric>, values: readonly number[], verdict: string]>([
    [
      'is open where bad values are tolerated and none was good',
      { failureLimit: 3 },
      [0, 0.5, 0.5],
      'inconclusive',
    ],
    // Settled after 90 s, which is after seven polls.
    [
      'is open until its window is of the watch alone',
      { query: 'rate(errors[1m])' },
      [0, 0, 0, 0, 0, 0],
      'inconclusive',
    ],
    ['passes once its window is', { query: 'rate(errors[1m])' }, [0, 0, 0, 0, 0, 0, 0], 'pass'],
    ['fails in a window that reaches back further', { query: 'rate(errors[1m])' }, [0, 0.5], 'fail'],
    [
      'is open where the only settled value is bad and tolerated',
      { query: 'rate(errors[1m])', failureLimit: 1 },
      [0, 0, 0, 0, 0, 0, 0.5],
      'inconclusive',
    ],
  ])('%s', (_what, spec, values, verdict) => {
    expect(limit(values, spec).verdict).toBe(verdict);
  });

  test('is open where requests of the check are in its window to the end', () => {
    const judge = new LimitJudge(limitMetric({ query: 'rate(errors[1m])' }), readerOf([]), 'v2');
    const value: Reading = { kind: 'value', series: [series(0)], notes: [] };
    for (const at of [0, 300, 600]) judge.add([value], at, Math.max(0, at - 550));
    expect(toldOfMetric(judge.evidence(600, true))).toMatchObject({
      verdict: 'inconclusive',
      reason:
        'the value was 0, good if < 0.01; none counts as good: the query looks back to before the step, or to requests of this check, until it has been watched for 90 s without any',
    });
    judge.add([value], 640, 90);
    expect(judge.evidence(640, true).verdict).toBe('pass');
  });

  test('of an answer that is compared with a text says so', () => {
    const spec = limitMetric({
      query: undefined,
      source: {
        provider: 'web',
        url: 'https://gate.example',
        headers: {},
        pointer: '/status',
        matches: 'ok',
      },
      success: { kind: 'compare', operator: '==', limit: 1 },
    });
    expect(limit([1, 1], spec)).toMatchObject({
      verdict: 'pass',
      reason: 'the answer was "ok", good if == "ok"',
    });
    expect(limit([1, 0], spec)).toMatchObject({
      verdict: 'fail',
      reason: 'the answer was not "ok", good if == "ok"; 1 value of 1 was bad, 0 tolerated',
    });
  });

  test('names the labels that tell several series apart', () => {
    const several: Reading = {
      kind: 'value',
      series: [series(0, { pod: 'a', app: 'x' }), series(0, { pod: 'b', app: 'x' })],
      notes: [],
    };
    expect(limit([several, several], { onNoData: 'pass' })).toMatchObject({
      verdict: 'inconclusive',
      reason: expect.stringContaining('they differ in pod: make one of them'),
    });
  });
});

describe('several metrics', () => {
  test('share one probability of a false alarm', () => {
    const readers = [readerOf([], 'east'), readerOf([], 'west')];
    const judges = assignJudges(
      [
        { spec: countMetric(), readers },
        { spec: countMetric({ per: 'cluster' }), readers },
        { spec: shareMetric(), readers },
        { spec: limitMetric(), readers },
      ],
      judging(),
    );
    const evidence = judges.map(({ judge }) => judge.evidence(0, true));
    expect(evidence.map(({ name, cluster }) => [name, cluster])).toEqual([
      ['errors', undefined],
      ['errors', 'east'],
      ['errors', 'west'],
      ['shares', undefined],
      ['error rate', 'east'],
      ['error rate', 'west'],
    ]);
    const alphas = evidence.slice(0, 3).map(({ threshold = 0 }) => Math.exp(-threshold));
    for (const alpha of alphas) expect(alpha).toBeCloseTo(1e-5, 12);
    expect(Math.exp(-(evidence[3]?.threshold ?? 0))).toBeLessThanOrEqual(1e-5);
  });

  test('add up the counters of all addresses', () => {
    const judge = new CountJudge(
      countMetric(),
      [readerOf([], 'east'), readerOf([], 'west')],
      judging(),
      ONE_TEST,
    );
    const start = counters({ v1: 0, v2: 0 });
    judge.add([start, start], 0);
    judge.add([counters({ v1: 80, v2: 20 }), counters({ v1: 160, v2: 40 })], POLL_S);
    expect(judge.evidence(POLL_S, true).versions).toMatchObject([{ requests: 240 }, { requests: 60 }]);
  });
});
