import type { TrafficApi } from './traffic-api.ts';
import { newestRevision } from '../core/headers.ts';
import type { RouteChoice } from '../core/route-target.ts';
import { changedMarks, revisionOf } from '../istio/marks.ts';
import { managedRoutes } from '../istio/managed-routes.ts';
import { withPreviews, withWeights } from '../istio/route-edits.ts';
import { managedVersions, managedWeights, weightsByRoute } from '../istio/route-weights.ts';
import {
  destinationsTo,
  routePart,
  previewedVersions,
  routeKey,
  routesTo,
  streamsTo,
  sumOf,
} from '../istio/routes.ts';
import { gatewaysOf, isDelegate } from '../istio/virtual-services.ts';
import { nameOf } from '../kubernetes/objects.ts';
import type { HttpRoute, VirtualService } from '../kubernetes/objects.ts';

/** Weights between subsets in the HTTP, TCP and TLS routes of Istio's VirtualServices. */
export const VIRTUAL_SERVICE_API: TrafficApi<VirtualService> = {
  kind: 'VirtualService',
  weights: (vs, { service, routes }, recorded) => managedWeights(vs, service, routes, recorded),
  versions: (vs, { service, routes }) => managedVersions(vs, service, routes),
  weightsByRoute: (vs, { service }) => weightsByRoute(vs, service),
  lacksRoute: (vs, choice) =>
    managedIn(vs, choice).length === 0 && streamsTo(vs, choice.service).length === 0,
  hasRoute: (vs, { service }, name) => routesTo(vs, service).some((route) => routeKey(vs, route) === name),
  routeNames: (vs, choice) => managedIn(vs, choice).map(({ name }) => name),
  isShared: (vs, choice) =>
    managedIn(vs, choice).some((route) => {
      const ours = destinationsTo(vs, route, choice.service);
      return sumOf((route.route ?? []).filter((destination) => !ours.includes(destination))) > 0;
    }),
  hasEntrance: (vs) => isDelegate(vs) || gatewaysOf(vs).length > 0,
  withWeights,
  withPreviews,
  isPreviewed: (vs, { service }, version) =>
    previewedVersions(vs, service).includes(version) || routesTo(vs, service).length === 0,
  foreignMarks: (vs, choice) =>
    managedIn(vs, choice).flatMap((route) => {
      const ours = destinationsTo(vs, route, choice.service);
      return (route.route ?? [])
        .filter((one) => !ours.includes(one) && revisionOf(one) !== undefined)
        .map(({ destination }) => ({
          route: routePart(vs, route),
          object: nameOf(vs),
          destination: destination.host,
        }));
    }),
  changedMarks: (vs, choice) =>
    managedIn(vs, choice).flatMap((route) =>
      changedMarks(route).map((header) => ({ route: routePart(vs, route), object: nameOf(vs), header })),
    ),
  revision: (vs, choice) =>
    newestRevision(
      managedIn(vs, choice).flatMap((route) => destinationsTo(vs, route, choice.service).map(revisionOf)),
    ),
};

function managedIn(vs: VirtualService, { service, routes }: RouteChoice): readonly HttpRoute[] {
  return managedRoutes(vs, service, routes);
}
