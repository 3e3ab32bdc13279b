import type { HttpRoute, RouteDestination, StreamRoute, VirtualService } from '../kubernetes/objects.ts';
import type { VersionName } from '../core/weights.ts';

/** Response header that names the version a destination stands for. */
export const VERSION_HEADER = 'x-canary-version';
/** Response header that carries the number of the route change that was in force. */
export const REVISION_HEADER = 'x-canary-revision';
/** Request header that asks for one version, whatever the weights. */
export const PREVIEW_HEADER = 'x-canary-version';

/** What the names of preview routes begin with. */
export const PREVIEW_NAME = 'canary-preview-';

/** The service whose traffic is split. */
export interface ServiceKey {
  readonly app: string;
  readonly namespace: string;
}

/**
 * Whether a host in an object of namespace `from` means the service: that of a destination, or of a DestinationRule. Istio
 * completes a name without dots by the object's own namespace, and no other
 * (https://istio.io/latest/docs/reference/config/networking/virtual-service/#Destination; ResolveShortnameToFQDN in istiod).
 * The domain is not compared, since clusters may have their own.
 */
export function isHostOf(service: ServiceKey, host: string, from: string | undefined): boolean {
  const { app, namespace } = service;
  if (!host.includes('.')) return host === app && from === namespace;
  return host.startsWith(`${app}.${namespace}.svc.`);
}

/**
 * Whether a host is a name of the service that DNS completes and Istio does not: `app.namespace` or `app.namespace.svc`.
 * Clients may ask for it; a destination of that name leads nowhere, so its requests get 503.
 */
export function isPartialHostOf({ app, namespace }: ServiceKey, host: string): boolean {
  return host === `${app}.${namespace}` || host === `${app}.${namespace}.svc`;
}

/** The full name of the service in a cluster of the usual domain. */
export function fullHostOf({ app, namespace }: ServiceKey): string {
  return `${app}.${namespace}.svc.cluster.local`;
}

/** Whether a route is one of the preview routes that the action puts ahead of the managed ones, of whichever service. */
export function isPreview(route: HttpRoute): boolean {
  return route.name?.startsWith(PREVIEW_NAME) ?? false;
}

/** The HTTP routes of a VirtualService that lead to the service, preview routes left out. */
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

/**
 * The TCP and TLS routes that split the service by subsets. They have no names to choose them by, and a user who splits both
 * means one split: their weights move with those of the HTTP routes.
 */
export function streamsTo(vs: VirtualService, service: ServiceKey): readonly StreamRoute[] {
  return [...(vs.spec.tcp ?? []), ...(vs.spec.tls ?? [])].filter((route) => isStreamOf(vs, route, service));
}

export function isStreamOf(vs: VirtualService, route: StreamRoute, service: ServiceKey): boolean {
  return destinationsTo(vs, route, service).some(({ destination }) => destination.subset !== undefined);
}

/** Whether a VirtualService gives traffic to versions of the service: by a route of any protocol that names a subset. */
export function splits(vs: VirtualService, service: ServiceKey): boolean {
  return [...routesTo(vs, service), ...streamsTo(vs, service)].some((route) =>
    destinationsTo(vs, route, service).some(({ destination }) => destination.subset !== undefined),
  );
}

/**
 * The place of a route among those of its protocol, as the input `routes` takes it: `http[1]`. Preview routes do not count, so
 * that a place stays what it is when they come and go.
 */
export function placeOfRoute(vs: VirtualService, route: Route): string | undefined {
  const places = (['http', 'tcp', 'tls'] as const).flatMap((protocol) => {
    const routes: readonly HttpRoute[] = vs.spec[protocol] ?? [];
    const index = routes.filter((one) => !isPreview(one)).indexOf(route);
    return index < 0 ? [] : [`${protocol}[${String(index)}]`];
  });
  return places[0];
}

/** What the input `routes` takes for a route: its name, or its place where it has none. */
export function routeKey(vs: VirtualService, route: Route): string {
  return typeof route['name'] === 'string' && route['name'] !== ''
    ? route['name']
    : (placeOfRoute(vs, route) ?? 'route');
}

/** `route main`, or `the unnamed http[0]`, within a sentence. */
export function inSentence(vs: VirtualService, route: Route): string {
  const key = routeKey(vs, route);
  return key === route['name'] ? `route ${key}` : `the unnamed ${key}`;
}

/** Whether a destination gets traffic; Istio sends everything to one that stands alone, whatever its weight. */
export function isServed({ route }: Route, { weight }: RouteDestination): boolean {
  return route?.length === 1 || (weight ?? 0) > 0;
}

/** The points that destinations have together. */
export function sumOf(destinations: readonly RouteDestination[]): number {
  return destinations.reduce((sum, { weight }) => sum + (weight ?? 0), 0);
}

/** Whether a VirtualService names a subset of the service in any destination: HTTP, TCP or TLS route, or mirror. */
export function namesSubset(vs: VirtualService, service: ServiceKey, subset: VersionName): boolean {
  return hasDestination(
    vs,
    service,
    (destination) => 'subset' in destination && destination.subset === subset,
  );
}

/** Whether a VirtualService names the service in any destination: HTTP, TCP or TLS route, or mirror. */
export function namesService(vs: VirtualService, service: ServiceKey): boolean {
  return hasDestination(vs, service, () => true);
}

function hasDestination(
  vs: VirtualService,
  service: ServiceKey,
  isMeant: (destination: object) => boolean,
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
