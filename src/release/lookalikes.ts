import { answeringRivals } from './answering-rivals.ts';
import type { AnsweringRival } from './answering-rivals.ts';
import type { Observation } from './observation.ts';
import type { RouteState } from './route-state.ts';

/** Rivals whose responses cannot be told from those of the managed route, as they carry the same mark, or neither carries any. */
export function lookalikes(
  observed: Pick<Observation, 'release' | 'fleet'>,
  one: RouteState,
): readonly AnsweringRival[] {
  return answeringRivals(observed, one).filter(
    ({ leadsHere, revision }) => !leadsHere && (one.revision === undefined || one.revision === revision),
  );
}
