import type { RoutePart } from './routes.ts';

/** Requests that did not do as the managed route says. */
export type StraySeen =
  | { readonly unanswered: number; readonly requests: number; readonly managed: string | undefined }
  | { readonly failed: number; readonly requests: number };

/** A listener of a Gateway of the Gateway API. */
export interface ListenerName {
  readonly name: string;
  /** `Gateway edge/public` */
  readonly gateway: string;
}

/** The Gateway of the VirtualService that holds the weights, which Istio merges with that of a listener. */
export interface MergedWith {
  /** `namespace/name` */
  readonly gateway: string;
  /** Whether the same pods are known to serve both. */
  readonly certain: boolean;
}

/** Routes of others that take requests from a managed one. */
export interface RivalFindings {
  readonly takesRequestsTitle: {
    readonly object: string;
    readonly cluster: string;
    readonly certain: boolean;
  };
  readonly rivalRoute: {
    readonly hosts: readonly string[];
    readonly gateway: string;
    /** The Gateway of the managed one, which Istio merges with it; undefined: they share one. */
    readonly merged: string | undefined;
    readonly managed: string;
    readonly created: string | undefined;
    readonly route: string;
    readonly path: string;
    readonly seen: StraySeen;
    readonly narrower: boolean;
    /** Where the gateways may not see it. */
    readonly exportTo: readonly string[] | undefined;
  };
  /** A route of a VirtualService, where an HTTPRoute holds the weights. */
  readonly rivalVirtualService: {
    readonly hosts: readonly string[];
    readonly gateway: string;
    /** The listener of the Gateway API that Istio merges with it. */
    readonly listener: ListenerName;
    readonly created: string | undefined;
    readonly route: string;
    readonly path: string;
    readonly seen: StraySeen;
    readonly narrower: boolean;
    /** Whether the same pods are known to serve both, and to see it. */
    readonly certain: boolean;
  };
  readonly rivalRule: {
    readonly rule: RoutePart;
    readonly created: string | undefined;
    readonly path: string;
    readonly managed: string;
    readonly app: string | undefined;
    /** Where it does so; undefined: where the samples come through. */
    readonly listener: ListenerName | undefined;
    readonly merged: MergedWith | undefined;
    /** Whether it is a rule of a GRPCRoute. */
    readonly grpc: boolean;
    readonly seen: StraySeen;
  };
  /** A route whose hostname takes the requests, and none of whose rules does. */
  readonly rivalHostname: {
    readonly hostnames: readonly string[];
    readonly created: string | undefined;
    readonly path: string;
    readonly managed: string;
    readonly listener: ListenerName | undefined;
    readonly merged: MergedWith | undefined;
    readonly grpc: boolean;
    readonly seen: StraySeen;
  };
  /** The same of a VirtualService. */
  readonly rivalHost: {
    readonly hosts: readonly string[];
    readonly created: string | undefined;
    readonly path: string;
    readonly managed: string;
    readonly seen: StraySeen;
    /** Whether the same pods are known to serve both, and to see it. */
    readonly certain: boolean;
  };
}
