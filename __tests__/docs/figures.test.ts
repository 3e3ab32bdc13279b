import { expect, test } from '@jest/globals';
import type { Sample } from '../../src/verify/attribution.ts';
import type { IngressEvidence } from '../../src/verify/evidence.ts';
import { ShareTest } from '../../src/verify/statistics/share-test.ts';
import { Evaluation } from '../../src/verify/evaluation.ts';
import { readTables } from '../support/markdown.ts';
import { random } from '../support/random.ts';
import { EAST, release, weights } from '../support/release.ts';

/** The figures of docs/how-the-check-decides.md, as its tables give them. */
const [needed = [], wrong = [], , , , , failing = []] = readTables('docs/how-the-check-decides.md');
const TOLERANCES = [0.05, 0.02, 0.01];
/** Runs of a simulation: enough to notice a figure that is a quarter off. */
const RUNS = 100;
const QUARTER = 0.25;

const weightsIn = (cell: string): readonly number[] => cell.split('/').map((part) => parseFloat(part));
const number = (cell: string): number => Number(cell.replaceAll(',', ''));

const rows = needed.filter(([weights = '']) => weights.includes('/'));

test.each(rows)('%s: what it takes at most is what the test takes', (weights = '', ...cells) => {
  const told = cells.map((cell) => number(/\((.+)\)/.exec(cell)?.[1] ?? cell));
  const taken = TOLERANCES.map((tolerance) => new ShareTest(weightsIn(weights), { tolerance }).maxSamples);
  expect(told).toEqual(taken);
});

test.each(wrong.filter(([, , outcome]) => outcome === 'fail, always'))(
  '80/20 asked and %s seen fails after %s requests on average',
  (seen = '', requests = '') => {
    const mean = meanSamples([80, 20], weightsIn(seen));
    expect(Math.abs(mean / number(requests) - 1)).toBeLessThan(QUARTER);
  },
);

test.each(failing.filter(([, outcome]) => outcome === '100%'))(
  'of a release with %s failed requests %s fail, after as many requests as told',
  (rate = '', _fail = '', _pass = '', _none = '', requests = '') => {
    const runs = Array.from({ length: RUNS }, (_, run) => untilDecided(parseFloat(rate) / 100, run));
    const mean = runs.reduce((sum, one) => sum + one.requests, 0) / RUNS;
    expect(runs.filter(({ verdict }) => verdict === 'fail')).toHaveLength(RUNS);
    expect(Math.abs(mean / number(requests) - 1)).toBeLessThan(QUARTER);
  },
);

test.each(failing.filter(([, outcome]) => outcome === '0%'))(
  'of a release with %s failed requests, which is within the limit, %s fail for them',
  (rate = '') => {
    const runs = Array.from({ length: RUNS }, (_, run) => untilDecided(parseFloat(rate) / 100, run));
    expect(runs.filter(({ reason }) => reason.includes('requests failed'))).toEqual([]);
  },
);

/** What comes out of 80/20 where requests fail at a rate, with the defaults. */
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

/** How many samples decide, on average over many runs in which the versions really get `shares`. */
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

/** The version whose part of the whole a point falls into. */
function pick(shares: readonly number[], point: number): number {
  let left = point;
  return shares.findIndex((share) => (left -= share) < 0);
}

const one = (versions: number, index: number): readonly number[] =>
  Array.from({ length: versions }, (_, i) => (i === index ? 1 : 0));
