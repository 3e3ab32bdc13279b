import { firstOfEach } from '../core/first-of-each.ts';
import type { Deciding } from '../istio/destination-rules.ts';
import { isDeepStrictEqual } from 'node:util';
import type { RevisionAndWeights } from '../texts/catalogue/findings.ts';
import type { Message } from '../texts/message.ts';
import type { CommonWeights } from '../core/common-weights.ts';
import { CanaryError, inCluster } from '../core/errors.ts';
import type { RouteChoice } from '../core/route-target.ts';
import { nameOf } from '../kubernetes/objects.ts';
import type { DestinationRule, VirtualService } from '../kubernetes/objects.ts';
import { inEnglish } from '../texts/texts.ts';
import { recordOf } from './history.ts';
import type { ReleaseRecord } from './history.ts';
import type { Release } from './release.ts';
import { releaseRoutes } from './release-routes.ts';
import type { ReleaseRoutes } from './release-routes.ts';
import { isVirtualService } from './route-apis.ts';
import type { RouteObject } from './route-object.ts';
import type { ClusterName } from '../core/names.ts';
import type { FleetState } from './state.ts';
import type { TrafficApi } from './traffic-api.ts';
import type { Weights } from '../core/weights.ts';
import { inputLabel, theInput } from '../core/wording.ts';

/** The release as one object of a config cluster tells it: a VirtualService or an HTTPRoute. */
export interface RouteState {
  readonly cluster: ClusterName;
  /** The VirtualService or HTTPRoute that holds the weights; undefined: still to be made. */
  readonly object: RouteObject | undefined;
  /** The same, if it is a VirtualService. */
  readonly virtualService: VirtualService | undefined;
  /** How its routes are read and edited. */
  readonly api: TrafficApi<RouteObject>;
  /** Which of its routes are managed. */
  readonly choice: RouteChoice;
  /** The rule of the service that its subsets are added to; undefined where none exists. */
  readonly destinationRule: DestinationRule | undefined;
  /** The rules that decide for requests from the gateways; beside an HTTPRoute the subsets that the Services of versions amount to. */
  readonly deciding: Deciding;
  /** What the managed routes hold; undefined where none stands, or none that names subsets. */
  readonly weights: Weights | undefined;
  /** Whether its managed routes agree on them. */
  readonly accord: CommonWeights['accord'];
  /** The revision that responses of the managed routes carry. */
  readonly revision: string | undefined;
  readonly record: ReleaseRecord | undefined;
}

/** What to observe, where it is not all that the release names. */
export interface Scope {
  /** The config clusters to look at. */
  readonly clusters?: readonly ClusterName[] | undefined;
  /** Names of the HTTP routes to manage. */
  readonly routes?: readonly string[] | undefined;
  /** Whether the managed routes of one object may hold different weights: a run that sets all of them can go on. */
  readonly differing?: 'refused' | 'allowed';
}

/**
 * Reads the weights in force from every config cluster: one entry for each object of the release, those of a cluster in the
 * order named.
 *
 * @throws CanaryError where objects of another name hold the service's traffic, the choice of routes is not clear, or those of one
 * object differ
 */
export function readRouteStates(
  release: Release,
  fleet: FleetState,
  { clusters = release.configClusters, routes = release.traffic.routes, differing = 'refused' }: Scope = {},
): readonly RouteState[] {
  return clusters.flatMap((cluster) => {
    const found = releaseRoutes(release, fleet, cluster);
    const { api, objects, destinationRule, deciding } = found;
    return objects.map((object) =>
      inCluster(cluster, () => {
        const own = ownRoutes(found, routes, object);
        const choice = { ...found.choice, routes: own };
        const record = object && recordOf(object, release.app);
        const common = object && api.weights(object, choice, record?.weights);
        if (object !== undefined && common?.accord === 'different' && differing === 'refused')
          throw new CanaryError(describeDifference(object, api, choice));
        return {
          cluster,
          object,
          virtualService: object !== undefined && isVirtualService(object) ? object : undefined,
          api,
          choice,
          destinationRule,
          deciding,
          weights: common?.weights,
          accord: common?.accord ?? 'same',
          revision: object && api.revision(object, choice),
          record,
        };
      }),
    );
  });
}

