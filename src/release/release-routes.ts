import type { ClusterName } from '../core/names.ts';
import type { RouteChoice } from '../core/route-target.ts';
import { clientsOf, decidingRules } from '../istio/destination-rules.ts';
import type { Deciding } from '../istio/destination-rules.ts';
import type { DestinationRule } from '../kubernetes/objects.ts';
import { assertOneRouteKind } from './guards/one-route-kind.ts';
import { releaseDestinationRule } from './release-destination-rule.ts';
import { releaseHttpRoute } from './release-http-route.ts';
import { releaseVirtualServices } from './release-virtual-services.ts';
import { namedVirtualServices } from './release.ts';
import type { Release } from './release.ts';
import { ROUTE_APIS } from './route-apis.ts';
import { httpRoutesTo, routeKindOf } from './route-kind.ts';
import type { RouteObject } from './route-object.ts';
import { stateOf, trafficOf } from './state.ts';
import type { FleetState } from './state.ts';
import type { TrafficApi } from './traffic-api.ts';
import { everyRoute, subsetsOfServices, versionServices } from './version-services.ts';

/** What holds the weights of a release in one config cluster, and what selects the pods of its versions there. */
export interface ReleaseRoutes {
  readonly api: TrafficApi<RouteObject>;
  /** In the order named; the first is undefined where it is still to be made. */
  readonly objects: readonly (RouteObject | undefined)[];
  readonly choice: Omit<RouteChoice, 'routes'>;
  readonly destinationRule: DestinationRule | undefined;
  readonly deciding: Deciding;
}

/** @throws CanaryError where objects of another name hold the service's traffic, or both kinds do */
export function releaseRoutes(release: Release, fleet: FleetState, cluster: ClusterName): ReleaseRoutes {
  const kind = routeKindOf(release, fleet);
  const api = ROUTE_APIS[kind];
  const service = { app: release.app, namespace: release.namespace };
  switch (kind) {
    case 'VirtualService': {
      const traffic = trafficOf(fleet, cluster);
      const state = stateOf(fleet, cluster);
      for (const route of httpRoutesTo(release, fleet, state)) assertOneRouteKind(release, state, route);
      const [client] = clientsOf(release, traffic, []);
      return {
        api,
        objects: releaseVirtualServices(release, traffic, cluster),
        choice: { service },
        destinationRule: releaseDestinationRule(release, traffic, cluster),
        deciding: decidingRules(release, traffic.everywhere.destinationRules, client, traffic.mesh),
      };
    }
    case 'HTTPRoute':
      return {
        api,
        objects: [releaseHttpRoute(release, fleet, cluster)],
        choice: { service, versionServices: versionServices(release, fleet) },
        // A Service for each version takes the place of a subset.
        destinationRule: undefined,
        deciding: {
          rules: [],
          subsets: subsetsOfServices(release, stateOf(fleet, cluster)),
          policy: undefined,
        },
      };
  }
}

/** How any route to the service is read, whichever are managed. */
export function anyRoutesOf(
  release: Release,
  fleet: FleetState,
): Pick<ReleaseRoutes, 'api'> & { readonly choice: RouteChoice } {
  return {
    api: ROUTE_APIS[routeKindOf(release, fleet)],
    choice: everyRoute(release, fleet),
  };
}

/** The objects that the inputs mean in a config cluster, whatever is wrong with them; for reports. */
export function namedRoutes(
  release: Release,
  fleet: FleetState,
  cluster: ClusterName,
): readonly RouteObject[] {
  const names = namedVirtualServices(release);
  const asked = release.traffic.httpRoute;
  return routeKindOf(release, fleet) === 'VirtualService'
    ? trafficOf(fleet, cluster).virtualServices.filter(({ metadata }) => names.includes(metadata.name))
    : httpRoutesTo(release, fleet, stateOf(fleet, cluster)).filter(
        ({ metadata }) => asked === undefined || metadata.name === asked,
      );
}
