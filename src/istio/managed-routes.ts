import { CanaryError, OpenChoiceError } from '../core/errors.ts';
import { nameOf } from '../kubernetes/objects.ts';
import type { HttpRoute, VirtualService } from '../kubernetes/objects.ts';
import {
  destinationsTo,
  inSentence,
  isPreview,
  isServed,
  placesOfRoutes,
  routeKey,
  routesTo,
} from './routes.ts';
import type { Route } from './routes.ts';
import { revisionOf } from './marks.ts';
import { fullHost, isPartialHostOf } from './hosts.ts';
import { movedRemedy } from '../core/route-target.ts';
import type { ServiceKey } from '../core/names.ts';
import { inputPlace, inputSetting, rerun, theInput } from '../core/wording.ts';

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

/** What was found in a VirtualService, since every stage asks again. Objects that were read are never modified. */
const known = new WeakMap<VirtualService, Found[]>();

interface Found {
  readonly service: ServiceKey;
  readonly names: readonly string[] | undefined;
  readonly routes: readonly HttpRoute[];
}

/**
 * The routes that the action manages in a VirtualService: those named; else the only one that leads to the service, or of several the
 * only one that a release has marked. Empty where none leads there and none is named.
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
  const found = known.get(vs) ?? [];
  const earlier = found.find(
    (one) =>
      one.names === names && one.service.app === service.app && one.service.namespace === service.namespace,
  );
  if (earlier !== undefined) return earlier.routes;
  const routes = findManaged(vs, service, names);
  known.set(vs, [...found, { service: { app: service.app, namespace: service.namespace }, names, routes }]);
  return routes;
}

function findManaged(
  vs: VirtualService,
  service: ServiceKey,
  names: readonly string[] | undefined,
): readonly HttpRoute[] {
  const candidates = routesTo(vs, service);
  const places = placesOfRoutes(vs);
  const keys = candidates.map((route) => routeKey(vs, route, places));
  const all = (vs.spec.http ?? []).filter((route) => !isPreview(route));
  const meant = names?.flatMap(finderOf(all, places)) ?? (candidates.length === 0 ? all : candidates);
  assertFullNames(vs, service, meant);
  if (names !== undefined) {
    const find = finderOf(candidates, places);
    const chosen = names.map((name) => ({ name, routes: find(name) }));
    const missing = chosen.find(({ routes }) => routes.length === 0);
    if (missing !== undefined) {
      throw new CanaryError(
        `${inputPlace('routes')} names "${missing.name}", but ${nameOf(vs)} has no HTTP route with that name or position that leads to ${service.app} (routes that do: ${keys.join(', ') || 'none'}).`,
      );
    }
    const managed = [...new Set(chosen.flatMap(({ routes }) => routes))];
    assertSamePlaces(vs, service, candidates, managed, places);
    return managed;
  }
  if (candidates.length <= 1) return candidates;
  const marked = candidates.filter((route) => isMarked(vs, route, service));
  if (marked.length === 1) return marked;
  const likely = marked.length > 1 ? marked : candidates.slice(-1);
  throw new OpenChoiceError(
    `${nameOf(vs)} has ${String(candidates.length)} HTTP routes that lead to ${service.app}: ${keys.join(', ')}. Set ${theInput('routes')} to those to split, for example ${inputSetting('routes', likely.map((route) => routeKey(vs, route, places)).join(', '))}.`,
  );
}

/** Refuses routes to the service by a name that leads nowhere: their users get errors, whatever the weights. */
export function assertFullNames(vs: VirtualService, service: ServiceKey, routes: readonly Route[]): void {
  for (const route of routes) {
    const found = (route.route ?? []).find(({ destination }) => isPartialHostOf(service, destination.host));
    if (found === undefined) continue;
    throw new CanaryError(
      `A destination of ${inSentence(vs, route)} of ${nameOf(vs)} has the host ${found.destination.host}, which leads nowhere: Istio completes only names without a dot, so its requests get status 503. Write the full name, ${fullHost(service)}, then ${rerun()}.`,
    );
  }
}

/** Finds the routes of a name; where none has it, the unnamed one at that place. */
function finderOf(
  candidates: readonly HttpRoute[],
  places: ReadonlyMap<Route, string>,
): (name: string) => readonly HttpRoute[] {
  const named = Map.groupBy(candidates, ({ name }) => name);
  const placed = Map.groupBy(
    candidates.filter(({ name }) => name === undefined || name === ''),
    (candidate) => places.get(candidate),
  );
  return (name) => named.get(name) ?? placed.get(name) ?? [];
}

/** A place says which route is meant only as long as nobody puts another route ahead of it. */
function assertSamePlaces(
  vs: VirtualService,
  service: ServiceKey,
  candidates: readonly HttpRoute[],
  managed: readonly HttpRoute[],
  places: ReadonlyMap<Route, string>,
): void {
  const chosen = new Set(managed);
  const isUnnamed = (route: HttpRoute): boolean => routeKey(vs, route, places) !== route.name;
  const stranger = managed.find((route) => isUnnamed(route) && !isMarked(vs, route, service));
  const marked = candidates.filter((route) => isMarked(vs, route, service));
  const moved = marked.find((route) => isUnnamed(route) && !chosen.has(route));
  if (stranger === undefined || moved === undefined) return;
  throw new CanaryError(
    `${inputPlace('routes')} names ${routeKey(vs, stranger)} of ${nameOf(vs)}, but the route that the release has split so far is now ${routeKey(vs, moved)}: routes were added or removed since. ${movedRemedy('route', marked.length)}`,
  );
}

/** Whether the action has written a route: its destinations say so. */
export function isMarked(vs: VirtualService, route: Route, service: ServiceKey): boolean {
  return destinationsTo(vs, route, service).some((one) => revisionOf(one) !== undefined);
}
