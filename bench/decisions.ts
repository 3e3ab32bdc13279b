/**
 * Simulates what the check decides, and after how many requests, for the figures of docs/how-the-check-decides.md. Takes some
 * minutes; the argument is the number of runs.
 */
import { Comparison } from '../src/verify/comparison.ts';
import { RateTest } from '../src/verify/statistics/rate-test.ts';
import { ShareTest } from '../src/verify/statistics/share-test.ts';
import type { ShareTestOptions } from '../src/verify/statistics/share-test.ts';
import { Evaluation } from '../src/verify/evaluation.ts';
import { random } from '../__tests__/support/random.ts';
import type { CheckSpec } from '../src/release/release.ts';

const runs = Number(process.argv[2] ?? '2000');
const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
const mean = (values: readonly number[]): number =>
  values.length === 0 ? NaN : values.reduce((a, b) => a + b, 0) / values.length;

/** The index of the version whose share contains a point. */
function pick(shares: readonly number[], point: number): number {
  let left = point;
  return shares.findIndex((share) => (left -= share) < 0);
}

function shares(
  asked: readonly number[],
  seen: readonly number[],
  options: ShareTestOptions,
  most = runs,
): string {
  const draw = random(1);
  const sum = seen.reduce((a, b) => a + b, 0);
  const verdicts = { pass: 0, fail: 0, inconclusive: 0 };
  const samples: number[] = [];
  for (let run = 0; run < most; run += 1) {
    const test = new ShareTest(asked, options);
    for (;;) {
      const hit = pick(seen, draw() * sum);
      const verdict = test.add(asked.map((_, i) => (i === hit ? 1 : 0)));
      if (verdict === 'continue') continue;
      verdicts[verdict] += 1;
      samples.push(test.samples);
      break;
    }
  }
  const { maxSamples } = new ShareTest(asked, options);
  return `${mean(samples).toFixed(0)} samples, at most ${String(maxSamples)} (${JSON.stringify(verdicts)})`;
}

/** How often, and after how many requests, the comparison finds a new version that fails at these rates. */
function errors(
  { weight, own, others }: { readonly weight: number; readonly own: number; readonly others: number },
  alpha: number,
  most: number,
): string {
  const draw = random(2);
  const found: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const compared = new Comparison({
      version: 'v2',
      weights: new Map([
        ['v1', 1 - weight],
        ['v2', weight],
      ]),
      maxLatencyIncrease: undefined,
      alpha,
    });
    for (let n = 1; n <= most; n += 1) {
      const version = draw() < weight ? 'v2' : 'v1';
      const failed = draw() < (version === 'v2' ? own : others);
      const sample = { version, contradiction: undefined, revision: undefined, unmanaged: false, ms: 5 };
      if (compared.add({ ...sample, error: failed ? 'status 500' : undefined }) === undefined) continue;
      found.push(n);
      break;
    }
  }
  return `${((100 * found.length) / runs).toFixed(1)}% found, after ${mean(found).toFixed(0)}`;
}

function exceeded(limit: number, rate: number, alpha: number, free: number, most: number): string {
  const draw = random(3);
  const found: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const test = new RateTest(limit, alpha, free);
    for (let n = 1; n <= most; n += 1) {
      if (!test.add(draw() < rate)) continue;
      found.push(n);
      break;
    }
  }
  return `${((100 * found.length) / runs).toFixed(1)}% found, after ${mean(found).toFixed(0)}`;
}

/** What the whole check decides at its defaults if the shares are right but requests fail at these rates. */
function outcomes({
  weight,
  own,
  others,
}: {
  readonly weight: number;
  readonly own: number;
  readonly others: number;
}): string {
  const draw = random(4);
  const weights = new Map([
    ['v1', 100 * (1 - weight)],
    ['v2', 100 * weight],
  ]);
  const target = { cluster: 'east', url: 'http://203.0.113.7', path: '/', host: undefined, headers: {} };
  const verdicts = { pass: 0, fail: 0, inconclusive: 0 };
  const requests: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const expected = { weights, revision: undefined, sharedWithOtherHosts: false, version: 'v2' };
    const evaluation = new Evaluation(target, expected, {
      check: DEFAULTS,
      ingresses: 1,
      now: () => performance.now(),
    });
    for (let n = 1; n <= MOST; n += 1) {
      const version = draw() < weight ? 'v2' : 'v1';
      const failed = draw() < (version === 'v2' ? own : others);
      const sample = { version, contradiction: undefined, revision: undefined, unmanaged: false, ms: 5 };
      if (evaluation.add({ ...sample, error: failed ? 'status 500' : undefined })) break;
    }
    const { verdict, requests: sent } = evaluation.evidence(evaluation.verdictAtEnd());
    if (verdict !== 'undecided') verdicts[verdict] += 1;
    requests.push(sent);
  }
  return `${JSON.stringify(verdicts)}, after ${mean(requests).toFixed(0)}`;
}

