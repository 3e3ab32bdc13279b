import type { Written } from '../fleet/apply.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { Identity } from '../fleet/lock.ts';
import { nameOf } from '../release/objects.ts';
import type { Release } from '../release/release.ts';
import type { Log } from '../report/log.ts';
import type { Journal } from '../report/record.ts';

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
}

/** Runs one phase of an operation: a group in the log, and its seconds in the journal. */
export async function phase<T>({ journal, log }: Context, name: string, work: () => Promise<T>): Promise<T> {
  return log.group(name, async () => {
    const start = performance.now();
    try {
      return await work();
    } finally {
      const seconds = (performance.now() - start) / 1000;
      journal.phases = [...journal.phases, { name, seconds }];
      log.info(`${name}: ${seconds.toFixed(2)} s`);
    }
  });
}

/** Writes what was written into journal and log. */
export function recordIn({ journal, log }: Context): (written: Written) => void {
  return ({ change, stored }) => {
    const { cluster, reason } = change;
    journal.changes = [...journal.changes, { cluster, object: nameOf(stored), reason }];
    log.info(`${cluster}: ${change.verb === 'delete' ? 'deleted' : 'wrote'} ${nameOf(stored)} (${reason})`);
  };
}
