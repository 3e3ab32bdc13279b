/** How many samples a verdict takes, beside other ways to decide; computed from the tests alone, so that nothing depends on the machine. */
import { random } from '../__tests__/support/random.ts';
import { ShareTest } from '../src/verify/statistics/share-test.ts';
import { FALSE_ALARM_PROBABILITY } from '../src/verify/statistics/significance.ts';
import type { Row } from './row.ts';

const RUNS = 400;
/** The default confidence. */
const BETA = 0.01;
const TOLERANCE = 0.05;
/** Samples between two looks of a naive poll. */
const POLL_EVERY = 100;
/** Of a fixed-size exact test with these error rates, at 80/20 within 5 points. */
const FIXED_SIZE = 1_585;
/** The fewest samples on average that any test with both error rates can take on target: the dual optimum, by dynamic programming. */
const OPTIMUM = 808;

interface Decided {
  readonly mean: number;
  readonly pass: number;
  readonly fail: number;
}

function decide(share: number, test: () => (hit: boolean) => 'pass' | 'fail' | undefined): Decided {
  const draw = random(1);
  let [samples, pass, fail] = [0, 0, 0];
  for (let run = 0; run < RUNS; run += 1) {
    const look = test();
    for (;;) {
      samples += 1;
      const verdict = look(draw() < share);
      if (verdict === undefined) continue;
      if (verdict === 'pass') pass += 1;
      else fail += 1;
      break;
    }
  }
  return { mean: samples / RUNS, pass: pass / RUNS, fail: fail / RUNS };
}

function ours(): (hit: boolean) => 'pass' | 'fail' | undefined {
  const test = new ShareTest([80, 20], { tolerance: TOLERANCE, beta: BETA });
  return (hit) => {
    const verdict = test.add(hit ? [0, 1] : [1, 0]);
    return verdict === 'continue' ? undefined : verdict === 'pass' ? 'pass' : 'fail';
  };
}

/** Looks at the observed share every hundred samples, and fails once it is off by more than the tolerance, as a script would. */
function polling(): (hit: boolean) => 'pass' | 'fail' | undefined {
  let [n, hits] = [0, 0];
  return (hit) => {
    n += 1;
    if (hit) hits += 1;
    if (n % POLL_EVERY !== 0) return undefined;
    if (Math.abs(hits / n - 0.2) > TOLERANCE) return 'fail';
    return n >= FIXED_SIZE ? 'pass' : undefined;
  };
}

/**
 * The sequential test for a sample ratio mismatch of Optimizely's package ssrm-test (0.1.5, with its default prior), at the false
 * alarms that this action allows: the Bayes factor of a Dirichlet-multinomial against the weights. It can only fail a split.
 */
function ssrm(): (hit: boolean) => 'pass' | 'fail' | undefined {
  const concentration = 10_000;
  const counts = [0, 0];
  let [n, logBayesFactor] = [0, 0];
  return (hit) => {
    const version = hit ? 1 : 0;
    const weight = hit ? 0.2 : 0.8;
    const count = counts[version] ?? 0;
    logBayesFactor += Math.log((concentration * weight + count) / (concentration + n) / weight);
    counts[version] = count + 1;
    n += 1;
    return logBayesFactor >= -Math.log(FALSE_ALARM_PROBABILITY) ? 'fail' : undefined;
  };
}

/** Wald's bound for the mean samples of a test of 20% against 25% with these error rates, at 20%. */
function waldsBound(): number {
  const [p, q] = [0.2, 0.25];
  const kl = p * Math.log(p / q) + (1 - p) * Math.log((1 - p) / (1 - q));
  return ((1 - BETA) * Math.log((1 - BETA) / BETA) + BETA * Math.log(BETA / (1 - BETA))) / kl;
}

export function verdicts(): readonly Row[] {
  const cases = { 'on target': 0.2, 'at the edge': 0.25, 'at twice the tolerance': 0.3 };
  const row = (name: string, value: number, unit: Row['unit'] = ''): Row => ({
    section: 'samples to a verdict at 80/20',
    name,
    value,
    unit,
  });
  const simulated = Object.entries(cases).flatMap(([name, share]) => {
    const [own, naive] = [decide(share, ours), decide(share, polling)];
    return [
      row(`${name}: samples`, own.mean),
      row(`${name}: passes`, 100 * own.pass, '%'),
      row(`${name}: samples of polling every 100`, naive.mean),
      row(`${name}: passes of polling every 100`, 100 * naive.pass, '%'),
      // On target, it would go on for ever.
      ...(share === 0.2 ? [] : [row(`${name}: samples of ssrm-test`, decide(share, ssrm).mean)]),
    ];
  });
  return [
    row("Wald's bound", waldsBound()),
    row('dual optimum', OPTIMUM),
    row('fixed-size exact test', FIXED_SIZE),
    ...simulated,
  ];
}
