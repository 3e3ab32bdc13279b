import type { Labels } from '../kubernetes/objects.ts';
import type { GRPCRoute, HTTPRoute, KubeGateway, ReferenceGrant } from './objects.ts';

/** The kinds of the Gateway API that are read. */
export type GatewayApiKind = 'HTTPRoute' | 'GRPCRoute' | 'Gateway' | 'ReferenceGrant';

/**
 * The newest API version of each kind that a cluster serves, as `gateway.networking.k8s.io/v1`; a kind without one is not served. The
 * kinds move from v1beta1 to v1 one by one.
 */
export type GatewayApiServed = Readonly<Partial<Record<GatewayApiKind, string>>>;

/** What one config cluster held of the Gateway API. */
export interface GatewayApiState {
  readonly served: GatewayApiServed;
  /** Of all namespaces, or of the release's own where others may not be listed (`unlisted`). */
  readonly httpRoutes: readonly HTTPRoute[];
  readonly grpcRoutes: readonly GRPCRoute[];
  /** The same, and those of other namespaces that the release refers to. */
  readonly gateways: readonly KubeGateway[];
  readonly referenceGrants: readonly ReferenceGrant[];
  /**
   * The pods that serve a Gateway, by its `namespace/name`. Looked up only where a VirtualService may be served by the same pods; a Gateway that
   * is missing here is not known.
   */
  readonly gatewayPods?: ReadonlyMap<string, GatewayPods>;
  /** The kinds of which only the release's own namespace may be listed: what other namespaces hold is not known. */
  readonly unlisted: readonly GatewayApiKind[];
  /** The kinds of which nothing may be read. */
  readonly unread: readonly GatewayApiKind[];
}

/** The pods that serve a Gateway. */
export interface GatewayPods {
  readonly labels: readonly Labels[];
  /** The ports of the Services in front of them, and the ports of the pods that these lead to. */
  readonly targets: ReadonlyMap<number, number>;
}
