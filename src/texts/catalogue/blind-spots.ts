import type { Weights } from '../../core/weights.ts';
import type { ListenerName } from './rival-findings.ts';
import type { RoutePart } from './routes.ts';

/** What a route outside the weights does with requests. */
export type Leading =
  | { readonly does: 'mirrors' | 'sends to every pod'; readonly app: string }
  | { readonly does: 'sends'; readonly version: string }
  /** `split`: weights as they are, which need not add up to 100 */
  | { readonly does: 'splits'; readonly split: Weights };

/** What of the Gateway API could not be listed. */
export type UnlistedKind = 'HTTPRoute' | 'GRPCRoute' | 'Gateway' | 'ReferenceGrant';

/** What a claim about users does not cover: a whole sentence each. `clusters`: those in which it is so. */
export interface BlindSpotMessages {
  readonly nothingSampled: { readonly byMetrics: boolean };
  readonly otherServiceRoute: {
    readonly route: RoutePart;
    readonly object: string;
    readonly clusters: readonly string[];
    readonly service: string;
    readonly app: string;
  };
  readonly pastGateways: {
    readonly service: string;
    readonly type: string;
    readonly clusters: readonly string[];
    readonly app: string;
  };
  readonly servicesUnlisted: {
    readonly namespace: string;
    readonly clusters: readonly string[];
    readonly app: string;
  };
  readonly nodesUnlisted: { readonly clusters: readonly string[] };
  readonly autoscalersUnlisted: { readonly namespace: string; readonly clusters: readonly string[] };
  readonly clustersUnidentified: { readonly clusters: readonly string[] };
  readonly policiesUnread: { readonly clusters: readonly string[] };
  readonly rootAssumed: { readonly clusters: readonly string[]; readonly rootNamespace: string };
  readonly networksUnread: { readonly clusters: readonly string[] };
  /** `others`: only those of other namespaces */
  readonly gatewayApiUnlisted: {
    readonly what: UnlistedKind;
    readonly others: boolean;
    readonly clusters: readonly string[];
  };
  readonly othersUnlisted: { readonly what: string; readonly clusters: readonly string[] };
  readonly meshConfigUnread: {
    readonly name: string;
    readonly clusters: readonly string[];
    readonly why: string;
    readonly rootNamespace: string;
  };
  readonly gatewayPodsUnread: { readonly clusters: readonly string[]; readonly why: string };
  readonly leadsOutside: {
    readonly route: RoutePart;
    readonly object: string;
    readonly clusters: readonly string[];
    readonly leading: Leading;
    /** Header names that every request has to carry. */
    readonly headers: readonly string[];
    /** Gateways that do not exist yet, by which alone anybody could enter. */
    readonly absent: readonly string[];
  };
  /** `route`: undefined where a narrower host takes the requests, and no route for it does; `listener`: where it is not sampled */
  readonly rivalAhead: {
    readonly route: RoutePart | undefined;
    readonly object: string;
    readonly clusters: readonly string[];
    readonly path: string;
    readonly managed: string;
    readonly listener: ListenerName | undefined;
    readonly certain: boolean;
  };
  readonly grpcRoute: { readonly route: string; readonly clusters: readonly string[]; readonly app: string };
  readonly missingService: {
    readonly route: string;
    readonly clusters: readonly string[];
    readonly service: string;
    readonly app: string;
    readonly version: string;
  };
  readonly loadBalancerSkipped: { readonly cluster: string };
  readonly sharedAddress: { readonly clusters: readonly string[]; readonly url: string };
  readonly metricsNotJudged: object;
  readonly planUnchecked: object;
}

/** How clusters and ingresses were reached, a whole sentence each. */
export interface ConnectionMessages {
  readonly throughProxy: { readonly cluster: string; readonly proxy: string };
  readonly insecure: { readonly cluster: string; readonly why: string };
  readonly apiThroughProxy: { readonly cluster: string; readonly proxy: string };
}

declare module '../message.ts' {
  interface MessageValues extends BlindSpotMessages, ConnectionMessages {}
}
