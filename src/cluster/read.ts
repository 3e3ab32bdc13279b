import { gatewayNamesOf, isRestricted } from '../release/exports.ts';
import { coversService, dependsOnClient } from '../release/destination-rules.ts';
import type { Client } from '../release/destination-rules.ts';
import type { ClusterIdentity } from '../release/distinct.ts';
import { needsNodes } from '../release/endpoints.ts';
import { gatewayKey } from '../release/gateways.ts';
import { kindOf } from '../release/manifest-scope.ts';
import type {
  Autoscaler,
  Deployment,
  DestinationRule,
  Gateway,
  KubeObject,
  Node,
  Pod,
  Service,
  VirtualService,
} from '../release/objects.ts';
import { allClusters, clustersOf } from '../release/release.ts';
import type { Release } from '../release/release.ts';
import { namesService } from '../release/routes.ts';
import type { ClusterState, TrafficEverywhere, TrafficState } from '../release/state.ts';
import {
  delegatesTo,
  entrancesOf,
  gatewaysOf,
  isDelegate,
  namedVirtualServices,
} from '../release/virtual-services.ts';
import { podTemplateOf } from '../release/workloads.ts';
import type { Cluster } from './cluster.ts';
import { ClusterError } from './errors.ts';

/** Reads all that a release may touch in one cluster: nothing is read twice in an operation. */
export async function readCluster(cluster: Cluster, release: Release): Promise<ClusterState> {
  const { namespace, app } = release;
  const [identity, namespaceObject, service, deployments, others, pods, clusterScoped, autoscalers, traffic] =
    await Promise.all([
      identityOf(cluster, release),
      cluster.read('v1', 'Namespace', namespace),
      cluster.read<Service>('v1', 'Service', app, namespace),
      cluster.list<Deployment>('apps/v1', 'Deployment', namespace),
      readOtherWorkloads(cluster, release),
      cluster.list<Pod>('v1', 'Pod', namespace),
      clusterScopedKinds(cluster, release),
      readAutoscalers(cluster, release),
      release.configClusters.includes(cluster.name) ? readTraffic(cluster, release) : undefined,
    ]);
  return {
    name: cluster.name,
    identity,
    namespace: namespaceObject,
    service,
    deployments: [...deployments, ...others],
    pods,
    clusterScoped,
    autoscalers,
    traffic,
  };
}

/** What tells it from the other clusters of the release. */
async function identityOf(cluster: Cluster, release: Release): Promise<ClusterIdentity> {
  const { server } = cluster;
  return { server, uid: allClusters(release).length > 1 ? await cluster.uid() : undefined };
}

/** What stands under the names of the manifests' StatefulSets and DaemonSets: one by one, as few have any. */
async function readOtherWorkloads(cluster: Cluster, release: Release): Promise<readonly Deployment[]> {
  const named = manifestsIn(cluster, release).filter(
    (object) => object.kind !== 'Deployment' && podTemplateOf(object) !== undefined,
  );
  const found = await Promise.all(
    named.map(({ apiVersion, kind, metadata }) =>
      cluster.read<Deployment>(apiVersion, kind, metadata.name, release.namespace),
    ),
  );
  return found.filter((workload) => workload !== undefined);
}

/** Who scales the workloads of the namespace; read where replicas are asked for, which may be theirs. */
async function readAutoscalers(cluster: Cluster, release: Release): Promise<readonly Autoscaler[]> {
  const asks =
    release.workload.replicas !== undefined ||
    manifestsIn(cluster, release).some((object: Deployment) => object.spec?.replicas !== undefined);
  if (!asks) return [];
  try {
    return await cluster.list<Autoscaler>('autoscaling/v2', 'HorizontalPodAutoscaler', release.namespace);
  } catch (error) {
    // Who has scaled already shows in the workload's managed fields.
    if (error instanceof ClusterError && (error.status === 403 || error.status === 404)) return [];
    throw error;
  }
}

