import { IngressClient } from '../verify/ingress-client.ts';
import type { Target } from '../verify/target.ts';
import { findForwardedIngress, findIngress } from '../verify/find-ingress.ts';
import type { Ingress } from '../verify/find-ingress.ts';
import { allOf } from '../fleet/fleet.ts';
import { CanaryError } from '../core/errors.ts';
import { nameOfProxy, proxyFor } from '../core/proxy.ts';
import { hostOf, ingressCandidates } from '../istio/gateways.ts';
import type { UnusableCandidate, IngressCandidate } from '../istio/gateways.ts';
import { nameOf } from '../kubernetes/objects.ts';
import type { Gateway, VirtualService } from '../kubernetes/objects.ts';
import { NO_INGRESS, PORT_FORWARD, allClusters } from '../release/release.ts';
import type { ClusterName } from '../core/names.ts';
import type { FleetState } from '../release/state.ts';
import { trafficOf } from '../release/state.ts';
import { entrancesOf, isDelegate } from '../istio/virtual-services.ts';
import type { RouteState } from '../release/route-state.ts';
import type { Context } from './context.ts';

/** VirtualServices of the release, as they are or will be, by config cluster. */
export type Routing = ReadonlyMap<ClusterName, readonly VirtualService[]>;

/** The VirtualServices that exist, by config cluster. */
export function virtualServices(routes: readonly RouteState[]): Routing {
  const clusters = Map.groupBy(routes, ({ cluster }) => cluster);
  return new Map(
    [...clusters].map(([cluster, states]) => [
      cluster,
      states.flatMap(({ virtualService }) => (virtualService === undefined ? [] : [virtualService])),
    ]),
  );
}

/**
 * Finds the ingress of every cluster of the release: the one in the input ingress, or the one that the cluster shows.
 *
 * @param planned Gateways that the release is about to make
 * @throws CanaryError if a cluster's ingress is not found, or users have none at all
 */
export async function findTargets(
  context: Context,
  state: FleetState,
  routing: Routing,
  planned: readonly Gateway[] = [],
): Promise<readonly Target[]> {
  const { release, fleet, recorder, log } = context;
  const found = await allOf(
    allClusters(release).map(async (name): Promise<Ingress | undefined> => {
      const given = release.check.ingress.get(name);
      if (given === NO_INGRESS) return undefined;
      const entrances = entrancesIn(context, name, state, routing);
      if (given === undefined || given === PORT_FORWARD) assertEntrance(context, name, routing, entrances);
      const candidates = candidatesFor(context, name, state, entrances, planned);
      if (given === undefined) return findIngress(fleet.cluster(name), candidates);
      if (given === PORT_FORWARD) return findForwardedIngress(fleet.cluster(name), candidates);
      const [best] = candidates;
      const host =
        release.check.host ??
        (best !== undefined && 'server' in best ? best.host : hostOf(release, entrances));
      return { cluster: name, url: given, host, source: 'input ingress' };
    }),
  );
  const ingresses = found.filter((ingress) => ingress !== undefined);
  const shared = sharedAddresses(ingresses);
  for (const sentence of shared) log.warnOnce(sentence);
  const unseen = ingresses.flatMap(({ cluster, gateway }) =>
    gateway === undefined ? [] : beforeGateway(cluster),
  );
  recorder.record({ kind: 'blind spots', of: 'ingresses', sentences: [...shared, ...unseen] });
  const { path, headers } = release.check;
  const hosts = [...new Set(ingresses.flatMap(({ host }) => host ?? []))];
  recorder.record({
    kind: 'ingresses found',
    // An address of the cluster's own network is of no use outside it.
    ingresses: new Map(
      ingresses.map(({ cluster, url, gateway }) => [cluster, gateway === undefined ? url : PORT_FORWARD]),
    ),
    asked: { hosts, path },
  });
  return ingresses.map(({ cluster, url, host, source, gateway }) => {
    assertConcrete(cluster, host);
    const way =
      gateway === undefined ? throughProxy(context, cluster, url) : '; the load balancer is not on the way';
    log.info(`Ingress of ${cluster}: ${url} (${source})${host === undefined ? '' : `, host ${host}`}${way}`);
    return { cluster, url, path, headers, host, gateway };
  });
}

/** What cannot be seen from within the pods of a gateway. */
function beforeGateway(cluster: ClusterName): string {
  return `The samples of ${cluster} go through its API server to each gateway pod (ingress: port-forward): the load balancer, and whatever else is in front of the gateway, is not on the way.`;
}

/** Users may come another way than the samples: the load balancer and the gateway see the address of the proxy. */
function throughProxy({ recorder }: Context, cluster: ClusterName, url: string): string {
  const proxy = proxyFor(new URL(url));
  if (proxy === undefined) return '';
  const sentence = `The samples of ${cluster} go through the proxy ${nameOfProxy(proxy)}, in a tunnel for each connection.`;
  recorder.record({ kind: 'connection', sentence });
  return `, through the proxy ${nameOfProxy(proxy)}`;
}

/**
 * @throws CanaryError if only sidecars use the VirtualServices: then there is no ingress to find, and the message says how such
 * a service is released
 */
function assertEntrance(
  context: Context,
  name: ClusterName,
  routing: Routing,
  entrances: readonly VirtualService[],
): void {
  const found = routing.get(servingCluster(context, name)) ?? [];
  if (entrances.length > 0 || found.length === 0 || found.some(isDelegate)) return;
  throw new CanaryError(
    `${found.map(nameOf).join(', ')} is bound to no Gateway: only sidecars use it, so no ingress shows what users get. If no user enters through a gateway, set the input ingress to none: the weights are then written in every cluster and not verified. Otherwise bind it to a Gateway, or give the address of an ingress that leads to it (ingress: ${name}=http://203.0.113.7).`,
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

function entrancesIn(
  context: Context,
  name: ClusterName,
  state: FleetState,
  routing: Routing,
): readonly VirtualService[] {
  const serving = servingCluster(context, name);
  return entrancesOf(routing.get(serving) ?? [], trafficOf(state, serving).roots);
}

function candidatesFor(
  context: Context,
  name: ClusterName,
  state: FleetState,
  entrances: readonly VirtualService[],
  planned: readonly Gateway[],
): readonly (IngressCandidate | UnusableCandidate)[] {
  const { release } = context;
  const gateways = [...trafficOf(state, servingCluster(context, name)).gateways, ...planned];
  return ingressCandidates(release, entrances, gateways, release.check.host);
}

/** What cannot be seen if several clusters share one address, as behind a global load balancer. */
function sharedAddresses(ingresses: readonly Ingress[]): readonly string[] {
  const reached = ingresses.filter(({ gateway }) => gateway === undefined);
  return [...Map.groupBy(reached, ({ url }) => url)].flatMap(([url, same]) =>
    same.length === 1
      ? []
      : [
          `${same.map(({ cluster }) => cluster).join(', ')} share the ingress URL ${url}, so it is impossible to tell which of them answered.`,
        ],
  );
}

function assertConcrete(cluster: ClusterName, host: string | undefined): void {
  if (host?.includes('*') !== true) return;
  throw new CanaryError(
    `The VirtualService and its Gateway in ${cluster} accept no host narrower than ${host}: set the input host to the one to request.`,
  );
}
