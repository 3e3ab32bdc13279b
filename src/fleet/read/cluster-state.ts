import { boundGateways, sharedGateways } from '../../istio/visibility.ts';
import { dependsOnMesh } from '../../release/mesh-dependence.ts';
import { coversService, dependsOnClient } from '../../istio/destination-rules.ts';
import type { Client } from '../../istio/traffic-state.ts';
import type { ClusterIdentity } from '../../release/state.ts';
import { needsNodes } from '../../kubernetes/pod-selection.ts';
import { gatewayKey } from '../../istio/gateways.ts';
import { manifestsFor, versionedKind } from '../../release/manifests.ts';
import { MESH_DEFAULTS } from '../../istio/mesh-config.ts';
import type {
  Autoscaler,
  Deployment,
  DestinationRule,
  Gateway,
  KubeObject,
  Node,
  Pod,
  VirtualService,
} from '../../kubernetes/objects.ts';
import { allClusters, clustersOf } from '../../release/release.ts';
import type { Release } from '../../release/release.ts';
import type { ClusterState } from '../../release/state.ts';
import type { TrafficState } from '../../istio/traffic-state.ts';
import { delegatesTo, entrancesOf, gatewaysOf, isDelegate } from '../../istio/virtual-services.ts';
import { namedVirtualServices } from '../../release/release.ts';
import { podTemplateOf } from '../../kubernetes/pod-templates.ts';
import type { Cluster } from '../../kubernetes/client/cluster.ts';
import { NEWEST_ISTIO } from '../../kubernetes/client/api-resources.ts';
import { ClusterError, isMissing } from '../../kubernetes/client/errors.ts';
import { GatewayPods, PODS_UNREAD, controlPlaneRevision, selectorsOf } from './gateways.ts';
import { readGatewayApi } from './gateway-api.ts';
import { listEverywhere } from './list-everywhere.ts';
import { withGatewayPods } from './kube-gateway-pods.ts';
import { readMembership } from './mesh-membership.ts';
import { readServices } from './services.ts';
import { readMeshConfig } from './mesh-config.ts';

/** Reads everything that a release may touch in one cluster: nothing is read twice in an operation. */
export async function readCluster(cluster: Cluster, release: Release): Promise<ClusterState> {
  const end = new AbortController();
  try {
    return await readAll(cluster.until(end.signal), release);
  } finally {
    // One failure is enough: attempts to read the rest would outlive it.
    end.abort();
  }
}

async function readAll(cluster: Cluster, release: Release): Promise<ClusterState> {
  const { namespace } = release;
  const ofRelease = cluster.read('v1', 'Namespace', namespace);
  const [
    identity,
    namespaceObject,
    services,
    deployments,
    others,
    pods,
    clusterScoped,
    autoscalers,
    membership,
    traffic,
    gatewayApi,
  ] = await Promise.all([
    readIdentity(cluster, release),
    ofRelease,
    readServices(cluster, release),
    cluster.list<Deployment>('apps/v1', 'Deployment', namespace),
    readOtherWorkloads(cluster, release),
    cluster.list<Pod>('v1', 'Pod', namespace),
    clusterScopedKinds(cluster, release),
    readAutoscalers(cluster, release),
    readMembership(cluster, release, ofRelease),
    release.configClusters.includes(cluster.name) ? readTraffic(cluster, release, ofRelease) : undefined,
    release.configClusters.includes(cluster.name) ? readGatewayApi(cluster, release) : undefined,
  ]);
  return {
    name: cluster.name,
    identity,
    namespace: namespaceObject,
    ...services,
    deployments: [...deployments, ...others],
    pods,
    clusterScoped,
    autoscalers,
    ...membership,
    traffic,
    ...(await withGatewayPods(cluster, release, { gatewayApi, traffic })),
  };
}

/** What distinguishes it from the other clusters of the release. */
async function readIdentity(cluster: Cluster, release: Release): Promise<ClusterIdentity> {
  const { server } = cluster;
  return { server, uid: allClusters(release).length > 1 ? await cluster.uid() : undefined };
}

/** The StatefulSets and DaemonSets named in the manifests: read one by one, as few releases have any. */
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

/** The autoscalers of the namespace; read only if the release sets replicas, which an autoscaler may own. */
async function readAutoscalers(cluster: Cluster, release: Release): Promise<ClusterState['autoscalers']> {
  const asks =
    release.workload.replicas !== undefined ||
    manifestsIn(cluster, release).some((object: Deployment) => object.spec?.replicas !== undefined);
  if (!asks) return [];
  try {
    return await cluster.list<Autoscaler>('autoscaling/v2', 'HorizontalPodAutoscaler', release.namespace);
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    // The workload's managed fields show who has scaled it.
    if (error.status === 403) return 'unlisted';
    if (error.status === 404) return [];
    throw error;
  }
}

/** The objects of the user's manifests that the release deploys to a cluster. */
function manifestsIn(cluster: Cluster, release: Release): readonly KubeObject[] {
  const { version } = release;
  if (version === undefined || !clustersOf(release, version).includes(cluster.name)) return [];
  return (manifestsFor(release, cluster.name) ?? []).map(({ object }) => object);
}

