import type { OnWritten } from '../fleet/transaction/write-confirmed.ts';
import type { PhaseName } from '../texts/catalogue/timeline.ts';
import { inEnglish } from '../texts/texts.ts';
import { nextTurn } from '../core/clock.ts';
import type { Clock } from '../core/clock.ts';
import { withPauses } from '../core/pieces.ts';
import type { EventSender } from '../fleet/event-sender.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { Identity } from '../fleet/transaction/lock.ts';
import type { Transaction } from '../fleet/transaction/transaction.ts';
import { nameOf } from '../kubernetes/objects.ts';
import type { Release } from '../release/release.ts';
import type { Observation } from '../release/observation.ts';
import { blindSpotsIn } from '../release/blind-spots.ts';
import { routeDefects } from '../release/route-defects.ts';
import type { RouteDefect } from '../release/route-defect.ts';
import type { Log } from '../report/log.ts';
import { writingYaml } from '../report/difference.ts';
import type { Recorder } from '../report/run-events.ts';

/** What every operation works with. */
export interface Context {
  readonly release: Release;
  readonly fleet: Fleet;
  readonly recorder: Recorder;
  /** This run, as the holder of the lock. */
  readonly identity: Identity;
  readonly log: Log;
  /** Ends all work; writes under way are completed or reverted before the operation returns. */
  readonly signal: AbortSignal;
  /** undefined outside of one: then nothing is written */
  readonly transaction?: Transaction;
  /** Announces changes as Kubernetes Events; undefined: it does not. */
  readonly events?: EventSender;
  /** What metrics are polled by; undefined: the system's clock. */
  readonly clock?: Clock;
  /** Called when a transaction has nothing left to do but to release its lock, and when that is released everywhere. */
  readonly onTransaction?: (transaction: string, state: 'concluded' | 'released') => void;
}

/** Runs a phase that changes what users get, if the lock is still held. */
export async function lockedPhase<T>(context: Context, name: PhaseName, work: () => Promise<T>): Promise<T> {
  return phase(context, name, async () => {
    await context.transaction?.assertHeld();
    return work();
  });
}

/** Runs one phase of an operation: a group in the log, and its duration in the record. */
export async function phase<T>(
  { recorder, log }: Pick<Context, 'recorder' | 'log'>,
  name: PhaseName,
  work: () => Promise<T>,
): Promise<T> {
  return log.group(name, async () => {
    const elapsed = stopwatch();
    let completed = false;
    try {
      const result = await work();
      completed = true;
      return result;
    } finally {
      const seconds = elapsed();
      recorder.record({ kind: 'phase', name, seconds, completed });
      log.info(`${name}: ${seconds.toFixed(2)} s`);
    }
  });
}

/** @returns a function that returns the seconds since this call */
export function stopwatch(): () => number {
  const begin = performance.now();
  return () => (performance.now() - begin) / 1000;
}

/** Notes what a claim about users does not cover; each sentence is logged once. */
export function noteBlindSpots(
  { recorder, log }: Pick<Context, 'recorder' | 'log'>,
  observed: Observation,
): void {
  const messages = blindSpotsIn(observed);
  for (const message of messages) log.warnOnce(inEnglish(message));
  recorder.record({ kind: 'blind spots', of: 'release', messages });
}

/** Logs why weights do not hold for users, as far as the objects show it. */
export function logDefects({ log }: Pick<Context, 'log'>, observed: Observation): readonly RouteDefect[] {
  const defects = routeDefects(observed);
  for (const { title, detail } of defects) log.warn(inEnglish({ kind: 'findingLine', title, detail }));
  return defects;
}

/** Records and logs a write that was made. */
export function recordChange({ recorder, log }: Context): OnWritten {
  return async ({ change, earlier, stored }) => {
    const { cluster, verb, reason } = change;
    const object = nameOf(stored);
    const before = earlier && (await withPauses(writingYaml(earlier), nextTurn));
    const after = verb === 'delete' ? undefined : await withPauses(writingYaml(stored, earlier), nextTurn);
    recorder.record({ kind: 'changed', change: { cluster, verb, object, reason, before, after } });
    log.info(`${cluster}: ${verb === 'delete' ? 'deleted' : 'wrote'} ${object} (${inEnglish(reason)})`);
  };
}
