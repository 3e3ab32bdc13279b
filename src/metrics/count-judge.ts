import { count } from '../core/plural.ts';
import type { VersionName } from '../core/weights.ts';
import type { CountMetric } from '../release/metric-specs.ts';
import { CountTest } from '../verify/statistics/count-test.ts';
import { chanceInWords } from '../verify/statistics/significance.ts';
import { counterEvidence } from './counter-evidence.ts';
import { CounterTotals } from './counter-totals.ts';
import { countersProblem } from './counters-problem.ts';
import type { Decision, Judge, Judging } from './judge.ts';
import type { MetricEvidence } from './metric-evidence.ts';
import { missingBucketOf } from './missing-buckets.ts';
import { PollLog } from './poll-log.ts';
import { Points } from './points.ts';
import type { Counters, MetricReader, Reading } from './readings.ts';

/** From this log evidence (e to 1) on, a worse version explains the counts better than a good one. */
const SUSPICION = 1;

/** Judges by counts whether the version being released fails, or is slow, more often than the others. */
export class CountJudge implements Judge {
  readonly #spec: CountMetric;
  readonly #readers: readonly MetricReader[];
  readonly #judging: Judging;
  readonly #log: PollLog;
  readonly #totals: CounterTotals;
  readonly #test: CountTest;
  /** The same test, had every request to the version been a hit, and none to the others: whether it can show anything yet. */
  readonly #worst: CountTest;
  readonly #tests: number;
  readonly #alpha: number;
  readonly #points = new Points();
  /** The last reading of each address that did not fail. */
  readonly #latest = new Map<MetricReader, Counters>();
  /** Hits counted before their requests were: two queries need not agree to the request. */
  #early = { own: 0, others: 0 };
  #failed = false;
  #couldFail = false;

  /**
   * @param alpha probability of a false alarm of this test
   * @param tests how many tests the check makes
   */
  constructor(
    spec: CountMetric,
    readers: readonly MetricReader[],
    judging: Judging,
    { alpha, tests }: { readonly alpha: number; readonly tests: number },
  ) {
    this.#spec = spec;
    this.#readers = readers;
    this.#judging = judging;
    this.#log = new PollLog(readers);
    this.#totals = new CounterTotals(readers.length, spec.version);
    this.#test = new CountTest(spec.ratio, alpha);
    this.#worst = new CountTest(spec.ratio, alpha);
    this.#tests = tests;
    this.#alpha = alpha;
  }

  add(readings: readonly Reading[], at: number): boolean {
    this.#log.add(readings);
    for (const [i, reader] of this.#readers.entries()) {
      const reading = readings[i];
      if (reading?.kind === 'counters') this.#latest.set(reader, reading);
    }
    const { requests, hits } = this.#totals.add(readings, at);
    if (this.#inapplicable() === undefined && !this.#totals.countsTwice) {
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
    this.#points.add({ at, value: this.#logEvidence() });
    return this.#failed;
  }

  evidence(at: number, end: boolean): MetricEvidence {
    const state = {
      spec: this.#spec,
      readers: this.#readers,
      weights: this.#judging.weights,
      log: this.#log,
      totals: this.#totals,
      hits: this.#totals.hits,
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
    const seen = this.#comparison();
    if (this.#failed) {
      const chance = chanceInWords(this.#logEvidence());
      const luck = chance === undefined ? '' : ` (chance of seeing this if they were alike: ${chance})`;
      return { verdict: 'fail', reason: `${this.#worse()}: ${seen}${luck}` };
    }
    if (!end) return { verdict: 'undecided', reason: seen };
    const problem = countersProblem(this.#log, this.#totals, at, this.#spec.onNoData);
    if (problem !== undefined) return { verdict: 'inconclusive', reason: problem };
    const { hitsWithout, requestsWithout, requests } = this.#totals;
    const all = requestsWithout + [...requests.values()].reduce((sum, number) => sum + number, 0);
    if (this.#spec.of === 'errors' && hitsWithout > FEW && hitsWithout > this.#judging.maxErrorRate * all)
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
        verdict: this.#spec.onNoData,
        reason: `no request to ${idle.join(' and ')} was counted${this.#log.empty.length > 0 ? ': the query found no series' : ''}${this.#spec.onNoData === 'pass' ? ', which passes (on-no-data: pass)' : ''}`,
      };
    const compared = [this.#version(), ...this.#others()];
    const missing = [...this.#latest].flatMap(
      ([reader, reading]) => missingBucketOf(compared, this.#spec, reader, reading) ?? [],
    )[0];
    if (missing !== undefined) return { verdict: 'inconclusive', reason: missing };
    if (!this.#couldFail && !this.#judging.sampled && this.#spec.onNoData === 'inconclusive')
      return {
        verdict: 'inconclusive',
        reason: `${seen}; so few requests would not even show a version that ${this.#spec.of === 'slow' ? 'is slow' : 'fails'} every time, and nothing else was checked: watch longer`,
      };
    const doubt =
      this.#test.logEvidence > SUSPICION ? `; that is more than ${this.#multiple()}, but may be chance` : '';
    return { verdict: 'pass', reason: `${seen}${doubt}` };
  }

  /** Why there is nothing to compare. */
  #inapplicable(): string | undefined {
    const { version, weights } = this.#judging;
    if (version === undefined)
      return 'no version is being released, so there is none to compare with the others';
    if ((weights.get(version) ?? 0) === 0) return `${version} has no traffic yet`;
    return this.#others().length === 0
      ? `${version} has all the traffic, so there is no version to compare it with`
      : undefined;
  }

  #version(): VersionName {
    return this.#judging.version ?? '';
  }

  #others(): readonly VersionName[] {
    const { version, weights } = this.#judging;
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

  #logEvidence(): number {
    return this.#test.logEvidence - Math.log(this.#tests);
  }

  #comparison(): string {
    const { requests, hits } = this.#totals;
    const were = this.#spec.of === 'slow' ? 'were slow' : 'failed';
    const ofAll = (some: number, all: number): string =>
      `${some.toLocaleString('en')} of ${count(all, 'request')}`;
    const others = this.#others();
    return `${ofAll(this.#ownOf(hits), this.#ownOf(requests))} to ${this.#version()} ${were}, against ${ofAll(this.#othersOf(hits), this.#othersOf(requests))} to ${others.join(' and ')}`;
  }

  #worse(): string {
    const verb = this.#spec.of === 'slow' ? 'is slow' : 'fails';
    return `${this.#version()} ${verb} more often than ${this.#others().join(' and ')} for real users`;
  }

  #multiple(): string {
    return this.#spec.ratio === 1 ? 'as often' : `${String(this.#spec.ratio)} times as often`;
  }
}

/** This many failures may be chance. */
const FEW = 5;
