import type { Message } from '../texts/message.ts';
import type { VersionName } from '../core/weights.ts';
import type { ShareMetric } from '../release/metric-specs.ts';
import { RateTest } from '../verify/statistics/rate-test.ts';
import { ShareTest } from '../verify/statistics/share-test.ts';
import { CounterJudge, nothingCounted } from './counter-judge.ts';
import type { AlarmBudget } from './counter-judge.ts';
import type { PollIncreases } from './counter-totals.ts';
import type { Decision, Judging } from './judge.ts';
import type { MetricReader } from './readings.ts';

/**
 * A version at weight 0 may have this fraction of users' requests: people look at it through the preview route, which a header
 * chooses, and other routes may lead to it.
 */
const ZERO_TOLERANCE = 0.01;

/** Judges the shares of users' own requests by the share test that the samples are judged by. */
export class ShareJudge extends CounterJudge<ShareMetric> {
  /** The versions with a weight. */
  readonly #served: readonly VersionName[];
  /** Those at weight 0. */
  readonly #idle: readonly VersionName[];
  readonly #drift: ShareTest;
  readonly #proof: ShareTest;
  readonly #idleRate: RateTest;
  #isProven = false;
  #failed = false;

  /** @param budget of this metric */
  constructor(spec: ShareMetric, readers: readonly MetricReader[], judging: Judging, budget: AlarmBudget) {
    // Each of the two tests has half of the false alarms.
    const alpha = budget.alpha / 2;
    super(spec, readers, judging, { alpha, tests: 2 * budget.tests });
    const { weights, tolerance, confidence } = judging;
    this.#served = [...weights].flatMap(([version, weight]) => (weight > 0 ? [version] : []));
    this.#idle = [...weights].flatMap(([version, weight]) => (weight > 0 ? [] : [version]));
    const points = this.#served.map((version) => weights.get(version) ?? 0);
    const options = { tolerance, alpha, beta: 1 - confidence };
    this.#drift = new ShareTest(points, { ...options, onlyFails: true, failsOutside: true });
    this.#proof = new ShareTest(points, options);
    this.#idleRate = new RateTest(ZERO_TOLERANCE, alpha);
  }

  protected count({ requests: { of } }: PollIncreases): void {
    const served = this.#served.map((version) => of.get(version) ?? 0);
    if (this.#served.length > 1) {
      if (this.#drift.add(served) === 'fail') this.#failed = true;
      this.#isProven ||= this.#proof.add(served) === 'pass';
    }
    const idle = this.#sumOf(of, this.#idle);
    if (this.#idle.length > 0 && this.#idleRate.addMany(idle, this.#sumOf(of, this.#served)))
      this.#failed = true;
  }

  protected get failure(): Message | undefined {
    return this.#failed
      ? { kind: 'sharesOffForUsers', seen: this.seen, logEvidence: this.logEvidence }
      : undefined;
  }

  protected decideAtEnd(): Decision {
    const { onNoData } = this.spec;
    if (this.#counted() === 0) return { verdict: onNoData, reason: nothingCounted(this.log, onNoData, []) };
    if (this.judging.sampled || this.#isProven || this.#served.length === 1)
      return { verdict: 'pass', reason: this.seen };
    return { verdict: 'inconclusive', reason: { kind: 'tooFewForSplit', seen: this.seen } };
  }

  protected inapplicable(): Message | undefined {
    if (this.#served.length > 1 || this.#idle.length > 0) return undefined;
    return { kind: 'onlyVersion', version: this.#served.join('') };
  }

  #sumOf(counts: ReadonlyMap<VersionName, number>, versions: readonly VersionName[]): number {
    return versions.reduce((sum, version) => sum + (counts.get(version) ?? 0), 0);
  }

  #counted(): number {
    return this.#sumOf(this.totals.requests, [...this.#served, ...this.#idle]);
  }

  protected get ownLogEvidence(): number {
    return Math.max(this.#drift.logEvidence, this.#idle.length === 0 ? 0 : this.#idleRate.logEvidence);
  }

  protected get seen(): Message {
    const { sampled, weights } = this.judging;
    const requests = new Map(this.totals.requests);
    return { kind: 'countedShares', sampled, weights, requests, all: this.#counted() };
  }
}
