import type { TrafficApi } from './traffic-api.ts';
import { VIRTUAL_SERVICE_API } from './virtual-service-api.ts';
import { clientsOf, decidingRules } from '../istio/destination-rules.ts';
import type { Deciding } from '../istio/destination-rules.ts';
import { inCluster } from '../core/errors.ts';
import type { DestinationRule, VirtualService } from '../kubernetes/objects.ts';
import { recordOf } from './history.ts';
import type { ReleaseRecord } from './history.ts';
import type { Release } from './release.ts';
import type { RouteObject } from './route-object.ts';
import type { ClusterName, ServiceKey } from '../core/names.ts';
import { managedRoutes } from '../istio/managed-routes.ts';
import { destinationsTo, sumOf, routeKey, routesTo } from '../istio/routes.ts';
import { trafficOf } from './state.ts';
import type { FleetState } from './state.ts';
import { gatewaysOf, isDelegate } from '../istio/virtual-services.ts';
import { releaseVirtualServices } from './release-virtual-services.ts';
import { formatWeights } from '../core/weights.ts';
import type { Weights } from '../core/weights.ts';
import { releaseDestinationRule } from './release-destination-rule.ts';

/** The release as one VirtualService of a config cluster tells it. */
export interface RouteState {
  readonly cluster: ClusterName;
  /** The VirtualService or HTTPRoute that holds the weights; undefined: still to be made. */
  readonly object: RouteObject | undefined;
  /** The same, if it is a VirtualService. */
  readonly virtualService: VirtualService | undefined;
  /** Names of its HTTP routes to manage; undefined: the only one that leads to the service. */
  readonly routes: readonly string[] | undefined;
  /** The rule of the service that its subsets are added to; undefined where none exists. */
  readonly destinationRule: DestinationRule | undefined;
  /** The rules that decide for requests from the gateways. */
  readonly deciding: Deciding;
  /** What the managed routes hold; undefined where none stands, or none that names subsets. */
  readonly weights: Weights | undefined;
  /** The revision that responses of the managed routes carry. */
  readonly revision: string | undefined;
  readonly record: ReleaseRecord | undefined;
}

/** What to observe, where it is not all that the release names. */
export interface Scope {
  /** The config clusters to look at. */
  readonly clusters?: readonly ClusterName[] | undefined;
  /** Names of the HTTP routes to manage. */
  readonly routes?: readonly string[] | undefined;
}

/**
 * Reads the weights in force from every config cluster: one entry for each VirtualService of the release, those of a cluster in
 * the order named.
 *
 * @throws CanaryError where objects of another name hold the service's traffic, or the choice of routes is not clear
 */
export function readRouteStates(
  release: Release,
  fleet: FleetState,
  { clusters = release.configClusters, routes = release.traffic.routes }: Scope = {},
  api: TrafficApi<VirtualService> = VIRTUAL_SERVICE_API,
): readonly RouteState[] {
  return clusters.flatMap((cluster) => {
    const traffic = trafficOf(fleet, cluster);
    const virtualServices = releaseVirtualServices(release, traffic, cluster);
    const destinationRule = releaseDestinationRule(release, traffic, cluster);
    const [client] = clientsOf(release, traffic, []);
    const deciding = decidingRules(release, traffic.everywhere.destinationRules, client, traffic.mesh);
    return virtualServices.map((virtualService) =>
      inCluster(cluster, () => {
        const own = ownRoutes(release, routes, virtualService, virtualServices);
        const choice = { service: release, routes: own };
        const record = virtualService && recordOf(virtualService, release.app);
        return {
          cluster,
          object: virtualService,
          virtualService,
          routes: own,
          destinationRule,
          deciding,
          weights: virtualService && api.weights(virtualService, choice, record?.weights),
          revision: virtualService && api.revision(virtualService, choice),
          record,
        };
      }),
    );
  });
}

