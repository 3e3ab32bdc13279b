import { IngressClient } from '../verify/ingress-client.ts';
import type { Message } from '../texts/message.ts';
import { inEnglish } from '../texts/texts.ts';
import type { Target } from '../verify/target.ts';
import { pageUrlOf } from '../verify/page-url.ts';
import { findForwardedIngress, findIngress } from '../verify/find-ingress.ts';
import type { Ingress } from '../verify/find-ingress.ts';
import { allOf } from '../fleet/fleet.ts';
import { CanaryError } from '../core/errors.ts';
import { nameOfProxy, proxyFor } from '../core/proxy.ts';
import { listenerCandidates } from '../gateway-api/ingress-candidates.ts';
import { isHttpRoute } from '../gateway-api/objects.ts';
import { gatewayParents } from '../gateway-api/parents.ts';
import { hostOf, ingressCandidates } from '../istio/gateways.ts';
import { nameOf } from '../kubernetes/objects.ts';
import type { Gateway } from '../kubernetes/objects.ts';
import { NO_INGRESS, PORT_FORWARD, allClusters } from '../release/release.ts';
import type { ClusterName } from '../core/names.ts';
import { inputLabel, theInput } from '../core/wording.ts';
import type { FleetState } from '../release/state.ts';
import { stateOf } from '../release/state.ts';
import { entrancesOf, isDelegate } from '../istio/virtual-services.ts';
import { isVirtualService } from '../release/route-apis.ts';
import type { RouteObject } from '../release/route-object.ts';
import type { RouteState } from '../release/route-state.ts';
import type { Candidate } from '../verify/ingress-candidate.ts';
import type { Context } from './context.ts';

/** The route objects of the release, as they are or will be, by config cluster. */
export type Routing = ReadonlyMap<ClusterName, readonly RouteObject[]>;

/** The route objects that exist, by config cluster. */
export function routeObjects(routes: readonly RouteState[]): Routing {
  const clusters = Map.groupBy(routes, ({ cluster }) => cluster);
  return new Map(
    [...clusters].map(([cluster, states]) => [
      cluster,
      states.flatMap(({ object }) => (object === undefined ? [] : [object])),
    ]),
  );
}

/**
 * Finds the ingress of every cluster of the release, and reports it; see `findIngresses`.
 *
 * @throws CanaryError if a cluster's ingress is not found, or users have none at all
 */
export async function findTargets(
  context: Context,
  state: FleetState,
  routing: Routing,
  planned: readonly Gateway[] = [],
): Promise<readonly Target[]> {
  return targetsAt(context, await findIngresses(context, state, routing, planned));
}

/**
 * Finds the ingress of every cluster of the release: the one in the input ingress, or the one that the cluster shows.
 *
 * @param planned Gateways that the release is about to make
 * @throws CanaryError if a cluster's ingress is not found, or users have none at all
 */
export async function findIngresses(
  context: Context,
  state: FleetState,
  routing: Routing,
  planned: readonly Gateway[],
): Promise<readonly Ingress[]> {
  const { release, fleet } = context;
  const found = await allOf(
    allClusters(release).map(async (name): Promise<Ingress | undefined> => {
      const given = release.check.ingress.get(name);
      if (given === NO_INGRESS) return undefined;
      const routes = servingRoutes(context, name, routing);
      const { entrances, candidates } = waysInto(context, name, state, routes, planned);
      if (given === undefined || given === PORT_FORWARD) assertEntrance(name, routes, entrances > 0);
      if (given === undefined) return findIngress(fleet.cluster(name), candidates);
      if (given === PORT_FORWARD) return findForwardedIngress(fleet.cluster(name), candidates);
      return {
        cluster: name,
        url: given,
        host: hostFor(context, name, state, routes, candidates),
        source: inputLabel('ingress'),
      };
    }),
  );
  return found.filter((ingress) => ingress !== undefined);
}

/**
 * What to sample at the ingresses, which are reported.
 *
 * @throws CanaryError if an ingress has no host that can be asked
 */
export function targetsAt(context: Context, ingresses: readonly Ingress[]): readonly Target[] {
  const { release, recorder, log } = context;
  const shared = sharedAddresses(ingresses);
  for (const message of shared) log.warnOnce(inEnglish(message));
  const unseen = ingresses.flatMap(({ cluster, gateway }) =>
    gateway === undefined ? [] : beforeGateway(cluster),
  );
  recorder.record({ kind: 'blind spots', of: 'ingresses', messages: [...shared, ...unseen] });
  const { path, headers } = release.check;
  const hosts = [...new Set(ingresses.flatMap(({ host }) => host ?? []))];
  const targets = ingresses.map(({ cluster, url, host, gateway }): Target => {
    assertConcrete(cluster, host);
    return { cluster, url, path, headers, host, gateway };
  });
  recorder.record({
    kind: 'ingresses found',
    // An address of the cluster's own network is of no use outside it.
    ingresses: new Map(
      ingresses.map(({ cluster, url, gateway }) => [cluster, gateway === undefined ? url : PORT_FORWARD]),
    ),
    asked: { hosts, path },
    url: pageUrlOf(targets),
  });
  for (const { cluster, url, host, source, gateway } of ingresses) {
    const way = gateway === undefined ? throughProxy(context, cluster, url) : ', past the load balancer';
    log.info(`Ingress of ${cluster}: ${url} (${source})${host === undefined ? '' : `, host ${host}`}${way}`);
  }
  return targets;
}

