import type { RoutePart } from '../texts/catalogue/routes.ts';
import type { Observation } from './observation.ts';
import type { RouteState } from './route-state.ts';
import type { Rival } from './traffic-planner.ts';
import { plannerOf } from './traffic-planners.ts';

/** A rival that may answer the requests that are sampled. */
export interface AnsweringRival extends Rival {
  readonly route: RoutePart;
}

/** Those of the rivals. Where the pods of the gateway could not be read, only the mark of another release shows that it answers. */
export function answeringRivals(
  observed: Pick<Observation, 'release' | 'fleet'>,
  one: RouteState,
): readonly AnsweringRival[] {
  return plannerOf(one)
    .rivals(observed, one)
    .flatMap(({ route, ...rival }) =>
      route === undefined ||
      rival.listener !== undefined ||
      !(rival.isCertain || rival.revision !== undefined)
        ? []
        : { ...rival, route },
    );
}
