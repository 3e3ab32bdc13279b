import { CanaryError } from '../core/errors.ts';
import { nameOf } from '../kubernetes/objects.ts';
import type {
  HttpMatch,
  HttpRoute,
  Labels,
  RouteDestination,
  VirtualService,
} from '../kubernetes/objects.ts';
import { managedRoutes } from './managed-routes.ts';
import { destinationsTo, inSentence, splitsService, previewsOfService, streamsTo, sumOf } from './routes.ts';
import { PREVIEW_NAME } from '../core/route-target.ts';
import type { Route } from './routes.ts';
import { PREVIEW_HEADER, REVISION_HEADER, VERSION_HEADER, isMarkHeader } from '../core/headers.ts';
import { fullHost } from './hosts.ts';
import { apportion, formatWeights, unserved } from '../core/weights.ts';
import type { VersionName, Weights } from '../core/weights.ts';
import type { RouteTarget } from '../core/route-target.ts';

/**
 * A VirtualService with preview routes for every version of the target, each right ahead of the managed route it
 * previews; nothing else changes. The input is not modified.
 */
export function withPreviews(vs: VirtualService, target: RouteTarget): VirtualService {
  const managed = managedRoutes(vs, target.service, target.routes);
  if (isStreamOnly(vs, target)) return vs;
  const previews = new Set(previewsOfService(vs, target.service));
  const others = (vs.spec.http ?? []).filter((route) => !previews.has(route));
  const order = new Map(managed.map((route, index) => [route, index]));
  const http =
    managed.length === 0
      ? [...others, ...previewsOf(vs, newRoute(target), target, '')]
      : others.flatMap((route) => {
          const index = order.get(route);
          return index === undefined
            ? [route]
            : [...previewsOf(vs, route, target, index === 0 ? '' : `.${String(index + 1)}`), route];
        });
  return { ...vs, spec: { ...vs.spec, http } };
}

/**
 * A VirtualService whose managed routes hold the weights of the target, with preview routes ahead of them; its TCP and TLS
 * routes to the service's subsets hold the same weights. Only the destinations of the service change: those of other hosts
 * keep their share, and the service's versions split the rest. A route is made where none leads to the service yet. The input
 * is not modified.
 *
 * @throws CanaryError where other hosts take all of a managed route, or so much that what is left cannot express the weights
 */
export function withWeights(vs: VirtualService, target: RouteTarget): VirtualService {
  const { service } = target;
  const managed = new Set(managedRoutes(vs, service, target.routes));
  const { http = [], tcp, tls } = vs.spec;
  const weighed = http.map((route) =>
    managed.has(route) ? weighRoute(vs, route, target, (...entry) => marked(...entry, target)) : route,
  );
  const weighStreams = <T extends Route>(routes: readonly T[]): readonly T[] =>
    routes.map((route) =>
      splitsService(vs, route, service) ? weighRoute(vs, route, target, weighted) : route,
    );
  const spec = {
    ...vs.spec,
    ...(tcp === undefined ? {} : { tcp: weighStreams(tcp) }),
    ...(tls === undefined ? {} : { tls: weighStreams(tls) }),
  };
  if (isStreamOnly(vs, target)) return { ...vs, spec };
  const routes = managed.size === 0 ? [...http, newRoute(target)] : weighed;
  return withPreviews({ ...vs, spec: { ...spec, http: routes } }, target);
}

/** Whether the service's traffic takes no HTTP route here: then there is nothing to preview, and no route to be made. */
function isStreamOnly(vs: VirtualService, { service, routes }: RouteTarget): boolean {
  return managedRoutes(vs, service, routes).length === 0 && streamsTo(vs, service).length > 0;
}

