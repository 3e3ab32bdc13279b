import type { Client } from './destination-rules.ts';
import { clusterIdOf, labelsOfNodes } from './endpoints.ts';
import type { Place } from './endpoints.ts';
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
} from './objects.ts';
import type { ClusterIdentity } from './distinct.ts';
import type { MeshConfig } from './mesh-config.ts';
import type { ClusterName } from './release.ts';

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
  /** The HorizontalPodAutoscalers of the namespace, where replicas are asked for and they may be listed. */
  readonly autoscalers: readonly Autoscaler[];
  /** All pods of the namespace. */
  readonly pods: readonly Pod[];
  /** The kinds of the release's manifests that the cluster serves without namespaces; see `kindOf`. */
  readonly clusterScoped: ReadonlySet<string>;
  /** All nodes, read only where a subset selects by what Istio takes from them; undefined also where they may not be listed. */
  readonly nodes?: readonly Node[] | undefined;
  /** The traffic objects; undefined where the cluster's control plane does not serve the routes. */
  readonly traffic: TrafficState | undefined;
}

/** What Istio knows of where the pods of a cluster run, as far as it was read. */
export function placeOfPods({ pods, nodes }: ClusterState): Place {
  return { clusterId: clusterIdOf(pods), nodes: nodes && labelsOfNodes(nodes) };
}

export interface TrafficState {
  /** `networking.istio.io/v1`, or the older version that the cluster serves. */
  readonly apiVersion: string;
  /** All of the release's namespace. */
  readonly virtualServices: readonly VirtualService[];
  /** Those of any namespace that delegate to one of the release. */
  readonly roots: readonly VirtualService[];
  /** All of the release's namespace. */
  readonly destinationRules: readonly DestinationRule[];
  readonly everywhere: TrafficEverywhere;
  /** All of the namespace, and those of other namespaces that the release refers to. */
  readonly gateways: readonly Gateway[];
  /**
   * In which namespaces the pods of a Gateway run, by `namespace/name`. Looked up only for Gateways of VirtualServices that are
   * not visible everywhere, where they lead to the service or share a Gateway with it; one that is missing here is not known.
   */
  readonly gatewayNamespaces: ReadonlyMap<string, readonly string[]>;
  /**
   * The pods of these Gateways, as clients of the service, each kind once; read only where DestinationRules may hold for some clients and not
   * for others; undefined also where pods of all namespaces may not be listed.
   */
  readonly gatewayClients?: readonly Client[] | undefined;
  /** What the configuration of the mesh says; Istio's defaults where it does not matter, or is among the `unread`. */
  readonly mesh: MeshConfig;
  /** What matters for the service and could not be read. */
  readonly unread: readonly Unread[];
}

/** What could not be read: the configuration of the mesh, and why; or where gateways run, and what the user may not do. */
export type Unread =
  | { readonly what: 'mesh config'; readonly name: string; readonly why: string }
  | { readonly what: 'gateway pods'; readonly why: string };

/** The traffic objects of all namespaces, those of the release's own namespace included. */
export interface TrafficEverywhere {
  readonly virtualServices: readonly VirtualService[];
  readonly destinationRules: readonly DestinationRule[];
  /** undefined where those of all namespaces may not be listed. */
  readonly gateways?: readonly Gateway[] | undefined;
  /** The kinds of which only the release's own namespace may be listed: what other namespaces hold is not known. */
  readonly unlisted: readonly ('VirtualService' | 'DestinationRule')[];
}

export type FleetState = ReadonlyMap<ClusterName, ClusterState>;
