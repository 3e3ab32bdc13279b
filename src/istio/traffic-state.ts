import type { VirtualService, DestinationRule, Gateway, Labels } from '../kubernetes/objects.ts';
import type { MeshConfig } from './mesh-config.ts';

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

/** The traffic objects of all namespaces, those of the release's own namespace included. */
export interface TrafficEverywhere {
  readonly virtualServices: readonly VirtualService[];
  readonly destinationRules: readonly DestinationRule[];
  /** undefined where those of all namespaces may not be listed. */
  readonly gateways?: readonly Gateway[] | undefined;
  /** The kinds of which only the release's own namespace may be listed: what other namespaces hold is not known. */
  readonly unlisted: readonly ('VirtualService' | 'DestinationRule')[];
}

/** What could not be read: the configuration of the mesh, and why; or where gateways run, and what the user may not do. */
export type Unread =
  | { readonly what: 'mesh config'; readonly name: string; readonly why: string }
  | { readonly what: 'gateway pods'; readonly why: string };

/** A workload that calls the service: a gateway, or a pod with a sidecar. */
export interface Client {
  readonly namespace: string;
  /** Those of its pod, as far as they are known. */
  readonly labels: Labels;
}
