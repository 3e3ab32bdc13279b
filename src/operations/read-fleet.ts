import { readLeases } from '../fleet/transaction/read-leases.ts';
import type { Leases } from '../fleet/transaction/read-leases.ts';
import type { FleetState } from '../release/state.ts';
import type { Context } from './context.ts';

/** What the clusters held when an operation looked. */
export interface FleetReading {
  readonly state: FleetState;
  /** Read before the state: a run that has changed it since has written these as well. */
  readonly leases: Leases;
}

/** Reads the locks, then everything that a release may touch. */
export async function readFleet({ fleet, release }: Context): Promise<FleetReading> {
  const leases = await readLeases(fleet, release);
  return { leases, state: await fleet.read(release) };
}
