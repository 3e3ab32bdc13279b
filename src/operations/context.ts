import type { Written } from '../fleet/transaction/write-confirmed.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { Identity } from '../fleet/transaction/lock.ts';
import { nowHolding } from '../release/agreement.ts';
import { nameOf } from '../kubernetes/objects.ts';
import type { Release } from '../release/release.ts';
import type { Observation } from '../release/observation.ts';
import { blindSpotsIn } from '../release/blind-spots.ts';
import type { Weights } from '../core/weights.ts';
import type { Log } from '../report/log.ts';
import { yamlOf } from '../report/difference.ts';
import { secondsIn } from '../report/run-record.ts';
import type { Journal, Step } from '../report/run-record.ts';

/** What every operation works with. */
export interface Context {
  readonly release: Release;
  readonly fleet: Fleet;
  readonly journal: Journal;
  /** This run, as the holder of the lock. */
  readonly identity: Identity;
  readonly log: Log;
  /** Ends all work; what was begun is settled before the operation returns. */
  readonly signal: AbortSignal;
  /** Whether the release is still locked by this run; outside of a transaction it is not. */
  readonly isHeld?: (signal: AbortSignal) => Promise<boolean>;
  /** Makes sure that the lock is still this run's, before what must not happen without it; throws where it is not. */
  readonly assertHeld?: () => Promise<void>;
  /** Called when a transaction has nothing left to do but to release its lock, and when that is released everywhere. */
  readonly onTransaction?: (transaction: string, state: 'concluded' | 'released') => void;
}

/** Runs a phase that takes something from users where another run works at the same time: only as long as the lock is held. */
export async function lockedPhase<T>(context: Context, name: string, work: () => Promise<T>): Promise<T> {
  return phase(context, name, async () => {
    await context.assertHeld?.();
    return work();
  });
}

/** Runs one phase of an operation: a group in the log, and its seconds in the journal. */
export async function phase<T>({ journal, log }: Context, name: string, work: () => Promise<T>): Promise<T> {
  return log.group(name, async () => {
    const start = secondsIn(journal);
    try {
      return await work();
    } finally {
      const seconds = secondsIn(journal) - start;
      journal.phases = [...journal.phases, { name, start, seconds }];
      log.info(`${name}: ${seconds.toFixed(2)} s`);
    }
  });
}

/** Notes what a claim about users does not cover, in the journal and in the log; each sentence is logged once. */
export function noteUnseen({ journal, log }: Context, observed: Observation): void {
  const unseen = blindSpotsIn(observed);
  for (const sentence of unseen.filter((one) => !journal.unseen.includes(one))) log.warn(sentence);
  journal.unseen = unseen;
}

/** Writes what was written into journal and log. */
export function recordIn({ journal, log }: Context): (written: Written) => void {
  return ({ change, earlier, stored }) => {
    const { cluster, verb, reason } = change;
    const object = nameOf(stored);
    const before = earlier && yamlOf(earlier);
    const after = verb === 'delete' ? undefined : yamlOf(stored, earlier);
    journal.changes = [
      ...journal.changes,
      { cluster, verb, object, reason, at: secondsIn(journal), before, after },
    ];
    log.info(`${cluster}: ${verb === 'delete' ? 'deleted' : 'wrote'} ${object} (${reason})`);
  };
}

/** Writes into the journal that weights are in force now in all clusters. */
export function recordStep({ journal }: Context, weights: Weights, direction: Step['direction']): void {
  journal.held = nowHolding(journal.held, weights);
  journal.steps = [...journal.steps, { at: secondsIn(journal), weights, direction }];
}
