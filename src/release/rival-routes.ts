import { isDeepStrictEqual } from 'node:util';
import { gatewayNamesOf, isSeenBy, isUsed } from '../istio/visibility.ts';
import { haveHostInCommon } from '../istio/gateways.ts';
import { managedRoutes } from '../istio/managed-routes.ts';
import { takesRequest } from '../istio/route-matching.ts';
import type { RoutedRequest } from '../istio/route-matching.ts';
import { sampledRequest } from './sampled-request.ts';
import { keyOf, nameOf } from '../kubernetes/objects.ts';
import type { Gateway, HttpRoute, VirtualService } from '../kubernetes/objects.ts';
import type { Release } from './release.ts';
import type { ClusterName } from '../core/names.ts';
import { destinationsTo, isPreview, routePart } from '../istio/routes.ts';
import { revisionOf } from '../istio/marks.ts';
import type { FleetState } from './state.ts';
import type { TrafficState } from '../istio/traffic-state.ts';
import type { RouteState } from './route-state.ts';
import type { Rival } from './traffic-planner.ts';
import { delegatesTo, entrancesOf } from '../istio/virtual-services.ts';
import { hostSpecificity } from '../istio/hosts.ts';

/** A route outside the release that may answer the requests that are sampled, ahead of the managed one or in its place. */
export interface RivalRoute {
  readonly cluster: ClusterName;
  /** The VirtualService that holds the route; a delegate where its root leaves that to it. */
  readonly virtualService: VirtualService;
  /** The VirtualService that binds it to a gateway. */
  readonly entrance: VirtualService;
  readonly route: HttpRoute;
  /** The revision that its responses carry: another app's release has marked them. */
  readonly revision: string | undefined;
  /** Whether it is bound to a narrower host than the managed route. */
  readonly narrower: boolean;
}

/** What plans and checks need to know of it. */
export function asRival(
  release: Release,
  { cluster, virtualService: vs, route, revision }: RivalRoute,
): Rival {
  return {
    cluster,
    route: routePart(vs, route),
    object: nameOf(vs),
    revision,
    leadsHere: destinationsTo(vs, route, release).length > 0,
  };
}

/** A route with the VirtualServices that lead to it, and what of a request has to fit. */
export interface Reached {
  readonly virtualService: VirtualService;
  readonly entrance: VirtualService;
  readonly route: HttpRoute;
  readonly isTaker: (request: RoutedRequest) => boolean;
  readonly takesAll: boolean;
}

/**
 * The routes that may answer what is sampled, and are none of the release: those which Istio puts ahead of the managed route, and
 * where that takes no such request itself, all that do. Istio puts the routes of all VirtualServices for one host of a gateway in
 * one list, the oldest first, but what takes every request goes last; a narrower host has a list of its own.
 * Source: `buildGatewayHTTPRouteConfig` and `SortVHostRoutes` of Istio 1.31.
 */
export function rivalsOf(release: Release, fleet: FleetState, one: RouteState): readonly RivalRoute[] {
  const traffic = fleet.get(one.cluster)?.traffic;
  if (traffic === undefined) return [];
  const own = one.virtualService ?? standIn(release);
  const entrances = entrancesOf([own], traffic.roots);
  const request = sampledRequest(release, entrances, traffic.gateways);
  const managed = new Set(managedRoutes(own, release, one.choice.routes));
  return entrances.flatMap((entrance) => {
    const routes = reachedFrom(entrance, traffic, own);
    const ours = routes.findIndex(({ route, isTaker }) => managed.has(route) && isTaker(request));
    const first = routes[ours];
    const beside = traffic.everywhere.virtualServices
      .filter((other) => entrances.every((each) => nameOf(each) !== nameOf(other)))
      .filter((other) => isCovering(other, request.host) && isUsed(other, traffic))
      .flatMap((other) => reachedFrom(other, traffic, own).map((reached) => ({ other, reached })))
      .filter(
        ({ other, reached }) => first === undefined || goesFirst(reached, other, first, entrance, request),
      )
      .filter(({ other, reached }) =>
        sharesDoor(release, traffic, other, entrance, revisionOfRoute(reached.route)),
      )
      .map(({ reached }) => reached);
    const ahead = (ours < 0 ? routes : routes.slice(0, ours)).filter(({ route }) => !managed.has(route));
    return [...ahead, ...beside]
      .filter(({ route, isTaker }) => !isPreview(route) && isTaker(request))
      .map(({ virtualService, entrance: through, route }) => ({
        cluster: one.cluster,
        virtualService,
        entrance: through,
        route,
        revision: revisionOfRoute(route),
        narrower:
          hostSpecificity(through.spec.hosts ?? [], request.host) >
          hostSpecificity(entrance.spec.hosts ?? [], request.host),
      }));
  });
}

