import { expect, test } from '@jest/globals';
import { inEnglish } from '../../src/texts/texts.ts';
import type { Sample } from '../../src/verify/attribution.ts';
import type { IngressEvidence } from '../../src/verify/evidence.ts';
import { ShareTest } from '../../src/verify/statistics/share-test.ts';
import { Evaluation } from '../../src/verify/evaluation.ts';
import { readTables } from '../support/markdown.ts';
import { random } from '../support/random.ts';
import { EAST, release, weights } from '../support/release.ts';

/** The figures in the tables of docs/how-the-check-decides.md. */
const [needed = [], wrong = [], , , , , failing = []] = readTables('docs/how-the-check-decides.md');
const TOLERANCES = [0.05, 0.02, 0.01];
/** Runs of a simulation: enough to notice a figure that is off by a quarter. */
const RUNS = 100;
const QUARTER = 0.25;

const weightsIn = (cell: string): readonly number[] => cell.split('/').map((part) => parseFloat(part));
const number = (cell: string): number => Number(cell.replaceAll(',', ''));

const rows = needed.filter(([weights = '']) => weights.includes('/'));

test.each(rows)('the maximum numbers of samples for %s are correct', (weights = '', ...cells) => {
  const stated = cells.map((cell) => number(/\((.+)\)/.exec(cell)?.[1] ?? cell));
  const actual = TOLERANCES.map((tolerance) => new ShareTest(weightsIn(weights), { tolerance }).maxSamples);
  expect(stated).toEqual(actual);
});

test.each(wrong.filter(([, , outcome]) => outcome === 'fail, always'))(
  'a split of %s instead of 80/20 fails after %s requests on average',
  (seen = '', requests = '') => {
    const mean = meanSamples([80, 20], weightsIn(seen));
    expect(Math.abs(mean / number(requests) - 1)).toBeLessThan(QUARTER);
  },
);

test.each(failing.filter(([, outcome]) => outcome === '100%'))(
  'with an error rate of %s, %s of the checks fail after the stated number of requests',
  (rate = '', _fail = '', _pass = '', _none = '', requests = '') => {
    const runs = Array.from({ length: RUNS }, (_, run) => untilDecided(parseFloat(rate) / 100, run));
    const mean = runs.reduce((sum, one) => sum + one.requests, 0) / RUNS;
    expect(runs.filter(({ verdict }) => verdict === 'fail')).toHaveLength(RUNS);
    expect(Math.abs(mean / number(requests) - 1)).toBeLessThan(QUARTER);
  },
);

test.each(failing.filter(([, outcome]) => outcome === '0%'))(
  'with an error rate of %s, %s of the checks fail because of it',
  (rate = '') => {
    const runs = Array.from({ length: RUNS }, (_, run) => untilDecided(parseFloat(rate) / 100, run));
    expect(runs.filter(({ reason }) => inEnglish(reason).includes('requests failed'))).toEqual([]);
  },
);

/** The result of a check of 80/20 with an error rate, with the defaults. */
function untilDecided(rate: number, seed: number): IngressEvidence {
  const draw = random(seed + 1);
  const tally = new Evaluation(
    { cluster: EAST, url: 'http://203.0.113.7', path: '/', host: undefined, headers: {} },
    {
      weights: weights({ v1: 80, v2: 20 }),
      revision: undefined,
      sharedWithOtherHosts: false,
      version: undefined,
    },
    { check: release().check, ingresses: 1, now: () => 0 },
  );
  const next = (): Sample => ({
    version: draw() < 0.8 ? 'v1' : 'v2',
    contradiction: undefined,
    revision: undefined,
    unmanaged: false,
    error: draw() < rate ? 'status 500' : undefined,
    ms: 5,
  });
  while (!tally.add(next()));
  return tally.evidence('undecided');
}

/** The average number of samples until a check decides, if the versions get `shares`. */
function meanSamples(weights: readonly number[], shares: readonly number[]): number {
  const draw = random(1);
  const sum = shares.reduce((a, b) => a + b, 0);
  let samples = 0;
  for (let run = 0; run < RUNS; run += 1) {
    const share = new ShareTest(weights);
    while (share.add(one(weights.length, pick(shares, draw() * sum))) === 'continue');
    samples += share.samples;
  }
  return samples / RUNS;
}

/** The version whose section of the whole contains a point. */
function pick(shares: readonly number[], point: number): number {
  let left = point;
  return shares.findIndex((share) => (left -= share) < 0);
}

const one = (versions: number, index: number): readonly number[] =>
  Array.from({ length: versions }, (_, i) => (i === index ? 1 : 0));
