import { DIAGNOSIS_MS } from '../core/deadlines.ts';
import { messageOf } from '../core/errors.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { readRouteStates } from '../release/route-state.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * What the clusters hold now, for a diagnosis. Earlier weights may be waiting to be restored, so it takes a few seconds at most.
 *
 * @param known what was sampled, and the routes as they were known; kept if the clusters cannot be read
 * @returns `unread`: why the clusters could not be read
 */
export async function readSnapshot(
  fleet: Fleet,
  known: Pick<Snapshot, 'release' | 'evidence' | 'routes'>,
  signal: AbortSignal,
): Promise<{ readonly snapshot: Snapshot; readonly unread: string | undefined }> {
  const { release, evidence } = known;
  const limited = AbortSignal.any([signal, AbortSignal.timeout(DIAGNOSIS_MS)]);
  try {
    const state = await fleet.withSignal(limited).read(release);
    const routes = readRouteStates(release, state);
    return { snapshot: { release, evidence, state, routes }, unread: undefined };
  } catch (error) {
    return { snapshot: { ...known, state: undefined }, unread: messageOf(error) };
  }
}
