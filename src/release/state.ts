import type {
  Deployment,
  DestinationRule,
  Gateway,
  KubeObject,
  Pod,
  Service,
  VirtualService,
} from './objects.ts';
import type { ClusterName } from './release.ts';

/** What one cluster held when it was read, once, at the start of the operation. */
export interface ClusterState {
  readonly name: ClusterName;
  /** The namespace of the release. */
  readonly namespace: KubeObject | undefined;
  /** The Service named as the app. */
  readonly service: Service | undefined;
  /** All Deployments of the namespace; with them the StatefulSets and DaemonSets of the user's manifests that stand there. */
  readonly deployments: readonly Deployment[];
  /** All pods of the namespace. */
  readonly pods: readonly Pod[];
  /** The traffic objects; undefined where the cluster's control plane does not serve the routes. */
  readonly traffic: TrafficState | undefined;
}

export interface TrafficState {
  /** `networking.istio.io/v1`, or the older version that the cluster serves. */
  readonly apiVersion: string;
  /** All of the namespace. */
  readonly virtualServices: readonly VirtualService[];
  /** Those of any namespace that delegate to one of the release. */
  readonly roots: readonly VirtualService[];
  readonly destinationRules: readonly DestinationRule[];
  /** All of the namespace, and those of other namespaces that the release refers to. */
  readonly gateways: readonly Gateway[];
}

export type FleetState = ReadonlyMap<ClusterName, ClusterState>;
