import type { Verdict } from '../verify/evidence.ts';
import { textsIn } from '../texts/texts.ts';
import type { RunRecord } from './run-record.ts';

/** Something that happened in a run. */
export interface TimelineEvent {
  readonly kind: 'phase' | 'step' | 'check';
  /** Seconds since the run began. */
  readonly at: number;
  readonly text: string;
  /** Of a check, or `fail` of a phase that was not completed. */
  readonly verdict?: Verdict | undefined;
  /** How long it took; undefined for a step. */
  readonly seconds?: number;
}

/** Phases, steps and checks in chronological order, in words of the record's language; a check replaces the phase that it belongs to. */
export function timelineOf({ phases, steps, checks, language }: RunRecord): readonly TimelineEvent[] {
  const { timeline } = textsIn(language);
  const events: readonly TimelineEvent[] = [
    ...phases
      .filter(({ start, seconds }) => {
        const isWithin = (at: number): boolean => start <= at && at <= start + seconds;
        return !checks.some(({ from, to }) => isWithin((from + to) / 2));
      })
      .map(({ name, start, seconds, completed }): TimelineEvent => ({
        kind: 'phase',
        at: start,
        text: completed ? timeline.phases[name] : timeline.notCompleted(timeline.phases[name]),
        verdict: completed ? undefined : 'fail',
        seconds,
      })),
    ...steps.map(({ at, weights, direction }): TimelineEvent => ({
      kind: 'step',
      at,
      text: (direction === 'back' ? timeline.weightsRestored : timeline.weightsSet)(weights),
    })),
    ...checks.map(({ kind, weights, verdict, evidence, from, to }): TimelineEvent => {
      const samples = evidence.reduce((sum, one) => sum + one.samples, 0);
      return {
        kind: 'check',
        at: from,
        text: timeline.check({ kind, weights, verdict, samples }),
        verdict,
        seconds: to - from,
      };
    }),
  ];
  return events.toSorted((a, b) => a.at - b.at);
}

/** Steps, checks, and phases of at least a second, or with an error. */
export function isNotable({ kind, verdict, seconds = 0 }: TimelineEvent): boolean {
  return kind !== 'phase' || verdict !== undefined || seconds >= 1;
}
