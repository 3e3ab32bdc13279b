import { clientsOf, decidingRules, isForAll, isForService, byAge } from '../istio/destination-rules.ts';
import type { Deciding } from '../istio/destination-rules.ts';
import { CanaryError, inCluster } from '../core/errors.ts';
import { nameOf } from '../kubernetes/objects.ts';
import type { DestinationRule, KubeObject, VirtualService } from '../kubernetes/objects.ts';
import { recordOf } from './history.ts';
import type { ReleaseRecord } from './history.ts';
import { namedVersions } from './release.ts';
import type { Release } from './release.ts';
import type { ClusterName } from '../core/names.ts';
import { managedRoutes } from '../istio/managed-routes.ts';
import { managedWeights } from '../istio/route-weights.ts';
import { destinationsTo, sumOf, routeKey, routesTo } from '../istio/routes.ts';
import { REVISION_HEADER } from '../core/marks.ts';
import { fullHost, isPartialHostOf } from '../istio/hosts.ts';
import type { ServiceKey } from '../istio/hosts.ts';
import { trafficOf } from './state.ts';
import type { FleetState } from './state.ts';
import type { TrafficState } from '../istio/traffic-state.ts';
import { gatewaysOf, isDelegate } from '../istio/virtual-services.ts';
import { releaseVirtualServices } from './release-virtual-services.ts';
import { formatWeights, sameWeights } from '../core/weights.ts';
import type { Weights } from '../core/weights.ts';

/** The release as one VirtualService of a config cluster tells it. */
export interface RouteState {
  readonly cluster: ClusterName;
  readonly virtualService: VirtualService | undefined;
  /** Names of its HTTP routes to manage; undefined: the only one that leads to the service. */
  readonly routes: readonly string[] | undefined;
  /** The rule of the service that its subsets are added to; undefined where none exists. */
  readonly destinationRule: DestinationRule | undefined;
  /** The rules that decide for requests from the gateways. */
  readonly deciding: Deciding;
  /** What the managed routes hold; undefined where none stands, or none that names subsets. */
  readonly weights: Weights | undefined;
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
}

/**
 * Reads the weights in force from every config cluster: one entry for each VirtualService of the release, those of a cluster in
 * the order named.
 *
 * @throws CanaryError where objects of another name hold the service's traffic, or the choice of routes is not clear
 */
export function readRouteStates(
  release: Release,
  fleet: FleetState,
  { clusters = release.configClusters, routes = release.traffic.routes }: Scope = {},
): readonly RouteState[] {
  return clusters.flatMap((cluster) => {
    const traffic = trafficOf(fleet, cluster);
    const virtualServices = releaseVirtualServices(release, traffic, cluster);
    const destinationRule = destinationRuleOf(release, traffic, cluster);
    const [client] = clientsOf(release, traffic, []);
    const deciding = decidingRules(release, traffic.everywhere.destinationRules, client, traffic.mesh);
    return virtualServices.map((virtualService) =>
      inCluster(cluster, () => {
        const own = ownRoutes(release, routes, virtualService, virtualServices);
        const record = virtualService && recordOf(virtualService, release.app);
        return {
          cluster,
          virtualService,
          routes: own,
          destinationRule,
          deciding,
          weights: virtualService && managedWeights(virtualService, release, own, record?.weights),
          revision: virtualService && revisionOf(virtualService, release, own),
          record,
        };
      }),
    );
  });
}

/**
 * The names of the routes to manage in one of several VirtualServices: those that it has; in one that has none of them, the
 * only route that leads to the service. A name that stands nowhere is left to the first, which complains of it.
 */
function ownRoutes(
  service: ServiceKey,
  names: readonly string[] | undefined,
  vs: VirtualService | undefined,
  all: readonly (VirtualService | undefined)[],
): readonly string[] | undefined {
  if (all.length === 1) return names;
  const has = (one: VirtualService | undefined, name: string): boolean =>
    one !== undefined && routesTo(one, service).some((route) => routeKey(one, route) === name);
  const own = names?.filter((name) => has(vs, name) || (vs === all[0] && !all.some((one) => has(one, name))));
  return own?.length === 0 ? undefined : own;
}

/** What each config cluster holds, once: the entry of its first VirtualService. */
export function oncePerCluster(inForce: readonly RouteState[]): readonly RouteState[] {
  return inForce.filter((one, i) => inForce.findIndex(({ cluster }) => cluster === one.cluster) === i);
}

/** `east`; with the VirtualService where the cluster has several. */
export function describePlace(one: RouteState, inForce: readonly RouteState[]): string {
  const alone = inForce.filter(({ cluster }) => cluster === one.cluster).length === 1;
  return alone || one.virtualService === undefined
    ? one.cluster
    : `${one.cluster} (${one.virtualService.metadata.name})`;
}

/** What serves a cluster's ingress: its own control plane's routes or the first's, and there those that a gateway serves. */
export function routeStateFor(inForce: readonly RouteState[], cluster: ClusterName): RouteState | undefined {
  const own = inForce.filter((one) => one.cluster === cluster);
  const serving = own.length > 0 ? own : inForce.filter((one) => one.cluster === inForce[0]?.cluster);
  return (
    serving.find(
      ({ virtualService: vs }) => vs !== undefined && (isDelegate(vs) || gatewaysOf(vs).length > 0),
    ) ?? serving[0]
  );
}

