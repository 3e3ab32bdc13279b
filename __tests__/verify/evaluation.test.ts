import { describe, expect, test } from '@jest/globals';
import { toldOf } from '../support/english.ts';
import type { Told } from '../support/english.ts';
import type { Sample } from '../../src/verify/attribution.ts';
import type { IngressEvidence } from '../../src/verify/evidence.ts';
import { Evaluation } from '../../src/verify/evaluation.ts';
import type { CheckSpec } from '../../src/release/release.ts';
import { random } from '../support/random.ts';
import { EAST, release, weights } from '../support/release.ts';

const TARGET = { cluster: EAST, url: 'http://203.0.113.7', path: '/', host: undefined, headers: {} };

const answered = (version: string | undefined, error?: string): Sample => ({
  version,
  contradiction: undefined,
  revision: '4',
  unmanaged: false,
  error,
  ms: 5,
});

interface Course {
  readonly weights?: ReturnType<typeof weights>;
  readonly check?: Partial<CheckSpec>;
  readonly watch?: boolean;
  readonly version?: string;
  readonly requests: number;
  /** Between two requests; by default no time passes. */
  readonly everyMs?: number;
}

/** What comes out where the answers are these, by their number from 0, until it is decided or so many have come. */
function evaluated(
  answer: (n: number) => Sample,
  {
    weights: asked = weights({ v1: 80, v2: 20 }),
    check,
    watch = false,
    version,
    requests,
    everyMs = 0,
  }: Course,
): Told<IngressEvidence> {
  const expected = { weights: asked, revision: '4', sharedWithOtherHosts: false, version };
  let time = 0;
  const asSpecified = release({ check: check ?? {} }).check;
  const evaluation = new Evaluation(TARGET, expected, {
    check: asSpecified,
    watchMs: watch ? asSpecified.verifyTimeoutMs : undefined,
    ingresses: 1,
    now: () => time,
  });
  for (let n = 0; n < requests && !evaluation.add(answer(n)); n += 1) time += everyMs;
  return toldOf(evaluation.evidence(evaluation.verdictAtEnd()));
}

const versionAt = (n: number): string => (n % 5 === 4 ? 'v2' : 'v1');
/** 80/20 on target, with these failures. */
const failingAt =
  (...at: readonly number[]): ((n: number) => Sample) =>
  (n) =>
    answered(versionAt(n), at.includes(n) ? 'status 500' : undefined);

describe('a watch lasts its time', () => {
  test.each<[string, Readonly<Record<string, number>>, number]>([
    ['with one version alone', { v1: 100 }, 0.05],
    ['with a version at 0', { v1: 100, v2: 0 }, 0.05],
    ['with shares on target and a wide tolerance', { v1: 80, v2: 20 }, 0.2],
  ])('%s', (_what, asked, tolerance) => {
    const own = asked['v2'] === 20 ? versionAt : (): string => 'v1';
    const { verdict, requests } = evaluated((n) => answered(own(n)), {
      weights: weights(asked),
      check: { tolerance },
      watch: true,
      requests: 8_000,
    });
    expect([verdict, requests]).toEqual(['pass', 8_000]);
  });
});

describe('a short watch', () => {
  const short = { watch: true, requests: 75, check: { verifyTimeoutMs: 15_000 } };

  test.each([
    ['one', [31]],
    ['two', [11, 51]],
  ])('passes with %s failed request, which is no evidence against the limit', (_many, at) => {
    const { verdict, reason } = evaluated(failingAt(...at), short);
    expect([verdict, reason]).toEqual([
      'pass',
      `no drift in 15 s and 75 samples; ${String(at.length)} of 75 requests failed`,
    ]);
  });

  test('does not pass with more failed requests than the limit explains, and names them', () => {
    const { verdict, reason } = evaluated(failingAt(11, 31, 51), short);
    expect([verdict, reason]).toEqual([
      'inconclusive',
      expect.stringMatching(
        /^undecided after \d+\.\d s and 75 samples: 3 of 75 requests failed, more than 1% \(3 × status 500\) /,
      ),
    ]);
  });

  test('does not pass with one failed request if none is accepted', () => {
    const { verdict } = evaluated(failingAt(31), { ...short, check: { maxErrorRate: 0 } });
    expect(verdict).toBe('fail');
  });
});

describe('errors above the limit although the shares are right', () => {
  /** Shares of 80/20 are right after this many samples at ± 15 points. */
  const check = { tolerance: 0.15 };

  test('lead to more requests, until the rate is within the limit', () => {
    const without = evaluated(failingAt(), { check, requests: 10_000 });
    const { verdict, requests } = evaluated(failingAt(10, 20), { check, requests: 10_000 });
    expect(without.requests).toBeLessThan(200);
    expect([verdict, requests]).toEqual(['pass', 200]);
  });

  test('are inconclusive at max-samples', () => {
    const { verdict, reason } = evaluated(failingAt(10, 20), {
      check: { ...check, maxSamples: 150 },
      requests: 10_000,
    });
    expect([verdict, reason]).toEqual([
      'inconclusive',
      'undecided after 150 samples: 2 of 150 requests failed, more than 1% (2 × status 500) (raise the input max-samples)',
    ]);
  });

  test('are inconclusive when the time is up', () => {
    const { verdict, reason } = evaluated(failingAt(10, 20), { check, requests: 150 });
    expect([verdict, reason]).toEqual([
      'inconclusive',
      'undecided after 60 s and 150 samples: 2 of 150 requests failed, more than 1% (2 × status 500) (raise the input verify-timeout)',
    ]);
  });

  test('fail once chance is ruled out', () => {
    const everyTenth = (n: number): Sample => answered(versionAt(n), n % 10 === 0 ? 'status 500' : undefined);
    const { verdict, reason } = evaluated(everyTenth, { check, requests: 10_000 });
    expect([verdict, reason]).toEqual([
      'fail',
      expect.stringMatching(/^[\d,]+ of [\d,]+ requests failed, more than 1% \([\d,]+ × status 500\)$/),
    ]);
  });
});

