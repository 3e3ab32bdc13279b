import { isHostOf } from './hosts.ts';
import type { RoutePart } from '../texts/catalogue/routes.ts';
import { textsIn } from '../texts/texts.ts';
import type { ServiceKey } from '../core/names.ts';
import type { HttpRoute, RouteDestination, StreamRoute, VirtualService } from '../kubernetes/objects.ts';
import type { VersionName } from '../core/weights.ts';
import { PREVIEW_NAME } from '../core/route-target.ts';

/** Whether a route is one of the preview routes that the action puts ahead of the managed ones, of whichever service. */
export function isPreview(route: HttpRoute): boolean {
  return route.name?.startsWith(PREVIEW_NAME) ?? false;
}

/** The HTTP routes of a VirtualService that lead to the service, without preview routes. */
export function routesTo(vs: VirtualService, service: ServiceKey): readonly HttpRoute[] {
  return (vs.spec.http ?? []).filter(
    (route) => !isPreview(route) && destinationsTo(vs, route, service).length > 0,
  );
}

/** The preview routes of the service; another one in the same VirtualService has its own, maybe of the same names. */
export function previewsOfService(vs: VirtualService, service: ServiceKey): readonly HttpRoute[] {
  return (vs.spec.http ?? []).filter(
    (route) => isPreview(route) && destinationsTo(vs, route, service).length > 0,
  );
}

/** A route of any protocol. */
export type Route = HttpRoute | StreamRoute;

/** The destinations of a route that mean the service. */
export function destinationsTo(
  vs: VirtualService,
  route: Route,
  service: ServiceKey,
): readonly RouteDestination[] {
  return (route.route ?? []).filter(({ destination }) =>
    isHostOf(service, destination.host, vs.metadata.namespace),
  );
}

/** The routes of every protocol, preview routes among them. */
export function allRoutes({ spec: { http = [], tcp = [], tls = [] } }: VirtualService): readonly Route[] {
  return [...http, ...tcp, ...tls];
}

/** Whether a route names a subset of any service. */
export function namesSubsets({ route = [] }: Route): boolean {
  return route.some(({ destination }) => destination.subset !== undefined);
}

/**
 * The TCP and TLS routes that split the service by subsets. They have no names to choose them by, and a user who splits both
 * means one split: their weights move with those of the HTTP routes.
 */
export function streamsTo(vs: VirtualService, service: ServiceKey): readonly StreamRoute[] {
  const { tcp = [], tls = [] } = vs.spec;
  return [...tcp, ...tls].filter((route) => splitsService(vs, route, service));
}

/** Whether a route names a subset of the service. */
export function splitsService(vs: VirtualService, route: Route, service: ServiceKey): boolean {
  return destinationsTo(vs, route, service).some(({ destination }) => destination.subset !== undefined);
}

/**
 * The place of each route among those of its protocol, as the input `routes` takes it: `http[1]`. Preview routes do not count, so
 * that a place stays what it is when they come and go.
 */
export function placesOfRoutes({ spec }: VirtualService): ReadonlyMap<Route, string> {
  return new Map(
    (['http', 'tcp', 'tls'] as const).flatMap((protocol) => {
      const routes: readonly HttpRoute[] = spec[protocol] ?? [];
      return routes
        .filter((one) => !isPreview(one))
        .map((route, index) => [route, `${protocol}[${String(index)}]`] as const);
    }),
  );
}

/**
 * What the input `routes` takes for a route: its name, or its place where it has none.
 *
 * @param places for whoever asks for many routes
 */
export function routeKey(vs: VirtualService, route: Route, places?: ReadonlyMap<Route, string>): string {
  return typeof route['name'] === 'string' && route['name'] !== ''
    ? route['name']
    : ((places ?? placesOfRoutes(vs)).get(route) ?? 'route');
}

/** `route main`, or `the unnamed http[0]`. */
export function inSentence(vs: VirtualService, route: Route): string {
  return textsIn('en').routes.part(routePart(vs, route));
}

/** How messages name a route. */
export function routePart(vs: VirtualService, route: Route): RoutePart {
  const key = routeKey(vs, route);
  return { part: 'route', key, isNamed: key === route['name'] };
}

/** Whether a destination gets traffic; Istio sends everything to one that is alone in its route, whatever its weight. */
export function isServed({ route }: Route, { weight }: RouteDestination): boolean {
  return route?.length === 1 || (weight ?? 0) > 0;
}

/** The points that destinations have together. */
export function sumOf(destinations: readonly RouteDestination[]): number {
  return destinations.reduce((sum, { weight }) => sum + (weight ?? 0), 0);
}

/** Whether a VirtualService names a subset of the service in any destination: HTTP, TCP or TLS route, or mirror. */
export function namesSubset(vs: VirtualService, service: ServiceKey, subset: VersionName): boolean {
  return namesService(vs, service, (destination) => 'subset' in destination && destination.subset === subset);
}

/**
 * Whether a VirtualService names the service in any destination: HTTP, TCP or TLS route, or mirror.
 *
 * @param isMeant which of these destinations count
 */
export function namesService(
  vs: VirtualService,
  service: ServiceKey,
  isMeant: (destination: object) => boolean = () => true,
): boolean {
  const found = (value: unknown): boolean => {
    if (typeof value !== 'object' || value === null) return false;
    if ('host' in value && typeof value.host === 'string') {
      if (isHostOf(service, value.host, vs.metadata.namespace) && isMeant(value)) return true;
    }
    return Object.values(value).some(found);
  };
  return found(vs.spec);
}

/** The versions of the service that have a preview route in a VirtualService. */
export function previewedVersions(vs: VirtualService, service: ServiceKey): readonly VersionName[] {
  return previewsOfService(vs, service).flatMap((route) => {
    const subset = route.route?.[0]?.destination.subset;
    return subset === undefined ? [] : [subset];
  });
}