/** A VirtualService that is yet to be made, as far as it says where its requests come from. */
function standIn({ namespace, traffic, app }: Release): VirtualService {
  return {
    apiVersion: '',
    kind: 'VirtualService',
    metadata: { name: traffic.virtualService, namespace },
    spec: { hosts: traffic.hosts ?? ['*'], gateways: [traffic.gateway ?? app], http: [] },
  };
}

/** The routes that an entrance leads to, those of its delegates in their place; a delegate yet to be made has none. */
export function reachedFrom(
  entrance: VirtualService,
  { everywhere }: Pick<TrafficState, 'everywhere'>,
  own?: VirtualService,
): readonly Reached[] {
  const known =
    own === undefined
      ? everywhere.virtualServices
      : [own, ...everywhere.virtualServices.filter((vs) => nameOf(vs) !== nameOf(own))];
  return (entrance.spec.http ?? []).flatMap((route): readonly Reached[] => {
    const { match = [], delegate } = route;
    const isTaker = (request: RoutedRequest): boolean => takesRequest(route, request);
    const takesAll = match.length === 0;
    if (delegate === undefined) return [{ virtualService: entrance, entrance, route, isTaker, takesAll }];
    const root = { ...entrance, spec: { ...entrance.spec, http: [route] } };
    return known
      .filter((vs) => delegatesTo(root, vs))
      .flatMap((vs) =>
        (vs.spec.http ?? []).map((inner) => ({
          virtualService: vs,
          entrance,
          route: inner,
          isTaker: (request: RoutedRequest): boolean => isTaker(request) && takesRequest(inner, request),
          takesAll: takesAll && (inner.match ?? []).length === 0,
        })),
      );
  });
}

/** Whether Istio looks at a route of another VirtualService before it comes to the managed one. */
function goesFirst(
  reached: Reached,
  other: VirtualService,
  first: Reached,
  entrance: VirtualService,
  { host }: RoutedRequest,
): boolean {
  const theirHost = hostSpecificity(other.spec.hosts ?? [], host);
  const ourHost = hostSpecificity(entrance.spec.hosts ?? [], host);
  if (theirHost !== ourHost) return theirHost > ourHost;
  if (reached.takesAll !== first.takesAll) return first.takesAll;
  const [theirs, ours] = [placeInTime(other), placeInTime(entrance)];
  return theirs < ours;
}

/** Oldest first, and by name where two are of the same second; one that is yet to be made is the youngest. */
function placeInTime({ metadata }: VirtualService): string {
  const { creationTimestamp: created, name, namespace = '' } = metadata;
  return `${typeof created === 'string' ? created : '~'} ${name}.${namespace}`;
}

function isCovering(vs: VirtualService, host: string | undefined): boolean {
  return hostSpecificity(vs.spec.hosts ?? [], host) >= 0;
}

/**
 * Whether two VirtualServices are bound to the same pods of a gateway, and to a host in common: by one Gateway, or by two of the
 * same selector, which Istio merges. Where a Gateway may not be read, they are if a release has marked the responses.
 */
function sharesDoor(
  { traffic: { gatewaySelector } }: Release,
  traffic: TrafficState,
  other: VirtualService,
  entrance: VirtualService,
  revision: string | undefined,
): boolean {
  const everywhere = traffic.everywhere.gateways;
  const known = [...traffic.gateways, ...(everywhere ?? [])];
  const find = (key: string): Gateway | undefined => known.find(({ metadata }) => keyOf(metadata) === key);
  const ours = gatewayNamesOf(entrance);
  return gatewayNamesOf(other).some((theirs) => {
    if (isSeenBy(other, theirs, traffic) === false) return false;
    if (ours.includes(theirs)) return true;
    const gateway = find(theirs);
    if (gateway === undefined) return everywhere === undefined && revision !== undefined;
    return ours.some((name) => {
      const one = find(name);
      return (
        isDeepStrictEqual(
          gateway.spec.selector ?? {},
          one === undefined ? gatewaySelector : (one.spec.selector ?? {}),
        ) &&
        (one === undefined || haveHostInCommon(gateway, one))
      );
    });
  });
}

export function revisionOfRoute({ route = [] }: HttpRoute): string | undefined {
  return route.map(revisionOf).find((one) => one !== undefined);
}