describe('an ingress that restarts while it is sampled', () => {
  const restarting = (n: number): Sample =>
    n >= 50 && n < 90
      ? { ...answered(undefined, 'connection refused'), revision: undefined }
      : answered(versionAt(n));

  test('passes once it has answered again for long enough, and the reason names the outage', () => {
    const { verdict, reason, errors } = evaluated(restarting, { requests: 10_000, everyMs: 10 });
    expect([verdict, reason, errors]).toEqual([
      'pass',
      expect.stringMatching(
        /^the shares match the weights \([\d,]+ samples\); 40 requests got no connection while the ingress was away for a moment, and do not count$/,
      ),
      new Map([['connection refused', 40]]),
    ]);
  });

  test('does not pass before', () => {
    const { verdict, reason } = evaluated(restarting, { requests: 1_500, everyMs: 10 });
    expect([verdict, reason]).toEqual([
      'inconclusive',
      expect.stringMatching(/: 40 of 1,500 requests failed, more than 1% \(40 × connection refused\)/),
    ]);
  });
});

test.each([
  ['connections are cut', 'connection cut'],
  ['responses are cut off', 'response cut off'],
])('fails if %s all the time, but seldom', (_what, error) => {
  const seldom = (n: number): Sample =>
    n % 33 === 7 ? { ...answered(undefined, error), revision: undefined } : answered(versionAt(n));
  expect(evaluated(seldom, { requests: 10_000, everyMs: 10 }).verdict).toBe('fail');
});

test('a gateway pod that crashes again and again fails the check, whatever the others answer', () => {
  const expected = { weights: weights({ v1: 80, v2: 20 }), revision: '4', sharedWithOtherHosts: false };
  const evaluation = new Evaluation(
    TARGET,
    { ...expected, version: undefined },
    { check: release({}).check, ingresses: 1, now: () => 0 },
  );
  const pod = { uid: 'a', name: 'gateway-0', restarts: 0 };
  const crashing = { uid: 'b', name: 'gateway-1', restarts: 3 };
  expect(evaluation.observe([pod, crashing])).toBe(false);
  evaluation.add({ ...answered('v1'), pod });
  // It need not be ready long enough to be asked.
  expect(evaluation.observe([pod, { ...crashing, restarts: 5 }])).toBe(true);
  const { verdict, reason, pods } = toldOf(evaluation.evidence('undecided'));
  expect([verdict, reason]).toEqual([
    'fail',
    expect.stringMatching(/^Pod gateway-1 crashes again and again/),
  ]);
  expect(pods?.map(({ requests, restarts }) => [requests, restarts])).toEqual([
    [1, 0],
    [0, 2],
  ]);
});

describe('a new version that looks worse than the others without proof', () => {
  /** v2 fails every tenth of its requests, which are one in twenty: within the limit for all of them together. */
  const worse = (n: number): Sample =>
    n % 20 === 19 ? answered('v2', n % 200 === 39 ? 'status 500' : undefined) : answered('v1');
  const asked = { weights: weights({ v1: 95, v2: 5 }), version: 'v2', requests: 20_000 };

  test('gets more requests than its shares need, until it is proven worse', () => {
    const sound = evaluated((n) => answered(n % 20 === 19 ? 'v2' : 'v1'), asked);
    const { verdict, reason, requests } = evaluated(worse, asked);
    expect([sound.verdict, verdict]).toEqual(['pass', 'fail']);
    expect(reason).toMatch(/^v2 fails more than twice as often as the other versions: /);
    expect(requests).toBeGreaterThan(2 * sound.requests);
  });

  test('passes if its errors stop: it looked worse by chance', () => {
    const { verdict, requests } = evaluated(
      (n) => (n < 300 ? worse(n) : answered(n % 20 === 19 ? 'v2' : 'v1')),
      asked,
    );
    expect([verdict, requests]).toEqual(['pass', expect.any(Number)]);
  });

  test('passes if the time is up before it is proven worse', () => {
    const { verdict, reason } = evaluated(worse, { ...asked, requests: 500 });
    expect([verdict, reason]).toEqual(['pass', 'the shares match the weights (500 samples)']);
  });
});

describe('with errors below the limit of 1%', () => {
  const RUNS = 100;

  test.each([0.005, 0.008])('a release with an error rate of %p does not fail', (rate) => {
    const draw = random(Math.round(rate * 1000));
    let failed = 0;
    for (let run = 0; run < RUNS; run += 1) {
      const { reason } = evaluated(
        () => answered(draw() < 0.8 ? 'v1' : 'v2', draw() < rate ? 'status 500' : undefined),
        { requests: 2000 },
      );
      if (/^[\d,]+ of [\d,]+ requests failed/.test(reason)) failed += 1;
    }
    expect(failed / RUNS).toBeLessThanOrEqual(0.01);
  });
});
