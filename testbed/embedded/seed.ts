import {
  CONFIG_MAP,
  GATEWAY_CLASS,
  NAMESPACE,
  NODE,
  POD,
  SECRET,
  SERVICE,
  SERVICE_ACCOUNT,
  type Kind,
} from './api/kinds.ts';
import type { KubeObject } from './api/objects.ts';
import type { Resources } from './api/resources.ts';
import { CONTROLLER } from './gateway-api/state.ts';
import { textAt } from './json.ts';
import type { JsonObject } from './json.ts';

export const GATEWAY_NAMESPACE = 'istio-system';
export const GATEWAY_SERVICE = 'istio-ingressgateway';
/** The ConfigMap with the mesh configuration. */
export const MESH_CONFIG = 'istio';
export const GATEWAY_LABELS = { app: 'istio-ingressgateway', istio: 'ingressgateway' } as const;
export const MONITORING = 'monitoring';
export const PROMETHEUS_PORT = 9090;
const PROMETHEUS_LABELS = { app: 'prometheus' };
/** The namespaces that belong to the fleet and survive a reset. */
const OWN_NAMESPACES: readonly string[] = ['default', 'kube-system', GATEWAY_NAMESPACE, MONITORING];

const MANAGER = 'embedded-fleet';

export interface SeedOptions {
  readonly cluster: string;
  readonly replicas: number;
  readonly httpPort: number;
  readonly httpsPort: number;
  readonly address: () => string;
  readonly prometheus: boolean;
}

interface Seeded {
  readonly kind: Kind;
  readonly object: KubeObject;
}

/** Creates what an unused cluster with Istio contains, and returns it for a later reset. */
export function seed(resources: Resources, options: SeedOptions): Seeded[] {
  const made: Seeded[] = [];
  const make = (kind: Kind, namespace: string | undefined, body: JsonObject, status?: JsonObject): void => {
    let object = resources.create(kind, namespace, body, { manager: MANAGER });
    if (status !== undefined) {
      const change = (live: JsonObject): JsonObject => ({ ...live, status });
      const write = { manager: MANAGER, subresource: 'status' } as const;
      object = resources.patch(kind, namespace, object.metadata.name, change, write);
    }
    made.push({ kind, object });
  };

  const namespaces = OWN_NAMESPACES.filter((name) => name !== MONITORING || options.prometheus);
  for (const name of namespaces) {
    make(NAMESPACE, undefined, { metadata: { name } });
    make(SERVICE_ACCOUNT, name, { metadata: { name: 'default' } });
  }
  const nodeName = `${options.cluster}-node-1`;
  make(
    NODE,
    undefined,
    { metadata: { name: nodeName, labels: { 'kubernetes.io/hostname': nodeName } } },
    nodeStatus(nodeName),
  );
  make(GATEWAY_CLASS, undefined, {
    metadata: { name: 'istio' },
    spec: { controllerName: CONTROLLER, description: 'The default Istio GatewayClass' },
  });
  make(CONFIG_MAP, GATEWAY_NAMESPACE, {
    metadata: { name: MESH_CONFIG },
    data: { mesh: 'rootNamespace: istio-system\n' },
  });
  make(SERVICE, GATEWAY_NAMESPACE, gatewayService(options), {
    loadBalancer: { ingress: [{ ip: '127.0.0.1' }] },
  });
  for (let index = 0; index < options.replicas; index += 1) {
    make(POD, GATEWAY_NAMESPACE, gatewayPod(index, nodeName), podStatus(options.address(), 'istio-proxy'));
  }
  if (options.prometheus) {
    make(SERVICE, MONITORING, {
      metadata: { name: 'prometheus', labels: { ...PROMETHEUS_LABELS } },
      spec: {
        selector: { ...PROMETHEUS_LABELS },
        ports: [{ name: 'http-web', port: PROMETHEUS_PORT, targetPort: PROMETHEUS_PORT, protocol: 'TCP' }],
      },
    });
    make(POD, MONITORING, prometheusPod(0, nodeName), podStatus(options.address(), 'prometheus'));
  }
  return made;
}

/**
 * Restores what was seeded in a cluster. What controllers maintain in the fleet's namespaces remains.
 */