function describeDifference(object: RouteObject, api: TrafficApi<RouteObject>, choice: RouteChoice): string {
  const held = inEnglish(routesDiffer(object, api, choice));
  return `The managed ${api.kind === 'HTTPRoute' ? 'rules' : 'routes'} of ${nameOf(object)} hold ${held}. Bring all of them to the same weights with the operation rollback and ${theInput('weights')}, or manage fewer (${inputLabel('routes')}).`;
}

/** What each route of an object to the service holds, within a sentence. */
export function routesDiffer(
  object: RouteObject,
  api: TrafficApi<RouteObject>,
  choice: RouteChoice,
): Message {
  const routes = api.weightsByRoute(object, choice);
  return { kind: 'weightsByRoute', routes: routes.map((one) => ({ object: undefined, ...one })) };
}

/**
 * The names of the routes to manage in one of several objects: those that it has; in one that has none of them, the only route that
 * leads to the service. A name that stands nowhere is left to the first, which complains of it.
 */
function ownRoutes(
  { api, objects: all, choice }: ReleaseRoutes,
  names: readonly string[] | undefined,
  object: RouteObject | undefined,
): readonly string[] | undefined {
  if (all.length === 1) return names;
  const any = { ...choice, routes: undefined };
  const has = (one: RouteObject | undefined, name: string): boolean =>
    one !== undefined && api.hasRoute(one, any, name);
  const own = names?.filter(
    (name) => has(object, name) || (object === all[0] && !all.some((one) => has(one, name))),
  );
  return own?.length === 0 ? undefined : own;
}

/** What each config cluster holds, once: the entry of its first object. */
export function oncePerCluster(routes: readonly RouteState[]): readonly RouteState[] {
  return firstOfEach(routes, ({ cluster }) => cluster);
}

/** `east`; with the name of the object where the cluster has several. */
export function describePlace(one: RouteState, routes: readonly RouteState[]): string {
  const alone = routes.filter(({ cluster }) => cluster === one.cluster).length === 1;
  return alone || one.object === undefined ? one.cluster : `${one.cluster} (${one.object.metadata.name})`;
}

/** What serves a cluster's ingress: its own control plane's routes or the first's, and there those that a gateway serves. */
export function routeStateFor(routes: readonly RouteState[], cluster: ClusterName): RouteState | undefined {
  const own = routes.filter((one) => one.cluster === cluster);
  const serving = own.length > 0 ? own : routes.filter((one) => one.cluster === routes[0]?.cluster);
  return serving.find(({ api, object }) => object !== undefined && api.hasEntrance(object)) ?? serving[0];
}

/** Whether other hosts than the service answer a share of the requests to a cluster's ingress. */
export function isSharedWithOtherHosts(states: readonly RouteState[], cluster: ClusterName): boolean {
  const state = routeStateFor(states, cluster);
  return state?.object !== undefined && state.api.isShared(state.object, state.choice);
}

/** Where weights or revision are no longer what they were, as `west: revision 7, v1=80,v2=20 → revision 8, v1=50,v2=50`. */
export function routeChangesSince(
  before: readonly RouteState[],
  now: readonly RouteState[],
): readonly Message[] {
  const told = (one: RouteState | undefined): RevisionAndWeights => {
    const revision = one?.record?.revision ?? one?.revision;
    return { revision: revision === undefined ? undefined : String(revision), weights: one?.weights };
  };
  const name = ({ object }: RouteState): string | undefined => object?.metadata.name;
  return before.flatMap((one) => {
    const later = now.find((other) => other.cluster === one.cluster && name(other) === name(one));
    return isDeepStrictEqual(told(later), told(one))
      ? []
      : [{ kind: 'routeChange', place: describePlace(one, before), before: told(one), now: told(later) }];
  });
}

/** The record of the last route change that any config cluster holds. */
export function newestRecord(routes: readonly RouteState[]): ReleaseRecord | undefined {
  return routes
    .map(({ record }) => record)
    .toSorted((a, b) => (b?.revision ?? 0) - (a?.revision ?? 0))
    .at(0);
}

/** The objects of the release that exist. */
export function existingRoutes(
  routes: readonly RouteState[],
): readonly { readonly cluster: ClusterName; readonly object: RouteObject }[] {
  return routes.flatMap(({ cluster, object }) => (object === undefined ? [] : [{ cluster, object }]));
}
