import { gatewayKey } from '../release/gateways.ts';
import type {
  Deployment,
  DestinationRule,
  Gateway,
  Pod,
  Service,
  VirtualService,
} from '../release/objects.ts';
import type { Release } from '../release/release.ts';
import type { ClusterState, TrafficState } from '../release/state.ts';
import type { Cluster } from './cluster.ts';

/** Reads all that a release may touch in one cluster: nothing is read twice in an operation. */
export async function readCluster(cluster: Cluster, release: Release): Promise<ClusterState> {
  const { namespace, app } = release;
  const [namespaceObject, service, deployments, pods, traffic] = await Promise.all([
    cluster.read('v1', 'Namespace', namespace),
    cluster.read<Service>('v1', 'Service', app, namespace),
    cluster.list<Deployment>('apps/v1', 'Deployment', namespace),
    cluster.list<Pod>('v1', 'Pod', namespace),
    release.configClusters.includes(cluster.name) ? readTraffic(cluster, release) : undefined,
  ]);
  return { name: cluster.name, namespace: namespaceObject, service, deployments, pods, traffic };
}

/** Reads those of the traffic objects again that carry the release; the rest is as it was read before. */
export async function readTrafficAgain(
  cluster: Cluster,
  { namespace }: Release,
  traffic: TrafficState,
): Promise<TrafficState> {
  const { apiVersion } = traffic;
  const [virtualServices, destinationRules] = await Promise.all([
    cluster.list<VirtualService>(apiVersion, 'VirtualService', namespace),
    cluster.list<DestinationRule>(apiVersion, 'DestinationRule', namespace),
  ]);
  return { ...traffic, virtualServices, destinationRules };
}

/** Reads the traffic objects of a cluster whose control plane serves the routes. */
async function readTraffic(cluster: Cluster, release: Release): Promise<TrafficState> {
  const apiVersion = await cluster.istioApiVersion();
  const [virtualServices, destinationRules, gateways] = await Promise.all([
    cluster.list<VirtualService>(apiVersion, 'VirtualService', release.namespace),
    cluster.list<DestinationRule>(apiVersion, 'DestinationRule', release.namespace),
    cluster.list<Gateway>(apiVersion, 'Gateway', release.namespace),
  ]);
  const vs = virtualServices.find(({ metadata }) => metadata.name === release.traffic.virtualService);
  const references = [
    ...(vs?.spec.gateways ?? []),
    ...(release.traffic.gateway === undefined ? [] : [release.traffic.gateway]),
  ];
  const keys = references
    .filter((reference) => reference !== 'mesh')
    .map((reference) => gatewayKey(reference, release.namespace));
  const elsewhere = await Promise.all(
    keys
      .filter((key) => key.namespace !== release.namespace)
      .map((key) => cluster.read<Gateway>(apiVersion, 'Gateway', key.name, key.namespace)),
  );
  return {
    apiVersion,
    virtualServices,
    destinationRules,
    gateways: [...gateways, ...elsewhere.filter((gateway) => gateway !== undefined)],
  };
}