function newRoute(target: RouteTarget): HttpRoute {
  const host = fullHost(target.service);
  return {
    name: target.service.app,
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

/** Makes a destination that stands for a version with a weight. */
type Weigh = (entry: RouteDestination, version: VersionName, weight: number) => RouteDestination;

function weighRoute<T extends Route>(vs: VirtualService, route: T, target: RouteTarget, weigh: Weigh): T {
  const ours = destinationsTo(vs, route, target.service);
  const [pattern] = ours;
  if (pattern === undefined) return route;
  const elsewhere = (route.route ?? []).filter((destination) => !ours.includes(destination));
  const shares = pointsByVersion(vs, route, pointsFor(vs, ours, elsewhere), target.weights);
  const placed = new Set<VersionName>();
  const kept = (route.route ?? []).flatMap((entry) => {
    if (!ours.includes(entry)) return [entry];
    const version = entry.destination.subset;
    // A destination without a subset reaches every version: it cannot stand beside weights.
    if (version === undefined || version === target.retired || placed.has(version)) return [];
    placed.add(version);
    return [weigh(entry, version, shares.get(version) ?? 0)];
  });
  const added = [...shares].filter(([version]) => !placed.has(version));
  const template = templateOf(ours, pattern);
  return {
    ...route,
    route: [...kept, ...added.map(([version, weight]) => weigh(template, version, weight))],
  };
}

/** What each version gets of the points; each that has a weight gets some, or its users would silently be others'. */
function pointsByVersion(vs: VirtualService, route: Route, points: number, weights: Weights): Weights {
  const shares = apportion(points, weights);
  const lost = unserved(shares, weights);
  if (lost.length === 0) return shares;
  const factor = 100 / commonDivisor(points, 100);
  throw new CanaryError(
    `Of the weights of ${inSentence(vs, route)} in ${nameOf(vs)}, ${String(points)} are for the service next to other hosts: that is too coarse for ${formatWeights(weights)}, of which ${lost.join(', ')} would get nothing. It can split the service only in steps of ${String(Number((100 / points).toFixed(1)))}%. First multiply every weight of the route by ${String(factor)}, which keeps all shares, or set coarser weights.`,
  );
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
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
    `A managed route of ${nameOf(vs)} gives everything to ${hosts}: there is nothing for the versions to split. Give their destinations a weight above 0, or remove the others.`,
  );
}

/** What a destination made anew starts from: all of the one without a subset, whose place it takes, else where `pattern` leads. */
function templateOf(ours: readonly RouteDestination[], pattern: RouteDestination): RouteDestination {
  return (
    ours.find(({ destination }) => destination.subset === undefined) ?? { destination: pattern.destination }
  );
}

/** A destination that stands for a version, with the weight; its other fields stay. */
function weighted(
  entry: RouteDestination,
  version: VersionName,
  weight: number | undefined,
): RouteDestination {
  const { weight: _, ...rest } = entry;
  const destination = { ...entry.destination, subset: version };
  return weight === undefined ? { ...rest, destination } : { ...entry, destination, weight };
}

/** The same, with the response headers for version and revision. */
function marked(
  entry: RouteDestination,
  version: VersionName,
  weight: number | undefined,
  target: RouteTarget,
): RouteDestination {
  const { headers } = entry;
  const response = headers?.response;
  return {
    ...weighted(entry, version, weight),
    headers: {
      ...headers,
      response: {
        ...response,
        set: {
          ...withoutOtherSpellings(response?.set ?? {}),
          [VERSION_HEADER]: version,
          [REVISION_HEADER]: String(target.revision),
        },
      },
    },
  };
}

/** Envoy would set a header that is written twice, in different cases, in an order that nobody knows. */
function withoutOtherSpellings(set: Labels): Labels {
  return Object.fromEntries(
    Object.entries(set).filter(([name]) => !isMarkHeader(name) || name === name.toLowerCase()),
  );
}

/**
 * The preview routes of a managed route: all that it does to a request, but one version alone, asked for by header.
 *
 * @param suffix that tells the previews of further managed routes apart; it starts with a dot, which no version has
 */
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
