import { CanaryError } from '../../core/errors.ts';
import { REVISION_HEADER } from '../../core/headers.ts';
import type { Observation } from '../observation.ts';

/**
 * Refuses managed routes that also lead to what another release has marked: such a response would count as one of this release, of its
 * revision or of an earlier one.
 *
 * @throws CanaryError that names the route and the destination
 */
export function assertOwnMarks(observed: Routes): void {
  const [first] = foreignMarksIn(observed);
  if (first !== undefined) throw new CanaryError(first);
}

type Routes = Pick<Observation, 'routes' | 'api'>;

/** A sentence for each managed route that also leads to what another release has marked. */
export function foreignMarksIn({ routes, api }: Routes): readonly string[] {
  return routes.flatMap(({ cluster, object, choice }) =>
    (object === undefined ? [] : api.foreignMarks(object, choice)).map(
      (what) =>
        `In ${cluster}, ${what}, whose responses another release marks with ${REVISION_HEADER}: no response would tell which of the two releases it belongs to. Give each app a route of its own, or remove that response header if its release has ended.`,
    ),
  );
}
