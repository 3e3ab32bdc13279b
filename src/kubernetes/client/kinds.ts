/** A kind as a cluster serves it. */
export interface ApiResource {
  /** As it appears in paths: `deployments`. */
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

/**
 * Kinds that every cluster serves in the same way (https://kubernetes.io/docs/reference/kubernetes-api/), by their API; those of Istio
 * and of the Gateway API, if at all. Looking them up would cost a call per API and cluster, and a round trip before anything is read.
 */
const WELL_KNOWN: Readonly<Record<string, readonly ApiResource[]>> = {
  v1: [
    { name: 'configmaps', kind: 'ConfigMap', namespaced: true },
    { name: 'namespaces', kind: 'Namespace', namespaced: false },
    { name: 'nodes', kind: 'Node', namespaced: false },
    { name: 'pods', kind: 'Pod', namespaced: true },
    { name: 'services', kind: 'Service', namespaced: true },
  ],
  'apps/v1': [
    { name: 'daemonsets', kind: 'DaemonSet', namespaced: true },
    { name: 'deployments', kind: 'Deployment', namespaced: true },
    { name: 'statefulsets', kind: 'StatefulSet', namespaced: true },
  ],
  'autoscaling/v2': [{ name: 'horizontalpodautoscalers', kind: 'HorizontalPodAutoscaler', namespaced: true }],
  'events.k8s.io/v1': [{ name: 'events', kind: 'Event', namespaced: true }],
  'coordination.k8s.io/v1': [{ name: 'leases', kind: 'Lease', namespaced: true }],
  'gateway.networking.k8s.io/v1': [
    { name: 'gateways', kind: 'Gateway', namespaced: true },
    { name: 'grpcroutes', kind: 'GRPCRoute', namespaced: true },
    { name: 'httproutes', kind: 'HTTPRoute', namespaced: true },
  ],
  'networking.istio.io/v1': [
    { name: 'destinationrules', kind: 'DestinationRule', namespaced: true },
    { name: 'gateways', kind: 'Gateway', namespaced: true },
    { name: 'virtualservices', kind: 'VirtualService', namespaced: true },
  ],
};

/** How a well-known kind is served; undefined for one that must be looked up in the cluster. */
export function wellKnown(apiVersion: string, kind: string): ApiResource | undefined {
  return WELL_KNOWN[apiVersion]?.find((resource) => resource.kind === kind);
}