async function clusterScopedKinds(cluster: Cluster, release: Release): Promise<ReadonlySet<string>> {
  const kinds = new Map(manifestsIn(cluster, release).map((object) => [versionedKind(object), object]));
  const found = await Promise.all(
    [...kinds].map(async ([key, { apiVersion, kind }]) =>
      (await cluster.isNamespaced(apiVersion, kind)) ? [] : [key],
    ),
  );
  return new Set(found.flat());
}

/** Reads the traffic objects of the release again; the rest stays as it was read before. */
export async function readTrafficAgain(
  cluster: Cluster,
  { namespace }: Release,
  traffic: TrafficState,
): Promise<TrafficState> {
  const routes = await readRoutes(cluster, traffic.apiVersion, namespace);
  return {
    ...traffic,
    ...routes,
    everywhere: { ...routes.everywhere, gateways: traffic.everywhere.gateways },
  };
}

/** The VirtualServices and DestinationRules of all namespaces that may be listed, and separately those of the release's own. */
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

interface RoutesAndGateways {
  readonly apiVersion: string;
  readonly routes: Awaited<ReturnType<typeof readRoutes>>;
  readonly all: Awaited<ReturnType<typeof listEverywhere<Gateway>>>;
}

/** Only a cluster that does not serve the newest version of Istio's API is asked for another. */
async function readNewest(cluster: Cluster, release: Release): Promise<RoutesAndGateways> {
  const read = async (apiVersion: string): Promise<RoutesAndGateways> => {
    const [routes, all] = await Promise.all([
      readRoutes(cluster, apiVersion, release.namespace),
      listEverywhere<Gateway>(cluster, apiVersion, 'Gateway', release.namespace),
    ]);
    return { apiVersion, routes, all };
  };
  try {
    return await read(NEWEST_ISTIO);
  } catch (error) {
    if (!isMissing(error)) throw error;
    const served = await cluster.istioApiVersion();
    if (served === NEWEST_ISTIO) throw error;
    return read(served);
  }
}

/** Reads the traffic objects of a cluster whose control plane serves the routes. */
async function readTraffic(
  cluster: Cluster,
  release: Release,
  namespace: Promise<KubeObject | undefined>,
): Promise<TrafficState> {
  const { apiVersion, routes, all } = await readNewest(cluster, release);
  const gateways = all.found.filter(({ metadata }) => metadata.namespace === release.namespace);
  const names = namedVirtualServices(release);
  const own = routes.virtualServices.filter(({ metadata }) => names.includes(metadata.name));
  const delegates = own.filter(isDelegate);
  const roots = routes.everywhere.virtualServices.filter((root) =>
    delegates.some((delegate) => delegatesTo(root, delegate)),
  );
  const { gateway } = release.traffic;
  const entrances = entrancesOf(own, roots);
  const keys = [
    ...entrances.flatMap((vs) =>
      gatewaysOf(vs).map((reference) => gatewayKey(reference, vs.metadata.namespace ?? release.namespace)),
    ),
    ...(gateway === undefined ? [] : [gatewayKey(gateway, release.namespace)]),
  ];
  const elsewhere = await Promise.all(
    keys
      .filter((key) => key.namespace !== release.namespace)
      .map(async (key) =>
        all.complete
          ? all.found.find(
              ({ metadata: { name, namespace } }) => name === key.name && namespace === key.namespace,
            )
          : cluster.read<Gateway>(apiVersion, 'Gateway', key.name, key.namespace),
      ),
  );
  const known = [...gateways, ...elsewhere.filter((gateway) => gateway !== undefined)];
  const { everywhere } = routes;
  const pods = new GatewayPods(cluster, apiVersion, all.complete ? all.found : undefined);
  const clients = (): Promise<readonly Client[] | undefined> => pods.of(selectorsOf(release, known));
  const { mesh, unread } = dependsOnMesh(release, everywhere)
    ? await readMeshConfig(cluster, controlPlaneRevision(await clients(), await namespace))
    : { mesh: MESH_DEFAULTS, unread: [] };
  const isAsked = dependsOnClient(release, everywhere.destinationRules, mesh);
  const gatewayClients = isAsked ? await clients() : undefined;
  const bound = await pods.namespacesOf(boundGateways(release, everywhere.virtualServices, mesh));
  // Where these run matters only to a diagnosis, which says what it does not know.
  const shared = await pods.namespacesOf(
    sharedGateways(everywhere.virtualServices, entrances, mesh).filter((key) => !bound.namespaces.has(key)),
  );
  return {
    apiVersion,
    ...routes,
    everywhere: { ...routes.everywhere, gateways: all.complete ? all.found : undefined },
    roots,
    gateways: known,
    ...(gatewayClients === undefined ? {} : { gatewayClients }),
    gatewayNamespaces: new Map([...bound.namespaces, ...shared.namespaces]),
    mesh,
    unread: [
      ...new Set([
        ...unread,
        ...(isAsked && gatewayClients === undefined ? [PODS_UNREAD] : []),
        ...bound.unread,
      ]),
    ],
  };
}

/**
 * Adds the nodes of each cluster to the states if a subset of the service selects by labels that Istio takes from nodes.
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

async function readNodes(cluster: Cluster): Promise<NonNullable<ClusterState['nodes']>> {
  try {
    return await cluster.list<Node>('v1', 'Node');
  } catch (error) {
    if (!(error instanceof ClusterError && error.status === 403)) throw error;
    return 'unlisted';
  }
}
