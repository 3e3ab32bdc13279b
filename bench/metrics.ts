/**
 * Simulates what judging by counts decides, beside the rules of Flagger and Argo Rollouts on the same users' requests, for the table of
 * docs/judging-by-metrics.md: how many runs of 30 minutes fail, and after how many minutes. `node bench/metrics.ts 4000` runs
 * each case that often, which takes some minutes.
 */
import { random } from '../__tests__/support/random.ts';
import { CountTest } from '../src/verify/statistics/count-test.ts';
import { SHARE_ALPHA, ShareTest } from '../src/verify/statistics/share-test.ts';
import { FALSE_ALARM_PROBABILITY } from '../src/verify/statistics/significance.ts';

/** A minute is read this often. */
const POLLS = 4;
const MINUTES = 30;
/** Of the requests: v2 has 20%. */
const WEIGHT = 0.2;
/** The requests of v2 per minute. */
const LEVELS = [20, 200, 2000];
/** The tests of `metrics: istio` over two clusters: errors, slow responses, and the shares in each. */
const TESTS = 4;
/** Probability of a false alarm of one of them. */
const ALPHA = FALSE_ALARM_PROBABILITY / TESTS;
const RATIO = 2;

interface Counts {
  readonly requests: number;
  readonly hits: number;
  readonly baselineRequests: number;
  readonly baselineHits: number;
}

/** Judges each poll; true once it fails the release. */
type Rule = (poll: Counts) => boolean;

/** The tolerated ratio of the rates of hits, by the counts of every poll. */
function byCounts(): Rule {
  const test = new CountTest(RATIO, ALPHA);
  return (poll) => test.add(poll);
}

/** Fails once the share of good requests of v2 in a window was below a limit more than so many times. */
function bySuccess(limit: number, minutes: number, tolerated: number): () => Rule {
  return () => {
    let [polls, requests, hits, failures] = [0, 0, 0, 0];
    return (poll) => {
      polls += 1;
      requests += poll.requests;
      hits += poll.hits;
      if (polls < minutes * POLLS) return false;
      if (requests > 0 && 1 - hits / requests < limit) failures += 1;
      [polls, requests, hits] = [0, 0, 0];
      return failures > tolerated;
    };
  };
}

const RULES: Readonly<Record<string, () => Rule>> = {
  'by counts': byCounts,
  // https://docs.flagger.app/tutorials/istio-progressive-delivery
  'Flagger (99% per minute, 5 failed checks)': bySuccess(0.99, 1, 4),
  // https://argo-rollouts.readthedocs.io/en/stable/features/analysis/, whose failureLimit is 0 by default
  'Argo (99% per minute, failureLimit 0)': bySuccess(0.99, 1, 0),
  'Argo (95% per 5 minutes, failureLimit 3)': bySuccess(0.95, 5, 3),
};

/** Rates of hits: errors, or requests that take longer than a bound. */
const CASES: readonly { readonly name: string; readonly own: number; readonly others: number }[] = [
  { name: 'both 0.5% errors', own: 0.005, others: 0.005 },
  { name: 'both 3% errors', own: 0.03, others: 0.03 },
  { name: 'v2 2% errors, v1 0.5%', own: 0.02, others: 0.005 },
  { name: 'v2 10% errors, v1 0.5%', own: 0.1, others: 0.005 },
  { name: 'both 5% slow', own: 0.05, others: 0.05 },
  { name: 'v2 20% slow, v1 5%', own: 0.2, others: 0.05 },
];

/** A number of independent events (Knuth), from parts whose probabilities do not underflow. */
function poisson(mean: number, draw: () => number): number {
  if (mean > 100) return poisson(mean / 2, draw) + poisson(mean / 2, draw);
  const least = Math.exp(-mean);
  let count = 0;
  for (let product = draw(); product > least; product *= draw()) count += 1;
  return count;
}

/** The requests of a poll: how many were hits, and how many were not. */
function drawPoll(perMinute: number, own: number, others: number, draw: () => number): Counts {
  const mean = perMinute / POLLS;
  const baseline = (mean * (1 - WEIGHT)) / WEIGHT;
  const hits = poisson(mean * own, draw);
  const baselineHits = poisson(baseline * others, draw);
  return {
    requests: hits + poisson(mean * (1 - own), draw),
    hits,
    baselineRequests: baselineHits + poisson(baseline * (1 - others), draw),
    baselineHits,
  };
}

interface Found {
  readonly runs: number;
  /** Minutes until each run that failed did so. */
  readonly minutes: number[];
}

const describe = ({ runs, minutes }: Found): string => {
  if (minutes.length === 0) return '0%';
  const mean = minutes.reduce((a, b) => a + b, 0) / minutes.length;
  return `${((100 * minutes.length) / runs).toFixed(1)}%, after ${mean.toFixed(1)} min`;
};

/** Runs every rule on the same requests. */
function simulate(perMinute: number, { own, others }: (typeof CASES)[number], runs: number): Found[] {
  const draw = random(1);
  const found = Object.values(RULES).map((): Found => ({ runs, minutes: [] }));
  for (let run = 0; run < runs; run += 1) {
    const rules = Object.values(RULES).map((rule) => rule());
    const open = new Set(rules.keys());
    for (let poll = 1; poll <= MINUTES * POLLS && open.size > 0; poll += 1) {
      const counts = drawPoll(perMinute, own, others, draw);
      for (const i of open) {
        if (rules[i]?.(counts) !== true) continue;
        found[i]?.minutes.push(poll / POLLS);
        open.delete(i);
      }
    }
  }
  return found;
}

/** Users' requests under 80/20 that really go 70/30, or as asked, by the share test of the shipped `shares` metric. */
function sharesFound(perMinute: number, share: number, runs: number): Found {
  const draw = random(2);
  const found: Found = { runs, minutes: [] };
  for (let run = 0; run < runs; run += 1) {
    const test = new ShareTest([1 - WEIGHT, WEIGHT], {
      onlyFails: true,
      failsOutside: true,
      alpha: SHARE_ALPHA / 4,
    });
    for (let poll = 1; poll <= MINUTES * POLLS; poll += 1) {
      const all = perMinute / WEIGHT / POLLS;
      const counts = [poisson(all * (1 - share), draw), poisson(all * share, draw)];
      if (test.add(counts) !== 'fail') continue;
      found.minutes.push(poll / POLLS);
      break;
    }
  }
  return found;
}

/** Prints the table; a few hundred runs show its shape. */
export function printMetrics(runs: number, say: (line: string) => void): void {
  const table = (name: string, cells: readonly string[]): void => {
    say(`| ${[name, ...cells].join(' | ')} |`);
  };
  say(`Judging by counts: ${String(runs)} runs of ${String(MINUTES)} minutes per cell, v2 at 20%`);
  table('requests of v2 per minute, and their rates', Object.keys(RULES));
  table(
    '---',
    Object.keys(RULES).map(() => '---'),
  );
  for (const one of CASES)
    for (const level of LEVELS)
      table(`${String(level)}: ${one.name}`, simulate(level, one, runs).map(describe));
  for (const share of [0.2, 0.25, 0.3, 0.5])
    for (const level of LEVELS) {
      const split = `${(100 * (1 - share)).toFixed(0)}/${(100 * share).toFixed(0)}`;
      table(`${String(level)}: users get ${split}, asked 80/20`, [describe(sharesFound(level, share, runs))]);
    }
}

if (import.meta.main) {
  printMetrics(Number(process.argv[2] ?? '400'), (line) => {
    process.stdout.write(`${line}\n`);
  });
}