/**
 * The names of the routes to manage in one of several VirtualServices: those that it has; in one that has none of them, the
 * only route that leads to the service. A name that stands nowhere is left to the first, which complains of it.
 */
function ownRoutes(
  service: ServiceKey,
  names: readonly string[] | undefined,
  vs: VirtualService | undefined,
  all: readonly (VirtualService | undefined)[],
): readonly string[] | undefined {
  if (all.length === 1) return names;
  const has = (one: VirtualService | undefined, name: string): boolean =>
    one !== undefined && routesTo(one, service).some((route) => routeKey(one, route) === name);
  const own = names?.filter((name) => has(vs, name) || (vs === all[0] && !all.some((one) => has(one, name))));
  return own?.length === 0 ? undefined : own;
}

/** What each config cluster holds, once: the entry of its first VirtualService. */
export function oncePerCluster(routes: readonly RouteState[]): readonly RouteState[] {
  return routes.filter((one, i) => routes.findIndex(({ cluster }) => cluster === one.cluster) === i);
}

/** `east`; with the VirtualService where the cluster has several. */
export function describePlace(one: RouteState, routes: readonly RouteState[]): string {
  const alone = routes.filter(({ cluster }) => cluster === one.cluster).length === 1;
  return alone || one.virtualService === undefined
    ? one.cluster
    : `${one.cluster} (${one.virtualService.metadata.name})`;
}

/** What serves a cluster's ingress: its own control plane's routes or the first's, and there those that a gateway serves. */
export function routeStateFor(routes: readonly RouteState[], cluster: ClusterName): RouteState | undefined {
  const own = routes.filter((one) => one.cluster === cluster);
  const serving = own.length > 0 ? own : routes.filter((one) => one.cluster === routes[0]?.cluster);
  return (
    serving.find(
      ({ virtualService: vs }) => vs !== undefined && (isDelegate(vs) || gatewaysOf(vs).length > 0),
    ) ?? serving[0]
  );
}

/** Whether other hosts than the service answer a share of the requests to a cluster's ingress. */
export function isSharedWithOtherHosts(
  release: Release,
  states: readonly RouteState[],
  cluster: ClusterName,
): boolean {
  const { virtualService: vs, routes } = routeStateFor(states, cluster) ?? {};
  return (
    vs !== undefined &&
    managedRoutes(vs, release, routes).some((route) => {
      const ours = destinationsTo(vs, route, release);
      return sumOf((route.route ?? []).filter((destination) => !ours.includes(destination))) > 0;
    })
  );
}

/** Where weights or revision are no longer what they were, as `west: revision 7, v1=80,v2=20 → revision 8, v1=50,v2=50`. */
export function describeRouteChanges(
  before: readonly RouteState[],
  now: readonly RouteState[],
): readonly string[] {
  const told = (one: RouteState | undefined): string =>
    [
      `revision ${String(one?.record?.revision ?? one?.revision ?? 'none')}`,
      one?.weights === undefined ? 'no weights' : formatWeights(one.weights),
    ].join(', ');
  const name = ({ virtualService }: RouteState): string | undefined => virtualService?.metadata.name;
  return before.flatMap((one) => {
    const later = now.find((other) => other.cluster === one.cluster && name(other) === name(one));
    return told(later) === told(one) ? [] : [`${describePlace(one, before)}: ${told(one)} → ${told(later)}`];
  });
}

/** The record of the last route change that any config cluster holds. */
export function newestRecord(routes: readonly RouteState[]): ReleaseRecord | undefined {
  return routes
    .map(({ record }) => record)
    .toSorted((a, b) => (b?.revision ?? 0) - (a?.revision ?? 0))
    .at(0);
}

/** The VirtualServices of the release that exist. */
export function existingRoutes(
  routes: readonly RouteState[],
): readonly { readonly cluster: ClusterName; readonly object: VirtualService }[] {
  return routes.flatMap(({ cluster, virtualService }) =>
    virtualService === undefined ? [] : [{ cluster, object: virtualService }],
  );
}
