import type { Message } from '../texts/message.ts';
import type { VersionName } from '../core/weights.ts';
import type { Condition, LimitMetric, NoValue } from '../release/metric-specs.ts';
import { qualityOf } from './condition.ts';
import type { Quality } from './condition.ts';
import type { Decision, Judge } from './judge.ts';
import { settlingMs } from './lookback.ts';
import type { MetricEvidence } from './metric-evidence.ts';
import { PollLog } from './poll-log.ts';
import { Points } from './points.ts';
import type { MetricReader, Reading, Series } from './readings.ts';
import { queryNotes } from './query-notes.ts';
import { differingLabels } from './several-series.ts';

/**
 * Compares one value with its conditions at every poll. Nothing is proven by that: a rate of few requests leaves its limit by
 * chance, and the more often one looks the likelier (see docs/judging-by-metrics.md).
 *
 * A bad value always counts. A good one counts only if its whole window is of the watch and has no request of this check, because
 * both would hide errors of users.
 */
export class LimitJudge implements Judge {
  readonly #spec: LimitMetric;
  readonly #reader: MetricReader;
  readonly #log: PollLog;
  readonly #points = new Points();
  readonly #settlingMs: number;
  readonly #queryNotes: readonly Message[];
  #isFirst = true;
  /** When the next value is judged, in seconds since the first poll. */
  #due: number;
  /** The latest value, if it came before it was due. */
  #early: Measured | undefined;
  #last: Found | undefined;
  readonly #qualities: Record<Quality, number> = { good: 0, bad: 0, neither: 0 };
  /** Values that would have been good, if they were about users' requests of this step alone. */
  #diluted = 0;
  #latest: number | undefined;

  constructor(spec: LimitMetric, reader: MetricReader, version: VersionName | undefined) {
    this.#spec = spec;
    this.#queryNotes = queryNotes(spec, version);
    this.#reader = reader;
    this.#log = new PollLog([reader]);
    this.#due = spec.initialDelayMs / 1000;
    this.#settlingMs = settlingMs(spec);
  }