/** Whether other hosts than the service answer a share of the requests to a cluster's ingress. */
export function isSharedWithOtherHosts(
  release: Release,
  states: readonly RouteState[],
  cluster: ClusterName,
): boolean {
  const { virtualService: vs, routes } = routeStateFor(states, cluster) ?? {};
  return (
    vs !== undefined &&
    managedRoutes(vs, release, routes).some((route) => {
      const ours = destinationsTo(vs, route, release);
      return sumOf((route.route ?? []).filter((destination) => !ours.includes(destination))) > 0;
    })
  );
}

/** Where weights or revision are no longer what they were, as `west: revision 7, v1=80,v2=20 → revision 8, v1=50,v2=50`. */
export function describeRouteChanges(
  before: readonly RouteState[],
  now: readonly RouteState[],
): readonly string[] {
  const told = (one: RouteState | undefined): string =>
    [
      `revision ${String(one?.record?.revision ?? one?.revision ?? 'none')}`,
      one?.weights === undefined ? 'no weights' : formatWeights(one.weights),
    ].join(', ');
  const name = ({ virtualService }: RouteState): string | undefined => virtualService?.metadata.name;
  return before.flatMap((one) => {
    const later = now.find((other) => other.cluster === one.cluster && name(other) === name(one));
    return told(later) === told(one) ? [] : [`${describePlace(one, before)}: ${told(one)} → ${told(later)}`];
  });
}

/** The record of the last route change that any config cluster holds. */
export function newestRecord(inForce: readonly RouteState[]): ReleaseRecord | undefined {
  return inForce
    .map(({ record }) => record)
    .toSorted((a, b) => (b?.revision ?? 0) - (a?.revision ?? 0))
    .at(0);
}

function revisionOf(
  vs: VirtualService,
  release: Release,
  routes: readonly string[] | undefined,
): string | undefined {
  const [route] = managedRoutes(vs, release, routes);
  return route?.route?.find(({ headers }) => headers?.response?.set?.[REVISION_HEADER] !== undefined)?.headers
    ?.response?.set?.[REVISION_HEADER];
}

/** Of the rules of the service the one that holds its versions already, else the one of the input's name. */
function destinationRuleOf(
  release: Release,
  traffic: TrafficState,
  cluster: ClusterName,
): DestinationRule | undefined {
  const name = release.traffic.destinationRule;
  const ofHost = traffic.destinationRules
    .filter((rule) => isForService(release, rule) && isForAll(rule))
    .toSorted(byAge);
  const versions = namedVersions(release);
  const holder = ofHost.find(({ spec }) => spec.subsets?.some((subset) => versions.includes(subset.name)));
  if (holder !== undefined) return holder;
  const found = traffic.destinationRules.find(({ metadata }) => metadata.name === name);
  if (found !== undefined && !ofHost.includes(found)) {
    if (isPartialHostOf(release, found.spec.host)) {
      throw new CanaryError(
        `${nameOf(found)} in ${cluster} is for host ${found.spec.host}, which names no service: Istio completes only names without a dot, so its subsets apply to nothing. Write the full name, ${fullHost(release)}, then re-run this step.`,
      );
    }
    throw new CanaryError(
      isForService(release, found)
        ? `${nameOf(found)} in ${cluster} has a workloadSelector, so it does not apply to every client of ${release.app}. Set the input destination-rule to another name.`
        : `${nameOf(found)} in ${cluster} is for host ${found.spec.host}, not for ${release.app}. Set the input destination-rule to another name.`,
    );
  }
  const [other] = ofHost;
  if (found === undefined && other !== undefined) {
    throw new CanaryError(
      `There is no DestinationRule ${release.namespace}/${name} in ${cluster}, but ${nameOf(other)} is for ${release.app}. Set the input destination-rule to ${other.metadata.name}.`,
    );
  }
  return found;
}

/** A config cluster whose managed routes hold other weights than the action last wrote. */
export interface Edit {
  readonly cluster: ClusterName;
  readonly virtualService: VirtualService;
  readonly recorded: Weights;
  readonly found: Weights | undefined;
  /** `kubectl-edit at 2026-11-22T10:00:00Z`; empty where the object does not tell. */
  readonly by: string;
}

/** The config clusters where someone else changed the weights since the action wrote them. */
export function editsOf(inForce: readonly RouteState[]): readonly Edit[] {
  return inForce.flatMap(({ cluster, virtualService, record, weights }) => {
    const recorded = record?.weights;
    if (virtualService === undefined || recorded === undefined) return [];
    if (weights !== undefined && sameWeights(weights, recorded)) return [];
    return [{ cluster, virtualService, recorded, found: weights, by: lastEditor(virtualService) }];
  });
}

/** `VirtualService … in west holds v1=50,v2=50 instead of v1=80,v2=20 (kubectl-edit at …)`. */
export function describeEdit(edit: Edit): string {
  const found = edit.found === undefined ? 'no weights' : formatWeights(edit.found);
  const by = edit.by === '' ? '' : ` (last written by ${edit.by})`;
  return `${nameOf(edit.virtualService)} in ${edit.cluster} holds ${found} instead of the ${formatWeights(edit.recorded)} that the last release step wrote${by}`;
}

/** Who last wrote an object, and when, by its managed fields; empty where it does not tell. */
export function lastEditor({ metadata }: KubeObject): string {
  const [last] = (metadata.managedFields ?? []).toSorted((a, b) =>
    (b.time ?? '').localeCompare(a.time ?? ''),
  );
  return last?.manager === undefined ? '' : `${last.manager} at ${last.time ?? 'an unknown time'}`;
}
