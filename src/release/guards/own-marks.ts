import { CanaryError } from '../../core/errors.ts';
import type { Message } from '../../texts/message.ts';
import { inEnglish } from '../../texts/texts.ts';
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
  if (first !== undefined) throw new CanaryError(inEnglish(first));
}

type Routes = Pick<Observation, 'routes' | 'api'>;

/** A sentence for each managed route that also leads to what another release has marked. */
export function foreignMarksIn({ routes, api }: Routes): readonly Message[] {
  return routes.flatMap(({ cluster, object, choice }) =>
    (object === undefined ? [] : api.foreignMarks(object, choice)).map((mark): Message => ({
      kind: 'foreignMarks',
      cluster,
      ...mark,
      header: REVISION_HEADER,
    })),
  );
}
