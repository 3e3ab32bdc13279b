import type { VersionName } from '../core/weights.ts';
import type { CountMetric, ShareMetric } from '../release/metric-specs.ts';
import { counterEvidence } from './counter-evidence.ts';
import { CounterTotals } from './counter-totals.ts';
import type { PollIncreases } from './counter-totals.ts';
import { countersProblem } from './counters-problem.ts';
import type { Decision, Judge, Judging } from './judge.ts';
import type { MetricEvidence } from './metric-evidence.ts';
import { PollLog } from './poll-log.ts';
import { Points } from './points.ts';
import type { Message } from '../texts/message.ts';
import type { MetricReader, Reading } from './readings.ts';

/** The part of the false alarms that a judge may cause. */
export interface AlarmBudget {
  /** Probability of a false alarm of one test. */
  readonly alpha: number;
  /** How many tests the check makes. */
  readonly tests: number;
}

/** What every judge of counters does: it subtracts them, and decides only while there is something to compare. */
export abstract class CounterJudge<Spec extends CountMetric | ShareMetric> implements Judge {
  protected readonly spec: Spec;
  protected readonly readers: readonly MetricReader[];
  protected readonly judging: Judging;
  protected readonly log: PollLog;
  protected readonly totals: CounterTotals;
  readonly #budget: AlarmBudget;
  readonly #points = new Points();

  constructor(spec: Spec, readers: readonly MetricReader[], judging: Judging, budget: AlarmBudget) {
    this.spec = spec;
    this.readers = readers;
    this.judging = judging;
    this.log = new PollLog(readers);
    this.totals = new CounterTotals(readers.length, spec.version);
    this.#budget = budget;
  }

  add(readings: readonly Reading[], at: number): boolean {
    this.log.add(readings);
    const increases = this.totals.add(readings, at);
    if (this.inapplicable() === undefined && !this.totals.countsTwice) this.count(increases);
    this.#points.add({ at, value: this.logEvidence });
    return this.failure !== undefined;
  }

  evidence(at: number, end: boolean): MetricEvidence {
    const { alpha, tests } = this.#budget;
    const state = {
      spec: this.spec,
      readers: this.readers,
      weights: this.judging.weights,
      log: this.log,
      totals: this.totals,
      hits: this.spec.kind === 'counts' ? this.totals.hits : undefined,
      points: this.#points,
      logEvidence: this.logEvidence,
      alpha,
      tests,
    };
    return { ...counterEvidence(state, at), ...this.#decide(at, end) };
  }

  #decide(at: number, end: boolean): Decision {
    const why = this.inapplicable();
    if (why !== undefined) return { verdict: 'not applicable', reason: why };
    const { failure } = this;
    if (failure !== undefined) return { verdict: 'fail', reason: failure };
    if (!end) return { verdict: 'undecided', reason: this.seen };
    const problem = countersProblem(this.log, this.totals, at, this.spec.onNoData);
    return problem === undefined ? this.decideAtEnd() : { verdict: 'inconclusive', reason: problem };
  }

  /** ln of the evidence against the release, over all tests of the check. */
  protected get logEvidence(): number {
    return this.ownLogEvidence - Math.log(this.#budget.tests);
  }

  /** Why there is nothing to compare. */
  protected abstract inapplicable(): Message | undefined;
  /** Takes what came since the poll before. */
  protected abstract count(increases: PollIncreases): void;
  /** What was counted. */
  protected abstract get seen(): Message;
  /** How the release has failed; undefined while it has not. */
  protected abstract get failure(): Message | undefined;
  /** ln of the evidence of this judge's own tests. */
  protected abstract get ownLogEvidence(): number;
  /** The verdict of a watch that is over and was read completely. */
  protected abstract decideAtEnd(): Decision;
}

/** @param versions those without any request; none: no version had any */
export function nothingCounted(
  { empty }: PollLog,
  onNoData: 'inconclusive' | 'pass',
  versions: readonly VersionName[],
): Message {
  return { kind: 'nothingCounted', versions, noSeries: empty.length > 0, passes: onNoData === 'pass' };
}
