import type {
  GatewayListener,
  HTTPRoute,
  KubeGateway,
  ParentRef,
  ReferenceGrant,
} from '../../src/gateway-api/objects.ts';
import type { GatewayApiState } from '../../src/gateway-api/state.ts';
import type { ObjectMeta } from '../../src/kubernetes/objects.ts';
import { APP, NAMESPACE } from './objects.ts';

/** The namespace of the Gateways. */
export const EDGE = 'edge';
const V1 = 'gateway.networking.k8s.io/v1';

export function listener(
  name: string,
  port: number,
  rest: Partial<Omit<GatewayListener, 'name' | 'port'>> = {},
): GatewayListener {
  return { name, port, protocol: 'HTTP', allowedRoutes: { namespaces: { from: 'All' } }, ...rest };
}

/** Gateway `edge/public` of the Gateway API. */
export function kubeGateway(
  listeners: readonly GatewayListener[],
  spec: Partial<KubeGateway['spec']> = {},
  addresses: readonly string[] = [],
  metadata: Partial<ObjectMeta> = {},
): KubeGateway {
  return {
    apiVersion: V1,
    kind: 'Gateway',
    metadata: { name: 'public', namespace: EDGE, ...metadata },
    spec: { gatewayClassName: 'istio', listeners, ...spec },
    status: { addresses: addresses.map((value) => ({ value })) },
  };
}

/** An HTTPRoute of the app that is attached to Gateway `edge/public`. */
export function attachedRoute(
  hostnames?: readonly string[],
  parentRefs: readonly ParentRef[] = [{ name: 'public', namespace: EDGE }],
): HTTPRoute {
  return {
    apiVersion: V1,
    kind: 'HTTPRoute',
    metadata: { name: APP, namespace: NAMESPACE },
    spec: { parentRefs, ...(hostnames === undefined ? {} : { hostnames }), rules: [] },
  };
}

/** Lets objects of one namespace refer to those of another. */
export function referenceGrant(
  namespace: string,
  from: { readonly kind: string; readonly namespace: string; readonly group?: string },
  to: { readonly kind: string; readonly name?: string },
): ReferenceGrant {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1beta1',
    kind: 'ReferenceGrant',
    metadata: { name: 'grant', namespace },
    spec: { from: [{ group: 'gateway.networking.k8s.io', ...from }], to: [{ group: '', ...to }] },
  };
}

export function gatewayApiState(
  gateways: readonly KubeGateway[],
  rest: Partial<GatewayApiState> = {},
): GatewayApiState {
  return {
    served: { HTTPRoute: V1, Gateway: V1, ReferenceGrant: V1 },
    httpRoutes: [],
    grpcRoutes: [],
    gateways,
    referenceGrants: [],
    unlisted: [],
    unread: [],
    ...rest,
  };
}
