import { outcomeOf } from '../report/outcome.ts';
import type { RunRecord } from '../report/run-record.ts';

/** The exit codes of a job that ended by itself. */
export const EXIT = {
  pass: 0,
  fail: 1,
  inconclusive: 2,
  /** Nothing was written: the inputs are wrong, or the job could not begin or was not allowed to. */
  refused: 3,
} as const;

/** As a shell reports what a signal ended. */
export const SIGNAL_EXIT = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
export type EndingSignal = keyof typeof SIGNAL_EXIT;

/** What is known of a job at its end. */
export interface JobEnd {
  readonly failed: boolean;
  /** The signal that asked it to end. */
  readonly signal: EndingSignal | undefined;
  /** Whether it could have written something. */
  readonly begun: boolean;
  /** undefined if it ended before there was a result */
  readonly record: RunRecord | undefined;
}

export function exitCodeOf({ failed, signal, begun, record }: JobEnd): number {
  if (!failed) return EXIT.pass;
  if (signal !== undefined) return SIGNAL_EXIT[signal];
  if (record === undefined) return begun ? EXIT.fail : EXIT.refused;
  const { harms, changes, needsRecovery } = record;
  const isHarmless = harms.length === 0 && !needsRecovery;
  const outcome = outcomeOf(record);
  if (outcome === 'inconclusive' && isHarmless) return EXIT.inconclusive;
  return outcome === 'failed' && isHarmless && changes.length === 0 ? EXIT.refused : EXIT.fail;
}