  add(readings: readonly Reading[], at: number, undisturbed: number): boolean {
    this.#log.add(readings);
    const [reading] = readings;
    if (reading?.kind !== 'value') return this.#hasFailed();
    const found = valueOf(reading.series);
    this.#last = found;
    if ('value' in found) {
      const measured = { value: found.value, isOfUsers: 1000 * undisturbed >= this.#settlingMs };
      this.#latest = found.value;
      this.#points.add({ at, value: found.value });
      // The window of a query reaches back to before the weights were in force, most at the first poll.
      if (!this.#isFirst && at >= this.#due) this.#judge(measured, at);
      else if (!this.#isFirst) this.#early = measured;
    }
    this.#isFirst = false;
    return this.#hasFailed();
  }

  #judge({ value, isOfUsers }: Measured, at: number): void {
    const { intervalMs, initialDelayMs } = this.#spec;
    if (intervalMs > 0) {
      // Counted from the start, so that no poll that comes a little late delays those after it.
      const begun = Math.floor((1000 * at - initialDelayMs) / intervalMs) + 1;
      this.#due = (initialDelayMs + begun * intervalMs) / 1000;
    }
    this.#early = undefined;
    const quality = qualityOf(this.#spec, value);
    if (quality === 'bad' || isOfUsers) this.#qualities[quality] += 1;
    else this.#diluted += 1;
  }

  #hasFailed(): boolean {
    return this.#qualities.bad > this.#spec.failureLimit;
  }

  evidence(at: number, end: boolean): MetricEvidence {
    const { name, kind, initialDelayMs } = this.#spec;
    // Nothing may pass by ending before its next value is due.
    if (end && this.#early !== undefined && 1000 * at >= initialDelayMs) this.#judge(this.#early, at);
    return {
      name,
      kind,
      of: undefined,
      cluster: this.#reader.cluster,
      addresses: [this.#reader.address],
      ...this.#decide(end),
      versions: [],
      logEvidence: undefined,
      threshold: thresholdOf(this.#spec),
      points: this.#points.all,
      polls: this.#log.polls,
      missed: this.#log.missed,
      notes: [...this.#log.notes, ...this.#queryNotes],
      seconds: at,
    };
  }

  #decide(end: boolean): Decision {
    const { onNoData, goodWithout } = this.#spec;
    const { good, neither } = this.#qualities;
    const seen = this.#seen();
    if (this.#hasFailed()) return { verdict: 'fail', reason: seen };
    if (!end) return { verdict: 'undecided', reason: seen };
    const { lastFailure } = this.#log;
    if (lastFailure !== undefined)
      return {
        verdict: 'inconclusive',
        reason: { kind: 'lastReadingFailed', message: lastFailure.replace(/\.$/, '') },
      };
    const last = this.#last;
    if (last === undefined || 'problem' in last) {
      const { problem, none } = last ?? { problem: { kind: 'noReading' }, none: undefined };
      const accepted = goodWithout ?? (onNoData === 'pass' ? NO_DATA : []);
      if (none === undefined || !accepted.includes(none)) return { verdict: 'inconclusive', reason: problem };
      const why = goodWithout === undefined ? 'on-no-data' : 'template';
      return { verdict: 'pass', reason: { kind: 'passesWithout', problem, why } };
    }
    if (neither > 0)
      return { verdict: 'inconclusive', reason: { kind: 'metNeither', seen, values: neither } };
    return good > 0
      ? { verdict: 'pass', reason: seen }
      : { verdict: 'inconclusive', reason: { kind: 'noGoodValue', seen, why: this.#whyNoneIsGood() } };
  }

  #seen(): Message {
    const { success, failure, failureLimit } = this.#spec;
    const matches = literalOf(this.#spec);
    const latest = this.#latest;
    const symbols = (condition: Condition | undefined): Message | undefined =>
      condition === undefined ? undefined : { kind: 'symbols', condition, matches };
    return {
      kind: 'limit',
      value:
        latest === undefined
          ? undefined
          : matches === undefined
            ? { number: latest }
            : { matches, was: latest === 1 },
      good: symbols(success),
      bad: symbols(failure),
      wrong: this.#qualities.bad,
      judged: this.#judged(),
      tolerated: failureLimit,
    };
  }

  #judged(): number {
    const { good, bad, neither } = this.#qualities;
    return good + bad + neither + this.#diluted;
  }

  #whyNoneIsGood(): Message {
    const { initialDelayMs } = this.#spec;
    if (this.#diluted > 0) return { kind: 'looksBack', seconds: this.#settlingMs / 1000 };
    if (this.#judged() > 0) return { kind: 'watchTooShort' };
    return initialDelayMs > 0
      ? { kind: 'delayNotOver', seconds: initialDelayMs / 1000 }
      : { kind: 'firstNotJudged' };
  }
}

interface Measured {
  readonly value: number;
  /** Whether it is about users' requests of this step alone. */
  readonly isOfUsers: boolean;
}

/** The value of a poll, or why there is none. */
type Found =
  | { readonly value: number }
  | {
      readonly problem: Message;
      /** undefined: it is not known which value is meant. */ readonly none: NoValue | undefined;
    };

/** An infinite value is not among them: errors without requests are no reason to pass. */
const NO_DATA: readonly NoValue[] = ['no series', 'NaN'];

function valueOf(series: readonly Series[]): Found {
  const [first, ...others] = series;
  if (first === undefined) return { problem: { kind: 'noSeries' }, none: 'no series' };
  if (others.length > 0) return { problem: differingLabels(series), none: undefined };
  const { value } = first;
  return Number.isFinite(value)
    ? { value }
    : {
        problem: { kind: 'notFinite', value: String(value) },
        none: Number.isNaN(value) ? 'NaN' : 'infinity',
      };
}

/** The limit that a chart can show. */
function thresholdOf({ success, failure }: LimitMetric): number | undefined {
  return [success, failure].flatMap((one) => (one?.kind === 'compare' ? [one.limit] : []))[0];
}

/** The text or truth value that an answer is compared with, as JSON. */
function literalOf({ source }: LimitMetric): string | undefined {
  return source.provider === 'web' && source.matches !== undefined
    ? JSON.stringify(source.matches)
    : undefined;
}