/** Requests in `verify-timeout` at `max-rps`, by default. */
const MOST = 30_000;
const DEFAULTS: CheckSpec = {
  path: '/',
  host: undefined,
  headers: {},
  versionFrom: { from: 'auto' },
  tolerance: 0.05,
  confidence: 0.99,
  maxSamples: undefined,
  maxRps: 100,
  propagationMs: 0,
  watchMs: undefined,
  verifyTimeoutMs: 300_000,
  maxErrorRate: 0.01,
  maxLatencyIncrease: undefined,
  ingress: new Map(),
};

const ALPHAS = [1e-2, 1e-4, 1e-5, 1e-6];

say('Right splits, one ingress');
for (const weights of [
  [50, 50],
  [80, 20],
  [90, 10],
  [95, 5],
  [99, 1],
  [60, 30, 10],
  [100, 0],
]) {
  for (const tolerance of [0.05, 0.02, 0.01]) {
    const most = Math.min(runs, Math.ceil((runs * tolerance ** 2) / 0.05 ** 2));
    say(
      `  ${weights.join('/')} ± ${String(100 * tolerance)}: ${shares(weights, weights, { tolerance }, most)}`,
    );
  }
}
say('Asked 80/20, another split seen, one ingress; by alpha');
for (const seen of [
  [20, 80],
  [50, 50],
  [100, 0],
  [70, 30],
  [75, 25],
  [77, 23],
]) {
  for (const alpha of ALPHAS)
    say(`  ${seen.join('/')} alpha ${String(alpha)}: ${shares([80, 20], seen, { alpha })}`);
}
say('Errors of the new version against the others, at most 30,000 requests; by alpha');
for (const rates of [
  { weight: 0.05, own: 0.1, others: 0 },
  { weight: 0.2, own: 0.1, others: 0 },
  { weight: 0.2, own: 0.05, others: 0.01 },
  { weight: 0.5, own: 0.1, others: 0 },
  { weight: 0.2, own: 0.01, others: 0.01 },
  { weight: 0.2, own: 0.02, others: 0.01 },
]) {
  for (const alpha of ALPHAS)
    say(`  ${JSON.stringify(rates)} alpha ${String(alpha)}: ${errors(rates, alpha, 30_000)}`);
}
say('The limit of 1% for all requests, at most 10,000 requests; by alpha');
for (const rate of [0.01, 0.015, 0.02, 0.03, 0.05]) {
  for (const alpha of ALPHAS)
    say(`  ${String(100 * rate)}% alpha ${String(alpha)}: ${exceeded(0.01, rate, alpha, 5, 10_000)}`);
}
say('Response times: pairs in which the new version is slower by more than the increase; by alpha');
for (const rate of [0.5, 0.6, 0.75, 0.9, 1]) {
  for (const alpha of ALPHAS)
    say(`  ${String(100 * rate)}% alpha ${String(alpha)}: ${exceeded(0.5, rate, alpha, 0, 2_000)}`);
}
say('The whole check at its defaults: the shares are right, and requests fail');
for (const rates of [
  { weight: 0.05, own: 0.1, others: 0 },
  { weight: 0.05, own: 0.05, others: 0 },
  { weight: 0.2, own: 0.1, others: 0 },
  { weight: 0.2, own: 0.05, others: 0.01 },
  { weight: 0.2, own: 0.03, others: 0.005 },
  { weight: 0.5, own: 0.1, others: 0 },
  { weight: 0.2, own: 0.005, others: 0.005 },
  { weight: 0.2, own: 0.008, others: 0.008 },
  { weight: 0.2, own: 0.01, others: 0.01 },
  { weight: 0.2, own: 0.015, others: 0.015 },
  { weight: 0.2, own: 0.02, others: 0.02 },
  { weight: 0.2, own: 0.03, others: 0.03 },
  { weight: 0.2, own: 0.05, others: 0.05 },
]) {
  say(`  ${JSON.stringify(rates)}: ${outcomes(rates)}`);
}
