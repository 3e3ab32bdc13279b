import { count } from '../core/plural.ts';
import type { VersionName } from '../core/weights.ts';
import type { ShareMetric } from '../release/metric-specs.ts';
import { RateTest } from '../verify/statistics/rate-test.ts';
import { ShareTest } from '../verify/statistics/share-test.ts';
import { chanceInWords } from '../verify/statistics/significance.ts';
import { counterEvidence } from './counter-evidence.ts';
import { CounterTotals } from './counter-totals.ts';
import { countersProblem } from './counters-problem.ts';
import type { Decision, Judge, Judging } from './judge.ts';
import type { MetricEvidence } from './metric-evidence.ts';
import { PollLog } from './poll-log.ts';
import { Points } from './points.ts';
import type { MetricReader, Reading } from './readings.ts';

/**
 * A version at weight 0 may have this fraction of users' requests: people look at it through the preview route, which a header
 * chooses, and other routes may lead to it.
 */
const ZERO_TOLERANCE = 0.01;

/** Judges the shares of users' own requests by the share test that the samples are judged by. */
export class ShareJudge implements Judge {
  readonly #spec: ShareMetric;
  readonly #readers: readonly MetricReader[];
  readonly #judging: Judging;
  readonly #log: PollLog;
  readonly #totals: CounterTotals;
  /** The versions with a weight. */
  readonly #served: readonly VersionName[];
  /** Those at weight 0. */
  readonly #idle: readonly VersionName[];
  readonly #drift: ShareTest;
  readonly #proof: ShareTest;
  readonly #idleRate: RateTest;
  readonly #alpha: number;
  readonly #tests: number;
  readonly #points = new Points();
  #isProven = false;
  #failed: 'shares' | 'idle' | undefined;

  /**
   * @param alpha probability of a false alarm of this metric
   * @param tests how many tests the check makes
   */
  constructor(
    spec: ShareMetric,
    readers: readonly MetricReader[],
    judging: Judging,
    { alpha, tests }: { readonly alpha: number; readonly tests: number },
  ) {
    const { weights, tolerance, confidence } = judging;
    this.#spec = spec;
    this.#readers = readers;
    this.#judging = judging;
    this.#log = new PollLog(readers);
    this.#totals = new CounterTotals(readers.length, spec.version);
    this.#served = [...weights].flatMap(([version, weight]) => (weight > 0 ? [version] : []));
    this.#idle = [...weights].flatMap(([version, weight]) => (weight > 0 ? [] : [version]));
    // Each of the two tests has half of the false alarms.
    this.#alpha = alpha / 2;
    this.#tests = 2 * tests;
    const points = this.#served.map((version) => weights.get(version) ?? 0);
    const options = { tolerance, alpha: this.#alpha, beta: 1 - confidence };
    this.#drift = new ShareTest(points, { ...options, onlyFails: true, failsOutside: true });
    this.#proof = new ShareTest(points, options);
    this.#idleRate = new RateTest(ZERO_TOLERANCE, this.#alpha);
  }

  add(readings: readonly Reading[], at: number): boolean {
    this.#log.add(readings);
    const { of } = this.#totals.add(readings, at).requests;
    if (this.#inapplicable() === undefined && !this.#totals.countsTwice) {
      const served = this.#served.map((version) => of.get(version) ?? 0);
      if (this.#served.length > 1) {
        if (this.#drift.add(served) === 'fail') this.#failed ??= 'shares';
        this.#isProven ||= this.#proof.add(served) === 'pass';
      }
      const idle = this.#sumOf(of, this.#idle);
      if (this.#idle.length > 0 && this.#idleRate.addMany(idle, this.#sumOf(of, this.#served)))
        this.#failed ??= 'idle';
    }
    this.#points.add({ at, value: this.#logEvidence() });
    return this.#failed !== undefined;
  }

  evidence(at: number, end: boolean): MetricEvidence {
    const state = {
      spec: this.#spec,
      readers: this.#readers,
      weights: this.#judging.weights,
      log: this.#log,
      totals: this.#totals,
      hits: undefined,
      points: this.#points,
      logEvidence: this.#logEvidence(),
      alpha: this.#alpha,
      tests: this.#tests,
    };
    return { ...counterEvidence(state, at), ...this.#decide(at, end) };
  }

  #decide(at: number, end: boolean): Decision {
    const why = this.#inapplicable();
    if (why !== undefined) return { verdict: 'not applicable', reason: why };
    const seen = this.#shares();
    if (this.#failed !== undefined) {
      const chance = chanceInWords(this.#logEvidence());
      const luck = chance === undefined ? '' : ` (chance of seeing this if the split were right: ${chance})`;
      return { verdict: 'fail', reason: `${seen}${luck}` };
    }
    if (!end) return { verdict: 'undecided', reason: seen };
    const problem = countersProblem(this.#log, this.#totals, at, this.#spec.onNoData);
    if (problem !== undefined) return { verdict: 'inconclusive', reason: problem };
    const { onNoData } = this.#spec;
    if (this.#counted() === 0)
      return {
        verdict: onNoData,
        reason: `no request was counted${this.#log.empty.length > 0 ? ': the query found no series' : ''}${onNoData === 'pass' ? ', which passes (on-no-data: pass)' : ''}`,
      };
    if (this.#judging.sampled || this.#isProven || this.#served.length === 1)
      return { verdict: 'pass', reason: seen };
    return {
      verdict: 'inconclusive',
      reason: `${seen}: too few requests to confirm the split, or it is near the edge of the tolerance (raise the input bake or tolerance)`,
    };
  }

  #inapplicable(): string | undefined {
    if (this.#served.length > 1 || this.#idle.length > 0) return undefined;
    return `${this.#served.join('')} is the only version, so there is no split to compare with`;
  }

  #sumOf(counts: ReadonlyMap<VersionName, number>, versions: readonly VersionName[]): number {
    return versions.reduce((sum, version) => sum + (counts.get(version) ?? 0), 0);
  }

  #counted(): number {
    return this.#sumOf(this.#totals.requests, [...this.#served, ...this.#idle]);
  }

  #logEvidence(): number {
    const strongest = Math.max(
      this.#drift.logEvidence,
      this.#idle.length === 0 ? 0 : this.#idleRate.logEvidence,
    );
    return strongest - Math.log(this.#tests);
  }

  /** `users’ own requests: v1 70.2% (weight 80%), v2 29.8% (weight 20%) of 1,204 requests` */
  #shares(): string {
    const all = this.#counted();
    const parts = [...this.#judging.weights].map(([version, weight]) => {
      const share = all === 0 ? 0 : (100 * (this.#totals.requests.get(version) ?? 0)) / all;
      return `${version} ${share.toFixed(1)}% (weight ${String(weight)}%)`;
    });
    return `${this.#judging.sampled ? 'requests counted' : 'users’ own requests'}: ${parts.join(', ')} of ${count(all, 'request')}`;
  }
}
