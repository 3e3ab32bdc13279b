import { CanaryError, OpenChoiceError } from '../core/errors.ts';
import { nameOf } from '../kubernetes/objects.ts';
import type { HttpRoute, RouteDestination, VirtualService } from '../kubernetes/objects.ts';
import {
  REVISION_HEADER,
  destinationsTo,
  fullHostOf,
  inSentence,
  isPartialHostOf,
  isPreview,
  isServed,
  routeKey,
  routesTo,
  streamsTo,
  sumOf,
} from './routes.ts';
import type { Route, ServiceKey } from './routes.ts';
import { apportion, sameWeights, unserved } from '../core/weights.ts';
import type { VersionName, Weights } from '../core/weights.ts';

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
 * @param names names of routes, or places of unnamed ones (`http[1]`)
 * @throws CanaryError for a name that no route has, a named route that leads elsewhere or names the service by a host that
 * Istio does not complete, or a choice that is not clear
 */
export function managedRoutes(
  vs: VirtualService,
  service: ServiceKey,
  names: readonly string[] | undefined,
): readonly HttpRoute[] {
  const candidates = routesTo(vs, service);
  const keys = candidates.map((route) => routeKey(vs, route));
  const all = (vs.spec.http ?? []).filter((route) => !isPreview(route));
  const meant =
    names?.flatMap((name) => namedBy(vs, all, name)) ?? (candidates.length === 0 ? all : candidates);
  assertFullNames(vs, service, meant);
  if (names !== undefined) {
    const chosen = names.map((name) => ({ name, routes: namedBy(vs, candidates, name) }));
    const missing = chosen.find(({ routes }) => routes.length === 0);
    if (missing !== undefined) {
      throw new CanaryError(
        `Input routes names "${missing.name}", but ${nameOf(vs)} has no HTTP route of that name or place that leads to ${service.app} (routes that do: ${keys.join(', ') || 'none'}).`,
      );
    }
    const managed = [...new Set(chosen.flatMap(({ routes }) => routes))];
    assertSamePlaces(vs, service, candidates, managed);
    return managed;
  }
  if (candidates.length > 1) {
    throw new OpenChoiceError(
      `${nameOf(vs)} has ${String(candidates.length)} HTTP routes that lead to ${service.app}: ${keys.join(', ')}. Set the input routes to those to split, for example routes: ${keys.at(-1) ?? ''}.`,
    );
  }
  return candidates;
}

/** Refuses routes to the service by a name that leads nowhere: their users get errors, whatever the weights. */
function assertFullNames(vs: VirtualService, service: ServiceKey, routes: readonly Route[]): void {
  for (const route of routes) {
    const found = (route.route ?? []).find(({ destination }) => isPartialHostOf(service, destination.host));
    if (found === undefined) continue;
    throw new CanaryError(
      `A destination of ${inSentence(vs, route)} of ${nameOf(vs)} has the host ${found.destination.host}, which leads nowhere: Istio completes only names without a dot, so its requests get status 503. Write the full name, ${fullHostOf(service)}, then re-run this step.`,
    );
  }
}

/** The routes of a name; where none has it, the unnamed one at that place. */
function namedBy(vs: VirtualService, candidates: readonly HttpRoute[], name: string): readonly HttpRoute[] {
  const named = candidates.filter((candidate) => candidate.name === name);
  return named.length > 0 ? named : candidates.filter((candidate) => routeKey(vs, candidate) === name);
}

/** A place says which route is meant only as long as nobody puts another route ahead of it. */
function assertSamePlaces(
  vs: VirtualService,
  service: ServiceKey,
  candidates: readonly HttpRoute[],
  managed: readonly HttpRoute[],
): void {
  const byPlace = managed.filter((route) => routeKey(vs, route) !== route.name);
  const stranger = byPlace.find((route) => !isMarked(vs, route, service));
  const moved = candidates.find(
    (route) => routeKey(vs, route) !== route.name && !managed.includes(route) && isMarked(vs, route, service),
  );
  if (stranger === undefined || moved === undefined) return;
  throw new CanaryError(
    `Input routes names ${routeKey(vs, stranger)} of ${nameOf(vs)}, but the route that the release has split so far is now ${routeKey(vs, moved)}: routes were added or taken out since. Set the input routes to ${routeKey(vs, moved)}, or give the route a name and use that.`,
  );
}

/** Whether the action has written a route: its destinations say so. */
function isMarked(vs: VirtualService, route: HttpRoute, service: ServiceKey): boolean {
  return destinationsTo(vs, route, service).some(
    ({ headers }) => headers?.response?.set?.[REVISION_HEADER] !== undefined,
  );
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
  const { tcp = [], tls = [] } = vs.spec;
  assertFullNames(
    vs,
    service,
    [...tcp, ...tls].filter(({ route }) =>
      route?.some(({ destination }) => destination.subset !== undefined),
    ),
  );
  return [...managedRoutes(vs, service, names), ...streamsTo(vs, service)];
}

/** What each route to the service holds by itself, preview routes left out; to say what is there where no choice is clear. */
export function weightsByRoute(
  vs: VirtualService,
  service: ServiceKey,
): readonly { readonly route: string; readonly weights: Weights | undefined }[] {
  return [...routesTo(vs, service), ...streamsTo(vs, service)].map((route) => ({
    route: inSentence(vs, route),
    weights: weightsOfRoute(vs, route, service),
  }));
}

/** The destinations of the service, but one without a subset that gets nothing: it says nothing of any version. */
function versionsIn(vs: VirtualService, route: Route, service: ServiceKey): readonly RouteDestination[] {
  return destinationsTo(vs, route, service).filter(
    (entry) => entry.destination.subset !== undefined || isServed(route, entry),
  );
}

/** What one route gives to the versions of the service, in whole percent; undefined where it names no subset. */
export function weightsOfRoute(vs: VirtualService, route: Route, service: ServiceKey): Weights | undefined {
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
