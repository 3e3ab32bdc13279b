import type { Verdict } from '../verify/evidence.ts';
import { inWords } from './sentences.ts';
import type { RunRecord } from './run-record.ts';
import { count } from './format.ts';

/** Something that happened in a run. */
export interface Event {
  readonly kind: 'phase' | 'step' | 'check';
  /** Seconds since the run began. */
  readonly at: number;
  readonly text: string;
  /** Of a check. */
  readonly verdict?: Verdict;
  /** How long it took; a step is a moment. */
  readonly seconds?: number;
}

/** Phases, steps and checks in the order of time; a check stands for the phase in which it was made. */
export function timelineOf({ phases, steps, checks }: RunRecord): readonly Event[] {
  const events: readonly Event[] = [
    ...phases
      .filter(({ start, seconds }) => !checks.some(({ from, to }) => start <= from && to <= start + seconds))
      .map(({ name, start, seconds }): Event => ({
        kind: 'phase',
        at: start,
        text: name,
        seconds,
      })),
    ...steps.map(({ at, weights, direction }): Event => ({
      kind: 'step',
      at,
      text: `${direction === 'back' ? 'Back to' : 'In force:'} ${inWords(weights)}`,
    })),
    ...checks.map(({ kind, weights, verdict, evidence, from, to }): Event => {
      const samples = evidence.reduce((sum, one) => sum + one.samples, 0);
      const name = kind === 'bake' ? 'Bake at' : 'Verify';
      return {
        kind: 'check',
        at: from,
        text: `${name} ${inWords(weights)}: ${verdict} (${count(samples, 'sample')})`,
        verdict,
        seconds: to - from,
      };
    }),
  ];
  return events.toSorted((a, b) => a.at - b.at);
}

/** Steps, checks, and phases that took a second or more: what a reader in a hurry wants of it. */
export function isNotable({ kind, seconds = 0 }: Event): boolean {
  return kind !== 'phase' || seconds >= 1;
}
