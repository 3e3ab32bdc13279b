import { CanaryError } from '../../core/errors.ts';
import { inEnglish } from '../../texts/texts.ts';
import { REVISION_HEADER } from '../../core/headers.ts';
import type { Observation } from '../observation.ts';
import type { RouteDefect } from '../route-defect.ts';

/**
 * Refuses managed routes whose responses would not show what the release marks them with: a route that also leads to what another release
 * has marked, or that changes these headers itself.
 *
 * @throws CanaryError that names the route, and the destination or the header
 */
export function assertOwnMarks(observed: Routes): void {
  const [first] = unclearMarksIn(observed);
  if (first !== undefined) throw new CanaryError(inEnglish(first.detail));
}

type Routes = Pick<Observation, 'routes'>;

/** Why responses of managed routes may not show the version and revision that the release sets, one entry for each route. */
export function unclearMarksIn({ routes }: Routes): readonly RouteDefect[] {
  return routes.flatMap(({ cluster, api, object, choice }): readonly RouteDefect[] =>
    object === undefined
      ? []
      : [
          ...api.foreignMarks(object, choice).map((mark): RouteDefect => ({
            title: { kind: 'foreignMarksTitle' },
            detail: { kind: 'foreignMarks', cluster, ...mark, header: REVISION_HEADER },
          })),
          ...api.changedMarks(object, choice).map((mark): RouteDefect => ({
            title: { kind: 'changedMarksTitle', cluster },
            detail: { kind: 'changedMarks', cluster, ...mark },
          })),
        ],
  );
}
