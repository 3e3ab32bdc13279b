import type { HeaderOperations } from './headers.ts';

/** What a gateway serves: the state of the mesh, compiled for decisions per request. */
export interface GatewayConfig {
  /** By the port inside the gateway's pod. */
  readonly listeners: ReadonlyMap<number, Listener>;
}

export interface Listener {
  readonly secure: boolean;
  /** One for plain HTTP, or one for each TLS server of a Gateway, selected by SNI. */
  readonly chains: readonly FilterChain[];
}

export interface FilterChain {
  /** Host patterns for SNI; unused without TLS. */
  readonly serverNames: readonly string[];
  readonly credential: Credential | undefined;
  readonly httpsRedirect: boolean;
  readonly hosts: VirtualHosts;
}

/** PEM text, or the files that contain it. */
export type Credential =
  | { readonly certificate: string; readonly key: string }
  | { readonly certificateFile: string; readonly keyFile: string };

export interface VirtualHosts {
  readonly exact: ReadonlyMap<string, readonly Route[]>;
  /** By suffix such as `.example.com`, the longest first. */
  readonly suffixes: readonly { readonly suffix: string; readonly routes: readonly Route[] }[];
  readonly any: readonly Route[] | undefined;
}

/** A request as routes see it. */
export interface RoutedRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Without the port. */
  readonly host: string;
  readonly authority: string;
  readonly scheme: 'http' | 'https';
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly source: string;
}

export interface Route {
  readonly name: string;
  /** `namespace/name` of the VirtualService. */
  readonly owner: string;
  readonly matches: (request: RoutedRequest) => boolean;
  /** Matches every request, so that nothing after it is reached. */
  readonly catchAll: boolean;
  readonly rewritePath: ((path: string) => string) | undefined;
  readonly abort: { readonly percent: number; readonly status: number } | undefined;
  readonly delay: { readonly percent: number; readonly ms: number } | undefined;
  readonly timeoutMs: number | undefined;
  /** The status of an answer where a destination does not exist. */
  readonly missingStatus: number;
  readonly action: RouteAction;
}

export type RouteAction =
  | { readonly type: 'forward'; readonly destinations: readonly Destination[]; readonly totalWeight: number }
  | {
      readonly type: 'redirect';
      readonly status: number;
      readonly location: (request: RoutedRequest) => string;
      readonly response: HeaderOperations;
    }
  | {
      readonly type: 'respond';
      readonly status: number;
      readonly body: string;
      readonly response: HeaderOperations;
    };

export interface Destination {
  readonly weight: number;
  readonly upstream: Upstream;
  /** Changes of request headers are ignored: no workload shows them. */
  readonly response: HeaderOperations;
}

/** One of Envoy's clusters: a service, its port, and a subset of its endpoints. */
export interface Upstream {
  /** `outbound|5000|v1|helloworld.gray-demo.svc.cluster.local` */
  readonly name: string;
  /** A cluster that a route names but no Service or DestinationRule defines. */
  readonly exists: boolean;
  readonly endpoints: readonly Endpoint[];
  /** Mutual TLS is explicitly required, so a pod without a sidecar cannot be reached. */
  readonly mutualTls: boolean;
  readonly hashKey: ((request: RoutedRequest) => string | undefined) | undefined;
}

export interface Endpoint {
  readonly uid: string;
  readonly cluster: string;
  readonly pod: string;
  readonly port: number;
  /** Whether it accepts mutual TLS. */
  readonly mutualTls: boolean;
}