/** The objects of the user's manifests that the release brings to a cluster. */
function manifestsIn(cluster: Cluster, release: Release): readonly KubeObject[] {
  const { version, workload } = release;
  if (version === undefined || !clustersOf(release, version).includes(cluster.name)) return [];
  return (workload.manifests ?? []).map(({ object }) => object);
}

async function clusterScopedKinds(cluster: Cluster, release: Release): Promise<ReadonlySet<string>> {
  const kinds = new Map(manifestsIn(cluster, release).map((object) => [kindOf(object), object]));
  const found = await Promise.all(
    [...kinds].map(async ([key, { apiVersion, kind }]) =>
      (await cluster.isNamespaced(apiVersion, kind)) ? [] : [key],
    ),
  );
  return new Set(found.flat());
}

/** Reads those of the traffic objects again that carry the release; the rest is as it was read before. */
export async function readTrafficAgain(
  cluster: Cluster,
  { namespace }: Release,
  traffic: TrafficState,
): Promise<TrafficState> {
  return { ...traffic, ...(await readRoutes(cluster, traffic.apiVersion, namespace)) };
}

/** The VirtualServices and DestinationRules of all namespaces that may be listed, those of the release's own apart. */
async function readRoutes(
  cluster: Cluster,
  apiVersion: string,
  namespace: string,
): Promise<Pick<TrafficState, 'virtualServices' | 'destinationRules' | 'everywhere'>> {
  const [services, rules] = await Promise.all([
    listEverywhere<VirtualService>(cluster, apiVersion, 'VirtualService', namespace),
    listEverywhere<DestinationRule>(cluster, apiVersion, 'DestinationRule', namespace),
  ]);
  return {
    virtualServices: services.found.filter(({ metadata }) => metadata.namespace === namespace),
    destinationRules: rules.found.filter(({ metadata }) => metadata.namespace === namespace),
    everywhere: {
      virtualServices: services.found,
      destinationRules: rules.found,
      unlisted: [
        ...(services.complete ? [] : (['VirtualService'] as const)),
        ...(rules.complete ? [] : (['DestinationRule'] as const)),
      ],
    },
  };
}

/** Reads the traffic objects of a cluster whose control plane serves the routes. */
async function readTraffic(cluster: Cluster, release: Release): Promise<TrafficState> {
  const apiVersion = await cluster.istioApiVersion();
  const [routes, gateways] = await Promise.all([
    readRoutes(cluster, apiVersion, release.namespace),
    cluster.list<Gateway>(apiVersion, 'Gateway', release.namespace),
  ]);
  const names = namedVirtualServices(release);
  const own = routes.virtualServices.filter(({ metadata }) => names.includes(metadata.name));
  const delegates = own.filter(isDelegate);
  const roots = routes.everywhere.virtualServices.filter((root) =>
    delegates.some((delegate) => delegatesTo(root, delegate)),
  );
  const { gateway } = release.traffic;
  const keys = [
    ...entrancesOf(own, roots).flatMap((vs) =>
      gatewaysOf(vs).map((reference) => gatewayKey(reference, vs.metadata.namespace ?? release.namespace)),
    ),
    ...(gateway === undefined ? [] : [gatewayKey(gateway, release.namespace)]),
  ];
  const elsewhere = await Promise.all(
    keys
      .filter((key) => key.namespace !== release.namespace)
      .map((key) => cluster.read<Gateway>(apiVersion, 'Gateway', key.name, key.namespace)),
  );
  const known = [...gateways, ...elsewhere.filter((gateway) => gateway !== undefined)];
  const clients = dependsOnClient(release, routes.everywhere.destinationRules)
    ? await readGatewayClients(cluster, release, known)
    : undefined;
  return {
    apiVersion,
    ...routes,
    roots,
    gateways: known,
    ...(clients === undefined ? {} : { gatewayClients: clients }),
    gatewayNamespaces: await readGatewayNamespaces(cluster, apiVersion, release, routes.everywhere),
  };
}