export function unseed(resources: Resources, seeded: readonly Seeded[]): void {
  const { store } = resources;
  const kept = new Set(seeded.map(({ object }) => object.metadata.uid));
  for (const kind of store.kinds()) {
    for (const { metadata } of store.list(kind)) {
      const { namespace, name, uid } = metadata;
      const isOwn = namespace !== undefined && OWN_NAMESPACES.includes(namespace);
      const isControllers =
        metadata.managedFields?.every(({ manager }) => manager === 'kube-controller-manager') ?? false;
      if (kept.has(uid) || (isOwn && isControllers && kind !== SECRET && kind !== CONFIG_MAP)) continue;
      store.remove(kind, namespace, name);
    }
  }
  for (const { kind, object } of seeded) {
    const { namespace, name, resourceVersion } = object.metadata;
    if (store.get(kind, namespace, name)?.metadata.resourceVersion !== resourceVersion)
      store.put(kind, object);
  }
}

function nodeStatus(name: string): JsonObject {
  return {
    addresses: [
      { type: 'InternalIP', address: '127.0.0.1' },
      { type: 'Hostname', address: name },
    ],
    conditions: [
      { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' },
    ],
    nodeInfo: { kubeletVersion: 'v1.36.1' },
  };
}

/** Its ports are those of this machine, so that every way to find the ingress ends at a listening socket. */
function gatewayService({ httpPort, httpsPort }: SeedOptions): JsonObject {
  return {
    metadata: { name: GATEWAY_SERVICE, labels: { ...GATEWAY_LABELS } },
    spec: {
      type: 'LoadBalancer',
      selector: { ...GATEWAY_LABELS },
      ports: [
        { name: 'http2', port: httpPort, targetPort: 80, nodePort: httpPort, protocol: 'TCP' },
        { name: 'https', port: httpsPort, targetPort: 443, nodePort: httpsPort, protocol: 'TCP' },
      ],
    },
  };
}

/** The pod of a replica of the gateway, from 0. */
export function gatewayPodName(replica: number): string {
  return `${GATEWAY_SERVICE}-${String(replica)}`;
}

function gatewayPod(index: number, nodeName: string): JsonObject {
  return {
    metadata: { name: gatewayPodName(index), labels: { ...GATEWAY_LABELS } },
    spec: { nodeName, containers: [{ name: 'istio-proxy', image: 'docker.io/istio/proxyv2:1.31.0' }] },
  };
}

function prometheusPod(index: number, nodeName: string): JsonObject {
  const container = {
    name: 'prometheus',
    image: 'docker.io/prom/prometheus:v3.15.1',
    ports: [{ containerPort: PROMETHEUS_PORT }],
  };
  return {
    metadata: { name: `prometheus-${String(index)}`, labels: { ...PROMETHEUS_LABELS } },
    spec: { nodeName, containers: [container] },
  };
}

/** Puts another pod in the place of the one of Prometheus. */
export function replacePrometheusPod(resources: Resources, cluster: string, address: string): void {
  const { store } = resources;
  const [old] = store.list(POD, MONITORING);
  if (old !== undefined) store.remove(POD, MONITORING, old.metadata.name);
  const pod = prometheusPod(1, `${cluster}-node-1`);
  const { name } = resources.create(POD, MONITORING, pod, { manager: MANAGER }).metadata;
  const status = podStatus(address, 'prometheus');
  const write = { manager: MANAGER, subresource: 'status' } as const;
  resources.patch(POD, MONITORING, name, (live) => ({ ...live, status }), write);
}

/** Shows a pod of the gateway as ready or not, and its container as restarted so many times. */
export function showGatewayPod(
  resources: Resources,
  replica: number,
  shown: { readonly ready: boolean; readonly restarts: number },
): void {
  const change = (live: JsonObject): JsonObject => ({
    ...live,
    status: podStatus(textAt(live, 'status', 'podIP') ?? '', 'istio-proxy', shown),
  });
  const write = { manager: MANAGER, subresource: 'status' } as const;
  resources.patch(POD, GATEWAY_NAMESPACE, gatewayPodName(replica), change, write);
}

function podStatus(address: string, container: string, { ready = true, restarts = 0 } = {}): JsonObject {
  return {
    phase: 'Running',
    podIP: address,
    podIPs: [{ ip: address }],
    hostIP: '127.0.0.1',
    conditions: [
      { type: 'Initialized', status: 'True' },
      ...['ContainersReady', 'Ready'].map((type) => ({ type, status: ready ? 'True' : 'False' })),
    ],
    containerStatuses: [
      { name: container, ready, started: ready, restartCount: restarts, state: { running: {} } },
    ],
  };
}
