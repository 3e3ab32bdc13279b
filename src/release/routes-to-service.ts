import { absentGateways, isUsed } from '../istio/visibility.ts';
import { nameOf } from '../kubernetes/objects.ts';
import type { HttpRoute, RouteDestination, VirtualService } from '../kubernetes/objects.ts';
import type { ClusterName, ServiceKey } from '../core/names.ts';
import { managedRoutes } from '../istio/managed-routes.ts';
import { destinationsTo, isPreview, isServed, streamsTo } from '../istio/routes.ts';
import type { Route } from '../istio/routes.ts';
import { isHostOf } from '../istio/hosts.ts';
import type { Observation } from './observation.ts';
import { trafficOf } from './state.ts';
import type { RouteState } from './route-state.ts';

/** A route outside the release that leads to its service. */
export interface ServiceRoute {
  readonly cluster: ClusterName;
  readonly virtualService: VirtualService;
  readonly route: Route;
  /** The destinations of the service that get requests. */
  readonly destinations: readonly RouteDestination[];
  /** `copies`: they are mirrors, whose answers nobody sees. */
  readonly what: 'requests' | 'copies';
  /** The Gateways that it is bound to, as `namespace/name`, where none of them exists: nobody enters by it yet. */
  readonly absent: readonly string[];
}

/**
 * Every route of any VirtualService, of any namespace, that leads to the service and is not managed: HTTP, TCP and TLS routes,
 * and mirrors. Preview routes are the release's own; what no proxy uses, and what a route before it leaves nothing, is left out.
 */
export function routesToService(observed: Observation): readonly ServiceRoute[] {
  const { release, routes } = observed;
  return leadsTo(release, observed, (vs, cluster) => managedIn(release, routes, cluster, vs));
}

/** The same for another Service of the namespace, none of whose routes is managed. */
export function routesToOther(observed: Observation, app: string): readonly ServiceRoute[] {
  const { namespace } = observed.release;
  return leadsTo({ app, namespace }, observed, () => []);
}

function leadsTo(
  service: ServiceKey,
  { fleet, clusters }: Observation,
  managedBy: (vs: VirtualService, cluster: ClusterName) => readonly Route[],
): readonly ServiceRoute[] {
  return clusters.flatMap((cluster) => {
    const traffic = trafficOf(fleet, cluster);
    return traffic.everywhere.virtualServices
      .filter((vs) => isUsed(vs, traffic))
      .flatMap((vs) => {
        const managed = managedBy(vs, cluster);
        return reachedRoutes(vs)
          .flatMap((route) => leadsOf(service, vs, route, managed.includes(route)))
          .map((lead) => ({
            cluster,
            virtualService: vs,
            absent: absentGateways(vs, service, traffic),
            ...lead,
          }));
      });
  });
}

/** Whether requests reach every pod of the service by it, whatever their version. */
export function isOpen({ destinations }: ServiceRoute): boolean {
  return destinations.some(({ destination }) => destination.subset === undefined);
}

function managedIn(
  service: ServiceKey,
  routes: readonly RouteState[],
  cluster: ClusterName,
  vs: VirtualService,
): readonly Route[] {
  const own = routes.find(
    (one) =>
      one.cluster === cluster &&
      one.virtualService !== undefined &&
      nameOf(one.virtualService) === nameOf(vs),
  );
  return own === undefined
    ? []
    : [...managedRoutes(vs, service, own.choice.routes), ...streamsTo(vs, service)];
}

/**
 * The routes of a VirtualService that a request may reach: none behind a route that takes all of them. What the routes of a
 * delegate do not take goes on to the next one.
 */
function reachedRoutes({ spec }: VirtualService): readonly Route[] {
  const { http = [], tcp = [], tls = [] } = spec;
  const last = http.findIndex(({ match = [], delegate }) => match.length === 0 && delegate === undefined);
  const reached = last < 0 ? http : http.slice(0, last + 1);
  return [...reached.filter((route) => !isPreview(route)), ...tcp, ...tls];
}

function leadsOf(
  service: ServiceKey,
  vs: VirtualService,
  route: Route,
  isManaged: boolean,
): readonly Pick<ServiceRoute, 'route' | 'destinations' | 'what'>[] {
  const served = isManaged
    ? []
    : destinationsTo(vs, route, service).filter((destination) => isServed(route, destination));
  const copied = mirrorsOf(route)
    .filter(({ host }) => isHostOf(service, host, vs.metadata.namespace))
    .map((destination) => ({ destination }));
  return [
    ...(served.length === 0 ? [] : [{ route, destinations: served, what: 'requests' as const }]),
    ...(copied.length === 0 ? [] : [{ route, destinations: copied, what: 'copies' as const }]),
  ];
}

function mirrorsOf({ mirror, mirrors = [] }: HttpRoute): readonly RouteDestination['destination'][] {
  return [...(mirror === undefined ? [] : [mirror]), ...mirrors.map(({ destination }) => destination)];
}
