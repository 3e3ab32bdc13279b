import type { Condition, KubeObject, Labels, Open } from '../kubernetes/objects.ts';

/**
 * The parts of the Gateway API's objects that the action reads or writes: fields of the standard channel alone. Unknown fields stay.
 * Source: https://gateway-api.sigs.k8s.io/reference/spec/ (v1.6)
 */
export const GATEWAY_API_GROUP = 'gateway.networking.k8s.io';

export interface HTTPRoute extends KubeObject {
  readonly spec: Open & {
    readonly parentRefs?: readonly ParentRef[];
    /** Without any, every host of the listeners. */
    readonly hostnames?: readonly string[];
    readonly rules?: readonly HTTPRouteRule[];
  };
  readonly status?: RouteStatus;
}

/** What a route attaches to: a Gateway where neither group nor kind are given, or a Service for clients inside the mesh. */
export interface ParentRef extends Open {
  readonly group?: string;
  readonly kind?: string;
  readonly namespace?: string;
  readonly name: string;
  /** A listener of the Gateway. */
  readonly sectionName?: string;
  readonly port?: number;
}

export interface HTTPRouteRule extends Open {
  readonly name?: string;
  /** Any of them; without any, every path. */
  readonly matches?: readonly HTTPRouteMatch[];
  readonly filters?: readonly HTTPRouteFilter[];
  readonly backendRefs?: readonly HTTPBackendRef[];
}

export interface HTTPRouteMatch extends Open {
  readonly path?: Open & { readonly type?: string; readonly value?: string };
  readonly headers?: readonly HTTPValueMatch[];
  readonly queryParams?: readonly HTTPValueMatch[];
  readonly method?: string;
}

/** A header or query parameter of a request. */
export interface HTTPValueMatch extends Open {
  /** `Exact` where it is not given. */
  readonly type?: string;
  readonly name: string;
  readonly value: string;
}

export interface HTTPRouteFilter extends Open {
  readonly type: string;
  readonly responseHeaderModifier?: HeaderModifier;
  readonly requestMirror?: Open & { readonly backendRef?: BackendRef };
}

export interface HeaderModifier extends Open {
  readonly set?: readonly HeaderValue[];
  readonly add?: readonly HeaderValue[];
  readonly remove?: readonly string[];
}

export interface HeaderValue extends Open {
  readonly name: string;
  readonly value: string;
}

/** A Service where neither group nor kind are given. */
export interface BackendRef extends Open {
  readonly group?: string;
  readonly kind?: string;
  readonly namespace?: string;
  readonly name: string;
  readonly port?: number;
}

export interface HTTPBackendRef extends BackendRef {
  /** 1 where it is not given; what has 0 gets nothing. */
  readonly weight?: number;
  readonly filters?: readonly HTTPRouteFilter[];
}

export interface RouteStatus extends Open {
  readonly parents?: readonly RouteParentStatus[];
}

/** What one controller says of a route at one of its parents. */
export interface RouteParentStatus extends Open {
  readonly parentRef: ParentRef;
  readonly controllerName?: string;
  readonly conditions?: readonly StatusCondition[];
}

export interface StatusCondition extends Condition {
  readonly observedGeneration?: number;
}

/** A Gateway of the Gateway API; `Gateway` alone means one of Istio's. */
export interface KubeGateway extends KubeObject {
  readonly spec: Open & {
    readonly gatewayClassName?: string;
    readonly addresses?: readonly GatewayAddress[];
    readonly listeners?: readonly GatewayListener[];
  };
  readonly status?: Open & {
    readonly addresses?: readonly GatewayAddress[];
    readonly conditions?: readonly StatusCondition[];
    readonly listeners?: readonly ListenerStatus[];
  };
}

export interface GatewayAddress extends Open {
  /** `IPAddress` where it is not given, or `Hostname`. */
  readonly type?: string;
  readonly value?: string;
}

export interface GatewayListener extends Open {
  readonly name: string;
  readonly hostname?: string;
  readonly port: number;
  readonly protocol: string;
  readonly tls?: Open & {
    readonly mode?: string;
    readonly certificateRefs?: readonly BackendRef[];
  };
  readonly allowedRoutes?: AllowedRoutes;
}

/** Which routes a listener takes: those of its own namespace where it does not say otherwise. */
export interface AllowedRoutes extends Open {
  readonly namespaces?: Open & { readonly from?: string; readonly selector?: LabelSelector };
  readonly kinds?: readonly (Open & { readonly group?: string; readonly kind: string })[];
}

export interface LabelSelector extends Open {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly (Open & {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  })[];
}

export interface ListenerStatus extends Open {
  readonly name: string;
  readonly attachedRoutes?: number;
  readonly conditions?: readonly StatusCondition[];
}

/** Allows objects of other namespaces to refer to objects of its own. */
export interface ReferenceGrant extends KubeObject {
  readonly spec: Open & {
    readonly from?: readonly (Open & {
      readonly group: string;
      readonly kind: string;
      readonly namespace: string;
    })[];
    readonly to?: readonly (Open & {
      readonly group: string;
      readonly kind: string;
      /** Without it, every object of the kind. */
      readonly name?: string;
    })[];
  };
}

/** As far as it tells where it leads, and which requests it takes: it is not supported. */
export interface GRPCRoute extends KubeObject {
  readonly spec: Open & {
    readonly parentRefs?: readonly ParentRef[];
    readonly hostnames?: readonly string[];
    readonly rules?: readonly GRPCRouteRule[];
  };
  readonly status?: RouteStatus;
}

interface GRPCRouteRule extends Open {
  readonly name?: string;
  readonly matches?: readonly GRPCRouteMatch[];
  readonly backendRefs?: readonly HTTPBackendRef[];
}

export interface GRPCRouteMatch extends Open {
  readonly method?: GRPCMethodMatch;
  readonly headers?: readonly HTTPValueMatch[];
}

export interface GRPCMethodMatch extends Open {
  /** `Exact` where it is not given. */
  readonly type?: string;
  readonly service?: string;
  readonly method?: string;
}

export function isHttpRoute(object: KubeObject): object is HTTPRoute {
  return object.kind === 'HTTPRoute' && groupOf(object) === GATEWAY_API_GROUP;
}

/** Whether a `Gateway` is one of the Gateway API rather than of Istio. */
export function isKubeGateway(object: KubeObject): object is KubeGateway {
  return object.kind === 'Gateway' && groupOf(object) === GATEWAY_API_GROUP;
}

function groupOf({ apiVersion }: KubeObject): string {
  return apiVersion.split('/')[0] ?? '';
}
