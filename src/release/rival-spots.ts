import type { Message, MessageValues } from '../texts/message.ts';
import { nameOf } from '../kubernetes/objects.ts';
import type { Observation } from './observation.ts';
import { plannerOf } from './traffic-planners.ts';

/**
 * The routes that take requests for the sampled path before the managed ones do, a message for each. What leads to the service is named as
 * such elsewhere.
 */
export function rivalSpots(observed: Observation): readonly Message[] {
  const found = observed.routes.flatMap((one) =>
    plannerOf(one)
      .rivals(observed, one)
      .filter(({ leadsHere }) => !leadsHere)
      .map(({ cluster, route, object, listener, isCertain: certain }) => ({
        cluster,
        what: {
          route,
          object,
          path: observed.release.check.path,
          managed: one.object === undefined ? observed.release.app : nameOf(one.object),
          listener,
          certain,
        } satisfies Omit<MessageValues['rivalAhead'], 'clusters'>,
      })),
  );
  return [...Map.groupBy(found, ({ what }) => JSON.stringify(what)).values()].flatMap((same) =>
    same.slice(0, 1).map(({ what }): Message => ({
      kind: 'rivalAhead',
      ...what,
      clusters: [...new Set(same.map(({ cluster }) => cluster))],
    })),
  );
}
