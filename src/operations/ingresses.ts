import { IngressClient } from '../check/client.ts';
import type { Target } from '../check/client.ts';
import { findIngress } from '../cluster/ingress.ts';
import type { Ingress } from '../cluster/ingress.ts';
import { allOf } from '../fleet/fleet.ts';
import { CanaryError } from '../release/errors.ts';
import { gatewayKey } from '../release/gateways.ts';
import type { Gateway, VirtualService } from '../release/objects.ts';
import { allClusters } from '../release/release.ts';
import type { ClusterName } from '../release/release.ts';
import type { FleetState } from '../release/state.ts';
import { trafficOf } from '../release/traffic.ts';
import { entrancesOf, gatewaysOf } from '../release/virtual-services.ts';
import type { Context } from './context.ts';

const NONE = 'none';

/** VirtualServices of the release, as they are or will be, by config cluster. */
export type Routing = ReadonlyMap<ClusterName, readonly VirtualService[]>;

/**
 * Finds the ingress of every cluster of the release: the one given by hand, or the one that the cluster tells.
 *
 * @param planned Gateways that the release is about to make
 * @throws CanaryError where a cluster's ingress is not found, or users have none at all
 */
export async function findTargets(
  context: Context,
  state: FleetState,
  routing: Routing,
  planned: readonly Gateway[] = [],
): Promise<readonly Target[]> {
  const { release, fleet, journal, log } = context;
  const found = await allOf(
    allClusters(release).map(async (name): Promise<Ingress | undefined> => {
      const given = release.check.ingress.get(name);
      if (given === NONE) return undefined;
      if (given !== undefined) return { cluster: name, url: given, source: 'input ingress' };
      return findIngress(fleet.cluster(name), gatewaysFor(context, name, state, routing, planned));
    }),
  );
  const ingresses = found.filter((ingress) => ingress !== undefined);
  if (ingresses.length === 0) {
    throw new CanaryError(
      'Input ingress says none for every cluster: there is nothing left to sample. Name at least one.',
    );
  }
  journal.ingresses = new Map(ingresses.map(({ cluster, url }) => [cluster, url]));
  for (const { cluster, url, source } of ingresses) log.info(`Ingress of ${cluster}: ${url} (${source})`);
  const host = hostOf(context, state, routing);
  const { path, headers } = release.check;
  return ingresses.map(({ cluster, url }) => ({ cluster, url, path, headers, host }));
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

/** The Gateways by which traffic enters a cluster, as its own control plane has them, or the first config cluster's. */
function gatewaysFor(
  { release }: Context,
  name: ClusterName,
  state: FleetState,
  routing: Routing,
  planned: readonly Gateway[],
): readonly Gateway[] {
  const [first = name] = release.configClusters;
  const serving = release.configClusters.includes(name) ? name : first;
  const known = [...trafficOf(state, serving).gateways, ...planned];
  return entrancesIn(state, routing, serving).flatMap((vs) =>
    gatewaysOf(vs).flatMap((reference) => {
      const key = gatewayKey(reference, vs.metadata.namespace ?? release.namespace);
      const gateway = known.find(
        ({ metadata }) => metadata.name === key.name && metadata.namespace === key.namespace,
      );
      return gateway === undefined ? [] : [gateway];
    }),
  );
}

function entrancesIn(state: FleetState, routing: Routing, cluster: ClusterName): readonly VirtualService[] {
  return entrancesOf(routing.get(cluster) ?? [], trafficOf(state, cluster).roots);
}

/** The host to ask for: the one given, else the first that a gateway takes; none where one takes every host. */
function hostOf({ release }: Context, state: FleetState, routing: Routing): string | undefined {
  if (release.check.host !== undefined) return release.check.host;
  const entrances = [...routing.keys()].flatMap((cluster) => entrancesIn(state, routing, cluster));
  const hosts = entrances.flatMap(({ spec }) => spec.hosts ?? []);
  const concrete = hosts.find((host) => !host.includes('*'));
  if (concrete !== undefined || hosts.length === 0 || hosts.includes('*')) return concrete;
  throw new CanaryError(
    `The VirtualService takes the hosts ${hosts.join(', ')}: set the input host to the one to ask for.`,
  );
}