/**
 * Where the gateways run that VirtualServices with `exportTo` are bound to, of those that lead to the service: seldom any. One
 * that does not exist runs nowhere; one that may not be read is left out.
 */
async function readGatewayNamespaces(
  cluster: Cluster,
  apiVersion: string,
  release: Release,
  { virtualServices }: TrafficEverywhere,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const leading = virtualServices.filter((vs) => namesService(vs, release));
  const restricted = virtualServices.filter(
    (vs) => isRestricted(vs) && leading.some((one) => one === vs || delegatesTo(vs, one)),
  );
  const names = [...new Set(restricted.flatMap(gatewayNamesOf))];
  const found = await Promise.all(
    names.map(async (key): Promise<readonly (readonly [string, readonly string[]])[]> => {
      const [namespace = '', name = ''] = key.split('/');
      try {
        const gateway = await cluster.read<Gateway>(apiVersion, 'Gateway', name, namespace);
        if (gateway === undefined) return [[key, []]];
        const pods = await cluster.list<Pod>('v1', 'Pod', undefined, gateway.spec.selector ?? {});
        return [[key, [...new Set(pods.map(({ metadata }) => metadata.namespace ?? ''))]]];
      } catch (error) {
        if (error instanceof ClusterError && error.status === 403) return [];
        throw error;
      }
    }),
  );
  return new Map(found.flat());
}

/** The pods that the Gateways select, or will, each kind once; undefined where pods of all namespaces may not be listed. */
async function readGatewayClients(
  cluster: Cluster,
  { traffic }: Release,
  gateways: readonly Gateway[],
): Promise<readonly Client[] | undefined> {
  const found = gateways.map(({ spec }) => spec.selector ?? {});
  const selectors = found.length > 0 ? found : [traffic.gatewaySelector];
  const distinct = new Map(
    selectors.filter((one) => Object.keys(one).length > 0).map((one) => [JSON.stringify(one), one]),
  );
  try {
    const pods = await Promise.all(
      [...distinct.values()].map((selector) => cluster.list<Pod>('v1', 'Pod', undefined, selector)),
    );
    const clients = pods
      .flat()
      .map(({ metadata: { namespace: where = '', labels = {} } }) => ({ namespace: where, labels }));
    return [...new Map(clients.map((client) => [JSON.stringify(client), client])).values()];
  } catch (error) {
    if (!(error instanceof ClusterError && error.status === 403)) throw error;
    return undefined;
  }
}

/**
 * The states with the nodes of every cluster where a subset of the service selects by what Istio takes from nodes; else as they are.
 */
export async function withNodes(
  release: Release,
  states: readonly ClusterState[],
  clusterOf: (name: string) => Cluster,
): Promise<readonly ClusterState[]> {
  const asked = states
    .flatMap(({ traffic }) => traffic?.everywhere.destinationRules ?? [])
    .filter((rule) => coversService(release, rule))
    .flatMap(({ spec }) => spec.subsets ?? [])
    .some(({ labels = {} }) => needsNodes(labels));
  if (!asked) return states;
  return Promise.all(
    states.map(async (state) => ({ ...state, nodes: await readNodes(clusterOf(state.name)) })),
  );
}

async function readNodes(cluster: Cluster): Promise<readonly Node[] | undefined> {
  try {
    return await cluster.list<Node>('v1', 'Node');
  } catch (error) {
    if (!(error instanceof ClusterError && error.status === 403)) throw error;
    return undefined;
  }
}

/** The objects of a kind in all namespaces; those of one namespace where the user of the kubeconfig may not list more. */
async function listEverywhere<T extends KubeObject>(
  cluster: Cluster,
  apiVersion: string,
  kind: T['kind'],
  namespace: string,
): Promise<{ readonly found: readonly T[]; readonly complete: boolean }> {
  try {
    return { found: await cluster.list<T>(apiVersion, kind), complete: true };
  } catch (error) {
    if (!(error instanceof ClusterError && error.status === 403)) throw error;
    return { found: await cluster.list<T>(apiVersion, kind, namespace), complete: false };
  }
}
