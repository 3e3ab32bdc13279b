import { count } from '../core/plural.ts';
import type { VersionName } from '../core/weights.ts';
import type { CountMetric } from '../release/metric-specs.ts';
import { CountTest } from '../verify/statistics/count-test.ts';
import { chanceInWords } from '../verify/statistics/significance.ts';
import { CounterJudge } from './counter-judge.ts';
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

  protected get failure(): string | undefined {
    if (!this.#failed) return undefined;
    const chance = chanceInWords(this.logEvidence);
    const luck = chance === undefined ? '' : ` (chance of seeing this if they were alike: ${chance})`;
    return `${this.#worse()}: ${this.seen}${luck}`;
  }

  protected decideAtEnd(): Decision {
    const { of, onNoData } = this.spec;
    const { hitsWithout, requestsWithout, requests } = this.totals;
    const all = requestsWithout + [...requests.values()].reduce((sum, number) => sum + number, 0);
    if (of === 'errors' && hitsWithout > FEW && hitsWithout > this.judging.maxErrorRate * all)
      return {
        verdict: 'inconclusive',
        reason: `${count(hitsWithout, 'request')} of ${all.toLocaleString('en')} failed without reaching a version`,
      };
    const idle = [
      ...(this.#ownOf(requests) === 0 ? [this.#version()] : []),
      ...(this.#othersOf(requests) === 0 ? this.#others() : []),
    ];
    if (idle.length > 0)
      return {
        verdict: onNoData,
        reason: `no request to ${idle.join(' and ')} was counted${this.log.empty.length > 0 ? ': the query found no series' : ''}${onNoData === 'pass' ? ', which passes (on-no-data: pass)' : ''}`,
      };
    const compared = [this.#version(), ...this.#others()];
    const missing = [...this.#latest].flatMap(
      ([reader, reading]) => missingBucketOf(compared, this.spec, reader, reading) ?? [],
    )[0];
    if (missing !== undefined) return { verdict: 'inconclusive', reason: missing };
    if (!this.#couldFail && !this.judging.sampled && onNoData === 'inconclusive')
      return {
        verdict: 'inconclusive',
        reason: `${this.seen}; so few requests would not even show a version that ${of === 'slow' ? 'is slow' : 'fails'} every time, and nothing else was checked: watch longer`,
      };
    const doubt =
      this.#test.logEvidence > SUSPICION ? `; that is more than ${this.#multiple()}, but may be chance` : '';
    return { verdict: 'pass', reason: `${this.seen}${doubt}` };
  }

  protected inapplicable(): string | undefined {
    const { version, weights } = this.judging;
    if (version === undefined)
      return 'no version is being released, so there is none to compare with the others';
    if ((weights.get(version) ?? 0) === 0) return `${version} has no traffic yet`;
    return this.#others().length === 0
      ? `${version} has all the traffic, so there is no version to compare it with`
      : undefined;
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

  protected get seen(): string {
    const { requests, hits } = this.totals;
    const were = this.spec.of === 'slow' ? 'were slow' : 'failed';
    const ofAll = (some: number, all: number): string =>
      `${some.toLocaleString('en')} of ${count(all, 'request')}`;
    const others = this.#others();
    return `${ofAll(this.#ownOf(hits), this.#ownOf(requests))} to ${this.#version()} ${were}, against ${ofAll(this.#othersOf(hits), this.#othersOf(requests))} to ${others.join(' and ')}`;
  }

  #worse(): string {
    const verb = this.spec.of === 'slow' ? 'is slow' : 'fails';
    return `${this.#version()} ${verb} more often than ${this.#others().join(' and ')} for real users`;
  }

  #multiple(): string {
    return this.spec.ratio === 1 ? 'as often' : `${String(this.spec.ratio)} times as often`;
  }
}

/** This many failures may be chance. */
const FEW = 5;
