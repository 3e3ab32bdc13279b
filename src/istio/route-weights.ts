import type { ServiceKey } from '../core/names.ts';
import type { RoutePart } from '../texts/catalogue/routes.ts';
import { assertFullNames, isMarked, managedRoutes } from './managed-routes.ts';
import {
  destinationsTo,
  routePart,
  isPreview,
  isServed,
  namesSubsets,
  allRoutes,
  routesTo,
  splitsService,
  streamsTo,
  sumOf,
} from './routes.ts';
import type { Route } from './routes.ts';
import { commonWeights } from '../core/common-weights.ts';
import type { CommonWeights, WeighedRoute } from '../core/common-weights.ts';
import { apportion, formatWeights, unserved } from '../core/weights.ts';
import type { VersionName, Weights } from '../core/weights.ts';
import type { KubeObject, RouteDestination, VirtualService } from '../kubernetes/objects.ts';

/**
 * The weights that the managed routes of a VirtualService give to the versions of the service, in whole percent of what the
 * service gets.
 *
 * @param names see `managedRoutes`
 * @param recorded see `commonWeights`
 * @throws CanaryError where the choice of routes is not clear
 */
export function managedWeights(
  vs: VirtualService,
  service: ServiceKey,
  names: readonly string[] | undefined,
  recorded?: Weights,
): CommonWeights {
  const routes = weighedRoutes(vs, service, names).map((route): WeighedRoute => ({
    weights: weightsOfRoute(vs, route, service),
    isNew: !splitsService(vs, route, service) && !isMarked(vs, route, service),
    holdsExactly: (weights) => holdsExactly(vs, route, service, weights),
  }));
  return commonWeights(routes, recorded);
}

/** The versions that the managed routes name, in their order. Unlike the weights, it is known beside a destination without a subset. */
export function managedVersions(
  vs: VirtualService,
  service: ServiceKey,
  names: readonly string[] | undefined,
): readonly VersionName[] {
  const named = weighedRoutes(vs, service, names).flatMap((route) =>
    destinationsTo(vs, route, service).flatMap(({ destination: { subset } }) => subset ?? []),
  );
  return [...new Set(named)];
}

/** Every route that carries the weights: the managed HTTP routes, and the TCP and TLS routes that split the service. */
function weighedRoutes(
  vs: VirtualService,
  service: ServiceKey,
  names: readonly string[] | undefined,
): readonly Route[] {
  const { tcp = [], tls = [] } = vs.spec;
  assertFullNames(vs, service, [...tcp, ...tls].filter(namesSubsets));
  return [...managedRoutes(vs, service, names), ...streamsTo(vs, service)];
}

/** What each route to the service holds, without preview routes; for reports where it is not clear which are managed. */
export function weightsByRoute(
  vs: VirtualService,
  service: ServiceKey,
): readonly { readonly route: RoutePart; readonly weights: Weights | undefined }[] {
  return [...routesTo(vs, service), ...streamsTo(vs, service)].map((route) => ({
    route: routePart(vs, route),
    weights: weightsOfRoute(vs, route, service),
  }));
}

/** What one route gives to the versions of the service, in whole percent; undefined where it names no subset. */
function weightsOfRoute(vs: VirtualService, route: Route, service: ServiceKey): Weights | undefined {
  const points = new Map<VersionName, number>();
  for (const { subset, weight } of subsetPoints(route, versionsIn(vs, route, service))) {
    if (subset === undefined) return undefined;
    points.set(subset, (points.get(subset) ?? 0) + weight);
  }
  return points.size === 0 ? undefined : apportion(100, points);
}

/** The destinations of the service; one without a subset that gets nothing says nothing about any version. */
function versionsIn(vs: VirtualService, route: Route, service: ServiceKey): readonly RouteDestination[] {
  return destinationsTo(vs, route, service).filter(
    (entry) => entry.destination.subset !== undefined || isServed(route, entry),
  );
}

/** Istio sends everything to a destination that is alone in its route, whatever its weight. */
function subsetPoints(
  { route = [] }: Route,
  destinations: readonly RouteDestination[],
): readonly { readonly subset: string | undefined; readonly weight: number }[] {
  return destinations.map(({ destination: { subset }, weight }) => ({
    subset,
    weight: route.length === 1 ? 100 : (weight ?? 0),
  }));
}

/**
 * Whether a route holds exactly what these weights come to there. Beside other hosts the points may not divide without a
 * rest, and the weights cannot be told from them alone.
 */
function holdsExactly(vs: VirtualService, route: Route, service: ServiceKey, weights: Weights): boolean {
  const ours = versionsIn(vs, route, service);
  const points = sumOf(ours);
  const wanted = apportion(points, weights);
  return (
    points > 0 &&
    unserved(wanted, weights).length === 0 &&
    ours.length === new Set(ours.map(({ destination }) => destination.subset)).size &&
    ours.every(({ destination, weight }) => (weight ?? 0) === (wanted.get(destination.subset ?? '') ?? 0)) &&
    [...wanted].every(
      ([version, share]) => share === 0 || ours.some(({ destination }) => destination.subset === version),
    )
  );
}

/** `v1=80,v2=20` of each route that splits users' traffic between subsets of any service, each split once. */
export function describeSubsetSplit(vs: KubeObject): string {
  const texts = allRoutes(vs as VirtualService)
    .filter((route) => namesSubsets(route) && !isPreview(route))
    .map((route) =>
      formatWeights(
        new Map(
          subsetPoints(route, route.route ?? []).map(({ subset, weight }) => [subset ?? 'no subset', weight]),
        ),
      ),
    );
  return [...new Set(texts)].join(' and ') || 'no weights';
}
