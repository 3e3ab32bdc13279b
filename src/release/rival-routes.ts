import { isDeepStrictEqual } from 'node:util';
import { gatewayNamesOf, isSeenBy, isUsed } from '../istio/visibility.ts';
import { haveHostInCommon } from '../istio/gateways.ts';
import { managedRoutes } from '../istio/managed-routes.ts';
import { takesRequest } from '../istio/route-matching.ts';
import type { RoutedRequest } from '../istio/route-matching.ts';
import { sampledRequest } from './sampled-request.ts';
import { keyOf, nameOf } from '../kubernetes/objects.ts';
import type { Gateway, HttpRoute, Labels, VirtualService } from '../kubernetes/objects.ts';
import type { Release } from './release.ts';
import type { ClusterName } from '../core/names.ts';
import { destinationsTo, isPreview, routePart } from '../istio/routes.ts';
import { revisionOf } from '../istio/marks.ts';
import type { FleetState } from './state.ts';
import type { TrafficState } from '../istio/traffic-state.ts';
import type { RouteState } from './route-state.ts';
import type { Rival } from './traffic-planner.ts';
import { contendersAhead, placeInTime, virtualServicePlace } from './contenders.ts';
import type { Contender, Contending } from './contenders.ts';
import { delegatesTo, entrancesOf } from '../istio/virtual-services.ts';
import { hostSpecificity } from '../istio/hosts.ts';

/** A route outside the release that may answer the requests that are sampled, ahead of the managed one or in its place. */
export interface RivalRoute {
  readonly cluster: ClusterName;
  /** The VirtualService that holds the route; a delegate where its root leaves that to it. */
  readonly virtualService: VirtualService;
  /** The VirtualService that binds it to a gateway. */
  readonly entrance: VirtualService;
  /** undefined: a narrower host takes the requests, and no route for it does, so that the gateway answers 404. */
  readonly route: HttpRoute | undefined;
  /** The revision that its responses carry: another app's release has marked them. */
  readonly revision: string | undefined;
  /** Whether it is bound to a narrower host than the managed route. */
  readonly narrower: boolean;
}

