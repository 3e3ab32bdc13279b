import type {
  Container,
  Deployment,
  DestinationRule,
  Gateway,
  GatewayServer,
  HttpRoute,
  KubeObject,
  Labels,
  ManagedFields,
  ObjectMeta,
  Pod,
  RouteDestination,
  Service,
  ServicePort,
  Subset,
  VirtualService,
} from '../../src/kubernetes/objects.ts';
import { MESH_DEFAULTS } from '../../src/istio/mesh-config.ts';
import type { ClusterState, FleetState } from '../../src/release/state.ts';
import type { TrafficState } from '../../src/istio/traffic-state.ts';

export const APP = 'helloworld';
export const NAMESPACE = 'gray-demo';
export const HOST = `${APP}.${NAMESPACE}.svc.cluster.local`;
export const ISTIO = 'networking.istio.io/v1';

type Meta = Partial<ObjectMeta>;

export function virtualService(
  http: readonly HttpRoute[] | undefined,
  metadata: Meta = {},
  spec: Readonly<Record<string, unknown>> = {},
): VirtualService {
  return {
    apiVersion: ISTIO,
    kind: 'VirtualService',
    metadata: { name: APP, namespace: NAMESPACE, ...metadata },
    spec: { hosts: ['*'], gateways: [APP], ...(http === undefined ? {} : { http }), ...spec },
  };
}

/** A destination of the service; without a subset it reaches every version. */
export function to(
  subset: string | undefined,
  weight?: number,
  rest: Partial<RouteDestination> = {},
): RouteDestination {
  return {
    destination: { host: HOST, port: { number: 5000 }, ...(subset === undefined ? {} : { subset }) },
    ...(weight === undefined ? {} : { weight }),
    ...rest,
  };
}

/** A destination of another service. */
export function toOther(weight?: number, host = 'other.gray-demo.svc.cluster.local'): RouteDestination {
  return { destination: { host }, ...(weight === undefined ? {} : { weight }) };
}

export function destinationRule(
  subsets: readonly (string | Subset)[],
  metadata: Meta = {},
  spec: Readonly<Record<string, unknown>> = {},
): DestinationRule {
  return {
    apiVersion: ISTIO,
    kind: 'DestinationRule',
    metadata: { name: APP, namespace: NAMESPACE, ...metadata },
    spec: {
      host: APP,
      subsets: subsets.map((subset) =>
        typeof subset === 'string' ? { name: subset, labels: { version: subset } } : subset,
      ),
      ...spec,
    },
  };
}

export function gateway(
  servers: readonly GatewayServer[] = [server('HTTP', 80)],
  metadata: Meta = {},
): Gateway {
  return {
    apiVersion: ISTIO,
    kind: 'Gateway',
    metadata: { name: APP, namespace: NAMESPACE, ...metadata },
    spec: { selector: { istio: 'ingressgateway' }, servers },
  };
}

export function server(protocol: string, number: number, rest: Partial<GatewayServer> = {}): GatewayServer {
  return { port: { number, name: `p${String(number)}`, protocol }, hosts: ['*'], ...rest };
}

export function service(spec: Service['spec'] = {}, metadata: Meta = {}): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: APP, namespace: NAMESPACE, ...metadata },
    spec: { selector: { app: APP }, ports: [{ name: 'http-5000', port: 5000 }], ...spec },
  };
}

/** What the API server notes on an object that the action applied. */
export const OURS = [{ manager: 'multicluster-canary', operation: 'Apply' }];

/** The same, with the fields that the action gave. */
export const oursWith = (spec: Readonly<Record<string, unknown>>): readonly ManagedFields[] =>
  OURS.map((entry) => ({ ...entry, fieldsV1: { 'f:spec': spec } }));

/** A Service that the action applied with these ports. */
export function appliedService(...ports: readonly (ServicePort & { readonly protocol: string })[]): Service {
  const fields = new Map(ports.map(({ port, protocol }) => [`k:${JSON.stringify({ port, protocol })}`, {}]));
  return service({ ports }, { managedFields: oursWith({ 'f:ports': Object.fromEntries(fields) }) });
}

export function deployment(
  name: string,
  labels: Labels,
  options: {
    readonly selector?: Labels;
    readonly containers?: readonly Container[];
    readonly initContainers?: readonly Container[];
    readonly kind?: string;
  } = {},
): Deployment {
  const {
    selector = labels,
    containers = [{ name: APP, image: 'example.com/hello:0' }],
    initContainers,
    kind = 'Deployment',
  } = options;
  const spec = { containers, ...(initContainers === undefined ? {} : { initContainers }) };
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name },
    spec: { selector: { matchLabels: selector }, template: { metadata: { labels }, spec } },
  };
}

/** A ready pod with a sidecar. */
export function pod(
  name: string,
  labels: Labels,
  rest: { readonly metadata?: Meta; readonly spec?: Pod['spec']; readonly status?: Pod['status'] } = {},
): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: NAMESPACE, labels, ...rest.metadata },
    spec: {
      containers: [{ name: APP, image: 'example.com/hello:1' }, { name: 'istio-proxy' }],
      ...rest.spec,
    },
    status: { conditions: [{ type: 'Ready', status: 'True' }], ...rest.status },
  };
}

export function versionPod(version: string): Pod {
  return pod(`${APP}-${version}-0`, { app: APP, version });
}

export function namespaceOf(name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

type StateOverrides = Partial<Omit<ClusterState, 'traffic'>> & {
  readonly traffic?: Partial<TrafficState> | undefined;
};

/** A cluster with an empty namespace whose control plane serves routes, unless `traffic: undefined` is given. */
export function clusterState(name: string, overrides: StateOverrides = {}): ClusterState {
  const { traffic, ...rest } = overrides;
  const serves = !('traffic' in overrides) || traffic !== undefined;
  return {
    name,
    identity: { server: `https://${name}.example`, uid: `of ${name}` },
    namespace: namespaceOf(NAMESPACE),
    service: undefined,
    deployments: [],
    autoscalers: [],
    pods: [],
    clusterScoped: new Set(['v1 Namespace']),
    ...rest,
    traffic: serves ? trafficState(traffic) : undefined,
  };
}

/** Unless given, all namespaces hold what that of the release does. */
function trafficState(given: Partial<TrafficState> = {}): TrafficState {
  const { virtualServices = [], destinationRules = [] } = given;
  return {
    apiVersion: ISTIO,
    virtualServices,
    roots: [],
    destinationRules,
    gateways: [],
    gatewayNamespaces: new Map(),
    mesh: MESH_DEFAULTS,
    unread: [],
    everywhere: { virtualServices, destinationRules, unlisted: [] },
    ...given,
  };
}

export function fleetOf(...states: readonly ClusterState[]): FleetState {
  return new Map(states.map((state) => [state.name, state]));
}
