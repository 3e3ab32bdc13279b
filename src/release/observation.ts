import type { TrafficApi } from './traffic-api.ts';
import { ROUTE_APIS } from './route-apis.ts';
import { routeKindOf } from './route-kind.ts';
import type { RouteObject } from './route-object.ts';
import { clusterWeights, routesOrWhyNot } from './cluster-weights.ts';
import type { ClusterWeights } from './cluster-weights.ts';
import { recordOf } from './history.ts';
import type { ReleaseRecord } from './history.ts';
import type { Change } from '../kubernetes/change.ts';
import { nameOf } from '../kubernetes/objects.ts';
import { newestRecord, readRouteStates } from './route-state.ts';
import type { RouteState, Scope } from './route-state.ts';
import { editsOf } from './weight-edits.ts';
import type { WeightEdit } from './weight-edits.ts';
import type { Release } from './release.ts';
import type { FleetState } from './state.ts';
import type { ClusterName } from '../core/names.ts';
import type { Weights } from '../core/weights.ts';
import { CanaryError } from '../core/errors.ts';

/** What was asked for and what the clusters held when they were read: all that planning starts from. */
export interface Observation {
  readonly release: Release;
  readonly fleet: FleetState;
  /** How the routes are read and edited. */
  readonly api: TrafficApi<RouteObject>;
  /** The config clusters that were looked at. */
  readonly clusters: readonly ClusterName[];
  /** The state of each object of the release, by config cluster in the order named. */
  readonly routes: readonly RouteState[];
  /** The same, as reports show it. */
  readonly held: readonly ClusterWeights[];
  /** The weights of the first object that has any; undefined on a first install. */
  readonly weights: Weights | undefined;
  /** The record of the last route change in any config cluster. */
  readonly record: ReleaseRecord | undefined;
  /** Where someone else has changed the weights since the action wrote them. */
  readonly edits: readonly WeightEdit[];
}

/**
 * Interprets what was read from the clusters. Pure.
 *
 * @throws CanaryError where objects of another name hold the service's traffic, or the choice of routes is not clear
 */
export function observe(release: Release, fleet: FleetState, scope: Scope = {}): Observation {
  const { clusters = release.configClusters } = scope;
  return observationOf(release, fleet, clusters, readRouteStates(release, fleet, scope));
}

/**
 * The same for reports, of which an unclear cluster is part: the routes are those of the other clusters.
 *
 * @returns `unclear`: why the routing of some clusters is not clear, such as a choice of routes that the inputs leave open
 */
export function observeWhereClear(
  release: Release,
  fleet: FleetState,
  clusters: readonly ClusterName[],
): { readonly observed: Observation; readonly unclear: readonly string[] } {
  const found = clusters.map((cluster) => routesOrWhyNot(release, fleet, cluster));
  const routes = found.flatMap((one) => (one instanceof CanaryError ? [] : one));
  const unclear = found.flatMap((one) => (one instanceof CanaryError ? [one.message] : []));
  return { observed: observationOf(release, fleet, clusters, routes), unclear };
}

/** What the clusters will hold once route objects are written. */
export function observedAfter(observed: Observation, written: WrittenRoutes): Observation {
  const { release, fleet, clusters } = observed;
  const routes = observed.routes.map((one): RouteState => {
    const change = written.routes.find(
      ({ cluster, object }) =>
        cluster === one.cluster && one.object !== undefined && nameOf(object) === nameOf(one.object),
    );
    if (change === undefined || one.object === undefined) return one;
    const object = { ...one.object, ...change.object };
    const record = recordOf(object, release.app);
    const { weights } = written;
    return { ...one, object, weights, accord: 'same', revision: String(written.revision), record };
  });
  return observationOf(release, fleet, clusters, routes);
}

/** Route objects with weights, as they are about to be written. */
interface WrittenRoutes {
  readonly weights: Weights;
  readonly revision: number;
  readonly routes: readonly Change[];
}

function observationOf(
  release: Release,
  fleet: FleetState,
  clusters: readonly ClusterName[],
  routes: readonly RouteState[],
): Observation {
  return {
    release,
    fleet,
    api: ROUTE_APIS[routeKindOf(release, fleet)],
    clusters,
    routes,
    held: clusterWeights(routes),
    weights: routes.find(({ weights }) => weights !== undefined)?.weights,
    record: newestRecord(routes),
    edits: editsOf(routes),
  };
}
