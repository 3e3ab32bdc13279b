import { readEachLease } from '../fleet/transaction/read-leases.ts';
import type { Leases } from '../fleet/transaction/read-leases.ts';
import { throwAny } from '../fleet/fleet.ts';
import { readClusterWeights } from '../release/cluster-weights.ts';
import type { FleetState } from '../release/state.ts';
import type { Context } from './context.ts';

/** What the clusters held when an operation looked. */
export interface FleetReading {
  readonly state: FleetState;
  /** Read before the state: a run that has changed it since has written these as well. */
  readonly leases: Leases;
}

/**
 * Reads the locks, then everything that a release may touch. If a cluster cannot be read, what the others hold is recorded: an
 * earlier run may have left them different.
 *
 * @throws as `throwAny`, with the failures of the clusters that cannot be read
 */
export async function readFleet({ fleet, release, recorder }: Context): Promise<FleetReading> {
  const { leases, failures: unread } = await readEachLease(fleet, release);
  const { state, failures } = await fleet.readEach(release);
  if (unread.size + failures.size > 0) {
    recorder.record({ kind: 'read', held: readClusterWeights(release, state, failures) });
    throwAny([...new Map([...failures, ...unread]).values()]);
  }
  return { leases, state };
}
