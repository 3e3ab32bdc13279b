import type { CountedValues } from '../texts/catalogue/metrics.ts';
import type { Message } from '../texts/message.ts';
import type { VersionName } from '../core/weights.ts';
import type { CountMetric } from '../release/metric-specs.ts';
import { CountTest } from '../verify/statistics/count-test.ts';
import { CounterJudge, nothingCounted } from './counter-judge.ts';
import type { AlarmBudget } from './counter-judge.ts';
import type { PollIncreases } from './counter-totals.ts';
import type { Decision, Judging } from './judge.ts';
import { missingBucketOf } from './missing-buckets.ts';
import type { Counters, MetricReader, Reading } from './readings.ts';

/** From this log evidence (e to 1) on, a worse version explains the counts better than a good one. */
const SUSPICION = 1;

/** Judges by counts whether the version being released fails, or is slow, more often than the others. */
export class CountJudge extends CounterJudge<CountMetric> {
  readonly #test: CountTest;
  /** The same test, had every request to the version been a hit, and none to the others: whether it can show anything yet. */
  readonly #worst: CountTest;
  /** The last reading of each address that did not fail. */
  readonly #latest = new Map<MetricReader, Counters>();
  /** Hits counted before their requests were: two queries need not agree to the request. */
  #early = { own: 0, others: 0 };
  #failed = false;
  #couldFail = false;

  constructor(spec: CountMetric, readers: readonly MetricReader[], judging: Judging, budget: AlarmBudget) {
    super(spec, readers, judging, budget);
    this.#test = new CountTest(spec.ratio, budget.alpha);
    this.#worst = new CountTest(spec.ratio, budget.alpha);
  }

  override add(readings: readonly Reading[], at: number): boolean {
    for (const [i, reader] of this.readers.entries()) {
      const reading = readings[i];
      if (reading?.kind === 'counters') this.#latest.set(reader, reading);
    }
    return super.add(readings, at);
  }

  protected count({ requests, hits }: PollIncreases): void {
    const own = this.#settle('own', this.#ownOf(requests.of), this.#ownOf(hits.of));
    const others = this.#settle('others', this.#othersOf(requests.of), this.#othersOf(hits.of));
    this.#failed = this.#test.add({
      requests: own.requests,
      hits: own.hits,
      baselineRequests: others.requests,
      baselineHits: others.hits,
    });
    this.#couldFail = this.#worst.add({
      requests: own.requests,
      hits: own.requests,
      baselineRequests: others.requests,
      baselineHits: 0,
    });
  }

  protected get failure(): Message | undefined {
    return this.#failed
      ? { kind: 'failsForUsers', ...this.#counted(), logEvidence: this.logEvidence }
      : undefined;
  }

  protected decideAtEnd(): Decision {
    const { of, onNoData } = this.spec;
    const { hitsWithout, requestsWithout, requests } = this.totals;
    const all = requestsWithout + [...requests.values()].reduce((sum, number) => sum + number, 0);
    if (of === 'errors' && hitsWithout > FEW && hitsWithout > this.judging.maxErrorRate * all)
      return {
        verdict: 'inconclusive',
        reason: { kind: 'failedUnattributed', hits: hitsWithout, requests: all },
      };
    const idle = [
      ...(this.#ownOf(requests) === 0 ? [this.#version()] : []),
      ...(this.#othersOf(requests) === 0 ? this.#others() : []),
    ];
    if (idle.length > 0)
      return {
        verdict: onNoData,
        reason: nothingCounted(this.log, onNoData, idle),
      };
    const compared = [this.#version(), ...this.#others()];
    const missing = [...this.#latest].flatMap(
      ([reader, reading]) => missingBucketOf(compared, this.spec, reader, reading) ?? [],
    )[0];
    if (missing !== undefined) return { verdict: 'inconclusive', reason: missing };
    if (!this.#couldFail && !this.judging.sampled && onNoData === 'inconclusive')
      return {
        verdict: 'inconclusive',
        reason: { kind: 'tooFewToShow', seen: this.seen, of },
      };
    const isDoubtful = this.#test.logEvidence > SUSPICION;
    return {
      verdict: 'pass',
      reason: isDoubtful ? { kind: 'countedDoubtful', seen: this.seen, ratio: this.spec.ratio } : this.seen,
    };
  }

  protected inapplicable(): Message | undefined {
    const { version, weights } = this.judging;
    if (version === undefined) return { kind: 'nothingReleased' };
    if ((weights.get(version) ?? 0) === 0) return { kind: 'noTrafficYet', version };
    return this.#others().length === 0 ? { kind: 'allTraffic', version } : undefined;
  }

  #version(): VersionName {
    return this.judging.version ?? '';
  }

  #others(): readonly VersionName[] {
    const { version, weights } = this.judging;
    return [...weights].flatMap(([name, weight]) => (weight > 0 && name !== version ? [name] : []));
  }

  #ownOf(counts: ReadonlyMap<VersionName, number>): number {
    return counts.get(this.#version()) ?? 0;
  }

  #othersOf(counts: ReadonlyMap<VersionName, number>): number {
    return this.#others().reduce((sum, version) => sum + (counts.get(version) ?? 0), 0);
  }

  /** No more hits than requests; the rest waits for the requests that it belongs to. */
  #settle(side: 'own' | 'others', requests: number, hits: number): { requests: number; hits: number } {
    const all = hits + this.#early[side];
    const counted = Math.min(all, requests);
    this.#early = { ...this.#early, [side]: all - counted };
    return { requests, hits: counted };
  }

  protected get ownLogEvidence(): number {
    return this.#test.logEvidence;
  }

  protected get seen(): Message {
    return { kind: 'counted', ...this.#counted() };
  }

  #counted(): CountedValues {
    const { requests, hits } = this.totals;
    return {
      of: this.spec.of,
      version: this.#version(),
      hits: this.#ownOf(hits),
      requests: this.#ownOf(requests),
      others: this.#others(),
      otherHits: this.#othersOf(hits),
      otherRequests: this.#othersOf(requests),
    };
  }
}

/** This many failures may be chance. */
const FEW = 5;
