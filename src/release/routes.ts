import { CanaryError } from './errors.ts';
import { nameOf } from './objects.ts';
import type { HttpMatch, HttpRoute, RouteDestination, VirtualService } from './objects.ts';
import { apportion, sameWeights } from './weights.ts';
import type { VersionName, Weights } from './weights.ts';

/** Response header that names the version a destination stands for. */
export const VERSION_HEADER = 'x-canary-version';
/** Response header that carries the number of the route change that was in force. */
export const REVISION_HEADER = 'x-canary-revision';
/** Request header that asks for one version, whatever the weights. */
export const PREVIEW_HEADER = 'x-canary-version';

const PREVIEW_NAME = 'canary-preview-';

/** The service whose traffic is split. */
export interface ServiceKey {
  readonly app: string;
  readonly namespace: string;
}

/** What the managed routes of one VirtualService shall hold. */
export interface RouteTarget {
  readonly service: ServiceKey;
  /** Names of the routes to manage; undefined: the only one that leads to the service. */
  readonly routes: readonly string[] | undefined;
  readonly weights: Weights;
  readonly revision: number;
  /** Port of the service, for destinations that are made anew. */
  readonly port: number | undefined;
  /** A version to be taken out of the routes; none of `weights`. */
  readonly retired?: VersionName;
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
function previewsOfService(vs: VirtualService, service: ServiceKey): readonly HttpRoute[] {
  return (vs.spec.http ?? []).filter(
    (route) => isPreview(route) && destinationsTo(vs, route, service).length > 0,
  );
}

function destinationsTo(
  vs: VirtualService,
  route: HttpRoute,
  service: ServiceKey,
): readonly RouteDestination[] {
  return (route.route ?? []).filter(({ destination }) =>
    isHostOf(service, destination.host, vs.metadata.namespace),
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
  const label = (route: HttpRoute): string =>
    route.name ?? `the unnamed http[${String((vs.spec.http ?? []).indexOf(route))}]`;
  const known = candidates.map(label).join(', ') || 'none';
  if (names !== undefined) {
    return names.map((name) => {
      const route = candidates.find((candidate) => candidate.name === name);
      if (route === undefined) {
        throw new CanaryError(
          `Input routes names "${name}", but ${nameOf(vs)} has no HTTP route of that name that leads to ${service.app} (routes that do: ${known}).`,
        );
      }
      return route;
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
  const found = managedRoutes(vs, service, names).map((route) => weightsOfRoute(vs, route, service));
  const known = found.filter((weights) => weights !== undefined);
  const [first] = known;
  if (first === undefined) return undefined;
  if (known.length < found.length || !known.every((weights) => sameWeights(weights, first))) {
    throw new CanaryError(
      `The managed routes of ${nameOf(vs)} hold different weights; give all of them the same, or manage fewer (input routes).`,
    );
  }
  return new Map(known.flatMap((weights) => [...weights]));
}

function weightsOfRoute(vs: VirtualService, route: HttpRoute, service: ServiceKey): Weights | undefined {
  const ours = destinationsTo(vs, route, service);
  const alone = route.route?.length === 1;
  const shares = new Map<VersionName, number>();
  for (const { destination, weight } of ours) {
    if (destination.subset === undefined) return undefined;
    // Istio sends everything to a destination that stands alone, whatever its weight.
    shares.set(destination.subset, (shares.get(destination.subset) ?? 0) + (alone ? 100 : (weight ?? 0)));
  }
  return apportion(100, shares);
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
  const managed = managedRoutes(vs, service, names);
  return (
    managed.length > 0 &&
    managed.every((route) => {
      const ours = destinationsTo(vs, route, service);
      const points = sumOf(ours);
      const wanted = apportion(points, weights);
      return (
        points > 0 &&
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

/**
 * A VirtualService with preview routes for every version of the target, each right ahead of the managed route it
 * previews; nothing else changes. The input is not modified.
 */
export function withPreviews(vs: VirtualService, target: RouteTarget): VirtualService {
  const managed = managedRoutes(vs, target.service, target.routes);
  const previews = previewsOfService(vs, target.service);
  const others = (vs.spec.http ?? []).filter((route) => !previews.includes(route));
  const http =
    managed.length === 0
      ? [...others, ...previewsOf(vs, newRoute(target), target, '')]
      : others.flatMap((route) => {
          const index = managed.indexOf(route);
          return index < 0
            ? [route]
            : [...previewsOf(vs, route, target, index === 0 ? '' : `-${String(index + 1)}`), route];
        });
  return { ...vs, spec: { ...vs.spec, http } };
}

/**
 * A VirtualService whose managed routes hold the weights of the target, with preview routes ahead of them. Only the
 * destinations of the service change: those of other hosts keep their share, and the service's versions split the rest.
 * A route is made where none leads to the service yet. The input is not modified.
 *
 * @throws CanaryError where other hosts take all of a managed route, so that there is nothing to split
 */
export function withWeights(vs: VirtualService, target: RouteTarget): VirtualService {
  const managed = managedRoutes(vs, target.service, target.routes);
  const http =
    managed.length === 0
      ? [...(vs.spec.http ?? []), newRoute(target)]
      : (vs.spec.http ?? []).map((route) =>
          managed.includes(route) ? weighRoute(vs, route, target) : route,
        );
  return withPreviews({ ...vs, spec: { ...vs.spec, http } }, target);
}

function newRoute(target: RouteTarget): HttpRoute {
  const { app, namespace } = target.service;
  const host = `${app}.${namespace}.svc.cluster.local`;
  return {
    name: app,
    route: [...target.weights].map(([version, weight]) =>
      marked(
        { destination: { host, ...(target.port === undefined ? {} : { port: { number: target.port } }) } },
        version,
        weight,
        target,
      ),
    ),
  };
}

function weighRoute(vs: VirtualService, route: HttpRoute, target: RouteTarget): HttpRoute {
  const ours = destinationsTo(vs, route, target.service);
  const [pattern] = ours;
  if (pattern === undefined) return route;
  const elsewhere = (route.route ?? []).filter((destination) => !ours.includes(destination));
  const shares = apportion(pointsFor(vs, ours, elsewhere), target.weights);
  const placed = new Set<VersionName>();
  const kept = (route.route ?? []).flatMap((entry) => {
    if (!ours.includes(entry)) return [entry];
    const version = entry.destination.subset;
    // A destination without a subset reaches every version: it cannot stand beside weights.
    if (version === undefined || version === target.retired || placed.has(version)) return [];
    placed.add(version);
    return [marked(entry, version, shares.get(version) ?? 0, target)];
  });
  const added = [...shares].filter(([version]) => !placed.has(version));
  return {
    ...route,
    route: [
      ...kept,
      ...added.map(([version, weight]) => marked(templateOf(ours, pattern), version, weight, target)),
    ],
  };
}

/** The points that the service's versions split: beside other hosts those that it has, so that theirs keep their share. */
function pointsFor(
  vs: VirtualService,
  ours: readonly RouteDestination[],
  elsewhere: readonly RouteDestination[],
): number {
  if (sumOf(elsewhere) === 0) return 100;
  const points = sumOf(ours);
  if (points > 0) return points;
  const hosts = elsewhere.map(({ destination }) => destination.host).join(', ');
  throw new CanaryError(
    `A managed route of ${nameOf(vs)} gives everything to ${hosts}: there is nothing for the versions to split. Give their destinations a weight above 0, or take the others out.`,
  );
}

function sumOf(destinations: readonly RouteDestination[]): number {
  return destinations.reduce((sum, { weight }) => sum + (weight ?? 0), 0);
}

/** What a destination made anew starts from: all of the one without a subset, whose place it takes, else where `pattern` leads. */
function templateOf(ours: readonly RouteDestination[], pattern: RouteDestination): RouteDestination {
  return (
    ours.find(({ destination }) => destination.subset === undefined) ?? { destination: pattern.destination }
  );
}

/** A destination with the weight and the response headers that tell version and revision; its other fields stay. */
function marked(
  entry: RouteDestination,
  version: VersionName,
  weight: number | undefined,
  target: RouteTarget,
): RouteDestination {
  const { weight: _, headers, ...rest } = entry;
  const response = headers?.response;
  return {
    ...rest,
    destination: { ...entry.destination, subset: version },
    ...(weight === undefined ? {} : { weight }),
    headers: {
      ...headers,
      response: {
        ...response,
        set: { ...response?.set, [VERSION_HEADER]: version, [REVISION_HEADER]: String(target.revision) },
      },
    },
  };
}

/** The preview routes of a managed route: all that it does to a request, but one version alone, asked for by header. */
function previewsOf(
  vs: VirtualService,
  route: HttpRoute,
  target: RouteTarget,
  suffix: string,
): readonly HttpRoute[] {
  const ours = destinationsTo(vs, route, target.service);
  // A mirrored preview would send people's tries to production twice.
  const {
    name: _name,
    match,
    route: _route,
    mirror: _mirror,
    mirrors: _mirrors,
    mirrorPercentage: _percentage,
    ...rest
  } = route;
  const pattern = ours[0];
  if (pattern === undefined) return [];
  return [...target.weights.keys()].map((version) => {
    const entry = ours.find(({ destination }) => destination.subset === version) ?? templateOf(ours, pattern);
    const header = { [PREVIEW_HEADER]: { exact: version } };
    const conditions: readonly HttpMatch[] = match === undefined || match.length === 0 ? [{}] : match;
    return {
      name: `${PREVIEW_NAME}${version}${suffix}`,
      match: conditions.map((condition) => ({ ...condition, headers: { ...condition.headers, ...header } })),
      ...rest,
      route: [marked(entry, version, undefined, target)],
    };
  });
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
