import { clusterIdOf, labelsOfNodes } from '../kubernetes/pod-selection.ts';
import type { Place } from '../kubernetes/pod-selection.ts';
import type { Autoscaler, Deployment, KubeObject, Node, Pod, Service } from '../kubernetes/objects.ts';
import type { ClusterName } from '../core/names.ts';
import type { GatewayApiState } from '../gateway-api/state.ts';
import type { PeerAuthentication } from '../istio/peer-authentications.ts';
import type { TrafficState } from '../istio/traffic-state.ts';

/** What one cluster held when it was read, once, at the start of the operation. */
export interface ClusterState {
  readonly name: ClusterName;
  readonly identity: ClusterIdentity;
  /** The namespace of the release. */
  readonly namespace: KubeObject | undefined;
  /** The Service named as the app. */
  readonly service: Service | undefined;
  /** The other Services of the namespace; `unlisted` where they may not be listed. */
  readonly otherServices?: readonly Service[] | 'unlisted';
  /** All Deployments of the namespace; with them the StatefulSets and DaemonSets of the user's manifests that stand there. */
  readonly deployments: readonly Deployment[];
  /** The HorizontalPodAutoscalers of the namespace, where replicas are asked for; `unlisted` where they may not be listed. */
  readonly autoscalers: readonly Autoscaler[] | 'unlisted';
  /** All pods of the namespace. */
  readonly pods: readonly Pod[];
  /** The kinds of the release's manifests that the cluster serves without namespaces; see `kindOf`. */
  readonly clusterScoped: ReadonlySet<string>;
  /** All nodes, read only where a subset selects by what Istio takes from them; `unlisted` where they may not be listed. */
  readonly nodes?: readonly Node[] | 'unlisted';
  /** The PeerAuthentications of the release's namespace and of the mesh; read only for pods outside the mesh. */
  readonly peerAuthentications?: readonly PeerAuthentication[] | 'unread';
  /** The namespace whose policies apply to the whole mesh; read with them. `assumed`: the configuration of the mesh could not be read. */
  readonly rootNamespace?: string;
  /** The network that the cluster is on; read only for ambient pods. */
  readonly network?: { readonly label: string | undefined } | 'unread';
  /** The traffic objects; undefined where the cluster's control plane does not serve the routes. */
  readonly traffic: TrafficState | undefined;
  /** What it holds of the Gateway API; undefined where it serves no HTTPRoutes, or where it has no `traffic`. */
  readonly gatewayApi?: GatewayApiState | undefined;
}

/** What Istio knows of where the pods of a cluster run, as far as it was read. */
export function placeOfPods({ pods, nodes }: ClusterState): Place {
  return {
    clusterId: clusterIdOf(pods),
    nodes: nodes === 'unlisted' ? undefined : nodes && labelsOfNodes(nodes),
  };
}

export type FleetState = ReadonlyMap<ClusterName, ClusterState>;

/** What tells a cluster from others. */
export interface ClusterIdentity {
  /** The API server's address; undefined where the kubeconfig has none. */
  readonly server: string | undefined;
  /** Of the namespace `kube-system`; undefined where it may not be read. */
  readonly uid: string | undefined;
}

/** What one cluster of the release held. */
export function stateOf(fleet: FleetState, cluster: ClusterName): ClusterState {
  const state = fleet.get(cluster);
  if (state === undefined) throw new Error(`${cluster} was not read`);
  return state;
}

/** The traffic objects of a config cluster. */
export function trafficOf(fleet: FleetState, cluster: ClusterName): TrafficState {
  const traffic = fleet.get(cluster)?.traffic;
  if (traffic === undefined) throw new Error(`${cluster} was not read as a config cluster`);
  return traffic;
}