/** What cannot be seen from within the pods of a gateway. */
function beforeGateway(cluster: ClusterName): Message {
  return { kind: 'loadBalancerSkipped', cluster };
}

/** Users may come another way than the samples: the load balancer and the gateway see the address of the proxy. */
function throughProxy({ recorder }: Context, cluster: ClusterName, url: string): string {
  const proxy = proxyFor(new URL(url));
  if (proxy === undefined) return '';
  const message: Message = { kind: 'throughProxy', cluster, proxy: nameOfProxy(proxy) };
  recorder.record({ kind: 'connection', message });
  return `, through the proxy ${nameOfProxy(proxy)}`;
}

/**
 * @throws CanaryError if only sidecars use the routes: then there is no ingress to find, and the message says how such a service is
 * released
 */
function assertEntrance(name: ClusterName, found: readonly RouteObject[], hasEntrance: boolean): void {
  if (hasEntrance || found.length === 0) return;
  if (found.some((object) => isVirtualService(object) && isDelegate(object))) return;
  throw new CanaryError(
    `${found.map(nameOf).join(', ')} is bound to no Gateway: only sidecars use it, so no ingress shows what users get. If no user enters through a gateway, set ${theInput('ingress')} to none: the weights are then written in every cluster and not verified. Otherwise bind it to a Gateway, or give the address of an ingress that leads to it (ingress: ${name}=http://203.0.113.7).`,
  );
}

/** Runs work with a client for each ingress, and closes them afterwards. */
export async function withClients<T>(
  targets: readonly Target[],
  work: (clients: readonly IngressClient[]) => Promise<T>,
): Promise<T> {
  const clients = await allOf(targets.map((target) => IngressClient.open(target)));
  try {
    return await work(clients);
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
}

/** The config cluster whose routes and Gateways serve the ingress of a cluster: itself, or the first one. */
function servingCluster({ release }: Context, name: ClusterName): ClusterName {
  const [first = name] = release.configClusters;
  return release.configClusters.includes(name) ? name : first;
}

/** The route objects that serve the ingress of a cluster. */
function servingRoutes(context: Context, name: ClusterName, routing: Routing): readonly RouteObject[] {
  return routing.get(servingCluster(context, name)) ?? [];
}

/** The ways into route objects, by Gateways of either API, the best first. */
function waysInto(
  context: Context,
  name: ClusterName,
  state: FleetState,
  routes: readonly RouteObject[],
  planned: readonly Gateway[],
): { readonly entrances: number; readonly candidates: readonly Candidate[] } {
  const { release } = context;
  const { traffic, gatewayApi, namespace } = stateOf(state, servingCluster(context, name));
  const httpRoutes = routes.filter(isHttpRoute);
  const entrances = entrancesOf(routes.filter(isVirtualService), traffic?.roots ?? []);
  const gateways = [...(traffic?.gateways ?? []), ...planned];
  const asked = release.check.host;
  return {
    entrances: entrances.length + httpRoutes.filter((route) => gatewayParents(route).length > 0).length,
    candidates: [
      ...ingressCandidates(release, entrances, gateways, asked),
      ...(gatewayApi === undefined
        ? []
        : listenerCandidates(httpRoutes, gatewayApi, namespace?.metadata.labels, asked)),
    ],
  };
}

/** The host to ask an ingress for that was given by hand. */
function hostFor(
  context: Context,
  name: ClusterName,
  state: FleetState,
  routes: readonly RouteObject[],
  [best]: readonly Candidate[],
): string | undefined {
  const { release } = context;
  if (release.check.host !== undefined) return release.check.host;
  if (best !== undefined && 'host' in best) return best.host;
  const [hostname] = routes.filter(isHttpRoute).flatMap(({ spec }) => spec.hostnames ?? []);
  const { traffic } = stateOf(state, servingCluster(context, name));
  return hostname ?? hostOf(release, entrancesOf(routes.filter(isVirtualService), traffic?.roots ?? []));
}

/** What cannot be seen if several clusters share one address, as behind a global load balancer. */
function sharedAddresses(ingresses: readonly Ingress[]): readonly Message[] {
  const reached = ingresses.filter(({ gateway }) => gateway === undefined);
  return [...Map.groupBy(reached, ({ url }) => url)].flatMap(([url, same]) =>
    same.length === 1 ? [] : [{ kind: 'sharedAddress', clusters: same.map(({ cluster }) => cluster), url }],
  );
}

function assertConcrete(cluster: ClusterName, host: string | undefined): void {
  if (host?.includes('*') !== true) return;
  throw new CanaryError(
    `The route and its Gateway in ${cluster} accept no host narrower than ${host}: set ${theInput('host')} to the one to request.`,
  );
}
