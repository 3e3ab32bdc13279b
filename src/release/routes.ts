import { CanaryError } from './errors.ts';
import { nameOf } from './objects.ts';
import type { HttpRoute, RouteDestination, StreamRoute, VirtualService } from './objects.ts';
import { apportion, sameWeights, unserved } from './weights.ts';
import type { VersionName, Weights } from './weights.ts';

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
 * Whether a destination host written in an object of namespace `from` means the service. Istio completes a name without
 * dots by the object's own namespace (https://istio.io/latest/docs/reference/config/networking/virtual-service/#Destination).
 */
export function isHostOf(service: ServiceKey, host: string, from: string | undefined): boolean {
  const { app, namespace } = service;
  if (!host.includes('.')) return host === app && from === namespace;
  return (
    host === `${app}.${namespace}` ||
    host === `${app}.${namespace}.svc` ||
    host.startsWith(`${app}.${namespace}.svc.`)
  );
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

/** A route by its name, or by its place where it has none, as messages list it. */
function routeName(vs: VirtualService, route: Route): string {
  if (typeof route['name'] === 'string') return route['name'];
  const place = (['http', 'tcp', 'tls'] as const).flatMap((protocol) => {
    const index = (vs.spec[protocol] ?? []).indexOf(route);
    return index < 0 ? [] : [`${protocol}[${String(index)}]`];
  });
  return `the unnamed ${place[0] ?? 'route'}`;
}

/** `route main`, or `the unnamed http[0]`, within a sentence. */
export function inSentence(vs: VirtualService, route: Route): string {
  const name = routeName(vs, route);
  return typeof route['name'] === 'string' ? `route ${name}` : name;
}

/** Whether a destination gets traffic; Istio sends everything to one that stands alone, whatever its weight. */
function isServed({ route }: Route, { weight }: RouteDestination): boolean {
  return route?.length === 1 || (weight ?? 0) > 0;
}

/** The managed routes that send to the service as a whole, without naming a subset: to every pod that its Service selects. */
export function openRoutes(
  vs: VirtualService,
  service: ServiceKey,
  names: readonly string[] | undefined,
): readonly HttpRoute[] {
  return managedRoutes(vs, service, names).filter((route) =>
    destinationsTo(vs, route, service).some(
      (entry) => entry.destination.subset === undefined && isServed(route, entry),
    ),
  );
}

/**
 * The routes that the action manages in a VirtualService: those named, or the only one that leads to the service.
 * Empty where none leads there and none is named.
 *
 * @throws CanaryError for a name that no route has, a named route that leads elsewhere, or a choice that is not clear
 */
export function managedRoutes(
  vs: VirtualService,
  service: ServiceKey,
  names: readonly string[] | undefined,
): readonly HttpRoute[] {
  const candidates = routesTo(vs, service);
  const known = candidates.map((route) => routeName(vs, route)).join(', ') || 'none';
  if (names !== undefined) {
    return names.flatMap((name) => {
      const routes = candidates.filter((candidate) => candidate.name === name);
      if (routes.length === 0) {
        throw new CanaryError(
          `Input routes names "${name}", but ${nameOf(vs)} has no HTTP route of that name that leads to ${service.app} (routes that do: ${known}).`,
        );
      }
      return routes;
    });
  }
  if (candidates.length > 1) {
    throw new CanaryError(
      `${nameOf(vs)} has ${String(candidates.length)} HTTP routes that lead to ${service.app}: ${known}. Name those to manage in the input routes.`,
    );
  }
  return candidates;
}

/**
 * The weights that a VirtualService gives to the versions of the service, in whole percent of what the service gets.
 * Undefined where no managed route stands yet, or where one sends to the service without naming a subset.
 *
 * @throws CanaryError where managed routes hold different weights, or the choice of routes is not clear
 */
export function weightsOf(
  vs: VirtualService,
  service: ServiceKey,
  names: readonly string[] | undefined,
): Weights | undefined {
  const found = managedIn(vs, service, names).map((route) => weightsOfRoute(vs, route, service));
  const known = found.filter((weights) => weights !== undefined);
  const [first] = known;
  if (first === undefined) return undefined;
  if (known.length < found.length || !known.every((weights) => sameWeights(weights, first))) {
    throw new CanaryError(
      `The managed routes of ${nameOf(vs)} hold different weights; give all of them the same${streamsTo(vs, service).length > 0 ? ', TCP and TLS routes as well' : ''}, or manage fewer (input routes).`,
    );
  }
  return new Map(known.flatMap((weights) => [...weights]));
}

function managedIn(
  vs: VirtualService,
  service: ServiceKey,
  names: readonly string[] | undefined,
): readonly Route[] {
  return [...managedRoutes(vs, service, names), ...streamsTo(vs, service)];
}

/** The destinations of the service, but one without a subset that gets nothing: it says nothing of any version. */
function versionsIn(vs: VirtualService, route: Route, service: ServiceKey): readonly RouteDestination[] {
  return destinationsTo(vs, route, service).filter(
    (entry) => entry.destination.subset !== undefined || isServed(route, entry),
  );
}

function weightsOfRoute(vs: VirtualService, route: Route, service: ServiceKey): Weights | undefined {
  const ours = versionsIn(vs, route, service);
  const alone = route.route?.length === 1;
  const shares = new Map<VersionName, number>();
  for (const { destination, weight } of ours) {
    if (destination.subset === undefined) return undefined;
    shares.set(destination.subset, (shares.get(destination.subset) ?? 0) + (alone ? 100 : (weight ?? 0)));
  }
  return shares.size === 0 ? undefined : apportion(100, shares);
}

/**
 * Whether the managed routes hold exactly what these weights come to there. Beside other hosts the points may not divide
 * without a rest, and the weights cannot be told from them alone.
 */
export function holdsWeights(
  vs: VirtualService,
  service: ServiceKey,
  names: readonly string[] | undefined,
  weights: Weights,
): boolean {
  const managed = managedIn(vs, service, names);
  return (
    managed.length > 0 &&
    managed.every((route) => {
      const ours = versionsIn(vs, route, service);
      const points = sumOf(ours);
      const wanted = apportion(points, weights);
      return (
        points > 0 &&
        unserved(wanted, weights).length === 0 &&
        ours.length === new Set(ours.map(({ destination }) => destination.subset)).size &&
        ours.every(
          ({ destination, weight }) => (weight ?? 0) === (wanted.get(destination.subset ?? '') ?? -1),
        ) &&
        [...wanted].every(
          ([version, points]) =>
            points === 0 || ours.some(({ destination }) => destination.subset === version),
        )
      );
    })
  );
}

/** The points that destinations have together. */
export function sumOf(destinations: readonly RouteDestination[]): number {
  return destinations.reduce((sum, { weight }) => sum + (weight ?? 0), 0);
}

/** Whether a VirtualService names a subset of the service in any destination: HTTP, TCP or TLS route, or mirror. */
export function namesSubset(vs: VirtualService, service: ServiceKey, subset: VersionName): boolean {
  const found = (value: unknown): boolean => {
    if (typeof value !== 'object' || value === null) return false;
    if ('host' in value && 'subset' in value && typeof value.host === 'string') {
      if (value.subset === subset && isHostOf(service, value.host, vs.metadata.namespace)) return true;
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