/** What plans and checks need to know of it. */
export function asRival(
  release: Release,
  { cluster, virtualService: vs, route, revision, isCertain }: RivalRoute & { readonly isCertain?: boolean },
): Rival {
  return {
    cluster,
    route: route && routePart(vs, route),
    object: nameOf(vs),
    listener: undefined,
    isCertain: isCertain ?? true,
    revision,
    leadsHere: route !== undefined && destinationsTo(vs, route, release).length > 0,
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
 * where that takes no such request itself, all that do.
 */
export function rivalsOf(release: Release, fleet: FleetState, one: RouteState): readonly RivalRoute[] {
  const { cluster } = one;
  const traffic = fleet.get(cluster)?.traffic;
  if (traffic === undefined) return [];
  const { own, entrances, request, isManaged } = competingOf(release, traffic, one);
  return entrances.flatMap((entrance): readonly RivalRoute[] => {
    const routes = reachedFrom(entrance, traffic, own);
    const ours = routes.findIndex(({ route, isTaker }) => isManaged(route) && isTaker(request));
    const before = (ours < 0 ? routes : routes.slice(0, ours)).filter(
      ({ route, isTaker }) => !isManaged(route) && !isPreview(route) && isTaker(request),
    );
    const takes = managedTakes(routes[ours], one);
    const beside = traffic.everywhere.virtualServices
      .filter((other) => entrances.every((each) => nameOf(each) !== nameOf(other)))
      .filter((other) => isUsed(other, traffic))
      .flatMap((other) => contendersFrom(other, { release, traffic, own, entrance, request, takes }));
    return [
      ...before.map(({ virtualService, route }) => ({
        virtualService,
        entrance,
        route,
        revision: revisionOfRoute(route),
        narrower: false,
      })),
      ...contendersAhead(beside),
    ].map((rival) => ({ ...rival, cluster }));
  });
}

/** The VirtualServices of a release in a cluster, and what they compete for. */
export interface Competing {
  readonly own: VirtualService;
  readonly entrances: readonly VirtualService[];
  readonly request: RoutedRequest;
  readonly isManaged: (route: HttpRoute) => boolean;
}

export function competingOf(release: Release, traffic: TrafficState, one: RouteState): Competing {
  const own = one.virtualService ?? standIn(release);
  const entrances = entrancesOf([own], traffic.roots);
  const managed = new Set(
    one.virtualService === undefined ? [] : managedRoutes(own, release, one.choice.routes),
  );
  return {
    own,
    entrances,
    request: sampledRequest(release, entrances, traffic.gateways),
    isManaged: (route) => managed.has(route),
  };
}

/** What the managed route takes; one that is yet to be made takes every request. */
export function managedTakes(
  reached: Reached | undefined,
  { virtualService }: Pick<RouteState, 'virtualService'>,
): Contender['takes'] {
  if (reached === undefined) return virtualService === undefined ? 'every request' : 'nothing';
  return reached.takesAll ? 'every request' : 'this request';
}

interface Meeting extends Pick<Competing, 'own' | 'request'>, Pick<Contender, 'takes'> {
  readonly release: Release;
  readonly traffic: TrafficState;
  readonly entrance: VirtualService;
}

/** The routes of another VirtualService that compete with those of an entrance, by the Gateways at which the two meet. */
function contendersFrom(
  other: VirtualService,
  { release, traffic, own, entrance, request, takes }: Meeting,
): readonly (Contending & Omit<RivalRoute, 'cluster'>)[] {
  const of = (vs: VirtualService, gateway: Gateway | undefined): Omit<Contender, 'takes'> =>
    gateway === undefined
      ? { host: hostSpecificity(vs.spec.hosts ?? [], request.host), places: ['', placeInTime(vs.metadata)] }
      : virtualServicePlace(vs, gateway, gateway.spec.servers ?? [], request.host);
  const at = (
    revision: string | undefined,
  ): { readonly theirs: Omit<Contender, 'takes'>; readonly against: Contender } | undefined => {
    const door = sharedDoor(release, traffic, other, entrance, revision);
    if (door === undefined) return undefined;
    // Of two Gateways the age is known, or that of neither counts.
    const isKnown = door.ours !== undefined && door.theirs !== undefined;
    const theirs = of(other, isKnown ? door.theirs : undefined);
    return theirs.host < 0
      ? undefined
      : { theirs, against: { ...of(entrance, isKnown ? door.ours : undefined), takes } };
  };
  const found = reachedFrom(other, traffic, own).flatMap((reached) => {
    const { virtualService, route, isTaker, takesAll } = reached;
    const revision = revisionOfRoute(route);
    const place = !isPreview(route) && isTaker(request) ? at(revision) : undefined;
    if (place === undefined) return [];
    return [
      {
        ...place,
        takes: takesAll ? 'every request' : 'this request',
        virtualService,
        route,
        revision,
      } as const,
    ];
  });
  const place = found.length === 0 ? at(undefined) : undefined;
  const all =
    place === undefined
      ? found
      : [
          {
            ...place,
            takes: 'nothing',
            virtualService: other,
            route: undefined,
            revision: undefined,
          } as const,
        ];
  return all.map(({ theirs, ...rest }) => ({
    ...theirs,
    ...rest,
    entrance: other,
    narrower: theirs.host > rest.against.host,
  }));
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

/** The Gateways of two VirtualServices at which they meet; undefined: could not be read. */
interface Door {
  readonly theirs: Gateway | undefined;
  readonly ours: Gateway | undefined;
}

/**
 * Where two VirtualServices are bound to the same pods of a gateway, and to a host in common: by one Gateway, or by two of the
 * same selector, which Istio merges. Where a Gateway may not be read, they are if a release has marked the responses.
 */
function sharedDoor(
  { traffic: { gatewaySelector } }: Release,
  traffic: TrafficState,
  other: VirtualService,
  entrance: VirtualService,
  revision: string | undefined,
): Door | undefined {
  const everywhere = traffic.everywhere.gateways;
  const known = [...traffic.gateways, ...(everywhere ?? [])];
  const find = (key: string): Gateway | undefined => known.find(({ metadata }) => keyOf(metadata) === key);
  const ours = gatewayNamesOf(entrance);
  for (const name of gatewayNamesOf(other)) {
    if (isSeenBy(other, name, traffic) === false) continue;
    const theirs = find(name);
    if (ours.includes(name)) return { theirs, ours: theirs };
    if (theirs === undefined) {
      if (everywhere === undefined && revision !== undefined) return { theirs, ours: undefined };
      continue;
    }
    const met = ours.map(find).find((one) => isServedAlike(theirs, one, gatewaySelector));
    if (
      met !== undefined ||
      ours.some((key) => find(key) === undefined && isServedAlike(theirs, undefined, gatewaySelector))
    )
      return { theirs, ours: met };
  }
  return undefined;
}

/** @param one undefined: still to be made, with a selector that is known */
function isServedAlike(theirs: Gateway, one: Gateway | undefined, selector: Labels): boolean {
  return (
    isDeepStrictEqual(theirs.spec.selector ?? {}, one === undefined ? selector : (one.spec.selector ?? {})) &&
    (one === undefined || haveHostInCommon(theirs, one))
  );
}

export function revisionOfRoute({ route = [] }: HttpRoute): string | undefined {
  return route.map(revisionOf).find((one) => one !== undefined);
}
