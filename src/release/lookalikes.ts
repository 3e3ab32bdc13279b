import type { Observation } from './observation.ts';
import type { RouteState } from './route-state.ts';
import type { Rival } from './traffic-planner.ts';
import { plannerOf } from './traffic-planners.ts';

/** Rivals whose responses cannot be told from those of the managed route, as they carry the same mark, or neither carries any. */
export function lookalikes(
  observed: Pick<Observation, 'release' | 'fleet'>,
  one: RouteState,
): readonly Rival[] {
  return plannerOf(one)
    .rivals(observed, one)
    .filter(
      ({ leadsHere, revision }) => !leadsHere && (one.revision === undefined || one.revision === revision),
    );
}
