import type { FleetCluster, TestFleet } from '../../../testbed/fleet.ts';
import { until } from '../../../testbed/mesh/until.ts';
import { Kube } from './kube.ts';
import type { Obj } from './kube.ts';
import { APP, NAMESPACE } from './objects.ts';

export const GATEWAY_API = 'gateway.networking.k8s.io/v1';

/** The namespace of the gateway's Service: istiod assigns a Gateway only to Services of its own namespace. */
export const INGRESS_NAMESPACE = 'istio-system';

/** The Gateway that `ingress` makes, as a parent of a route in another namespace. */
export const INGRESS_PARENT = { name: 'ingress', namespace: INGRESS_NAMESPACE };

/** The inputs of a release whose weights are in an HTTPRoute. */
export const ROUTE_INPUTS = {
  'http-route': APP,
  gateway: `${INGRESS_PARENT.namespace}/${INGRESS_PARENT.name}`,
} as const;

interface Listener {
  readonly name?: string;
  readonly port?: number;
  readonly protocol?: string;
  readonly hostname?: string;
  readonly tls?: unknown;
  readonly allowedRoutes?: unknown;
}

/** The Gateway of a cluster that its ingress gateway serves; its port is the one at which users reach it. */
export function ingress(
  { ingress: url }: FleetCluster,
  {
    name = INGRESS_PARENT.name,
    addresses = [{ type: 'Hostname', value: 'istio-ingressgateway.istio-system.svc.cluster.local' }],
    listeners = [{}],
  }: {
    readonly name?: string;
    readonly addresses?: readonly unknown[];
    readonly listeners?: readonly Listener[];
  } = {},
): Obj {
  const port = Number(new URL(url).port || '80');
  return {
    apiVersion: GATEWAY_API,
    kind: 'Gateway',
    metadata: { name, namespace: INGRESS_NAMESPACE },
    spec: {
      gatewayClassName: 'istio',
      ...(addresses.length === 0 ? {} : { addresses }),
      listeners: listeners.map((listener, index) => ({
        name: index === 0 ? 'http' : `http-${String(index)}`,
        port,
        protocol: 'HTTP',
        allowedRoutes: { namespaces: { from: 'All' } },
        ...listener,
      })),
    },
  };
}

export function httpRoute(
  rules: readonly unknown[],
  {
    name = APP,
    namespace = NAMESPACE,
    ...spec
  }: Record<string, unknown> & { name?: string; namespace?: string } = {},
): Obj {
  return {
    apiVersion: GATEWAY_API,
    kind: 'HTTPRoute',
    metadata: { name, namespace },
    spec: { parentRefs: [INGRESS_PARENT], rules, ...spec },
  };
}

/** A backend of a rule: the Service of a version, with the version in the response header `x-seen`. */
export function backend(version: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  const set = [{ name: 'x-seen', value: version }];
  return {
    name: `${APP}-${version}`,
    port: 5000,
    filters: [{ type: 'ResponseHeaderModifier', responseHeaderModifier: { set } }],
    ...more,
  };
}

/** The Service of a version. */
export const versionService = (version: string): Obj => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: `${APP}-${version}`, namespace: NAMESPACE },
  spec: {
    selector: { app: APP, version },
    ports: [{ name: 'http-5000', port: 5000, targetPort: 5000, protocol: 'TCP' }],
  },
});

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly observedGeneration?: number;
}

/** Conditions as `Accepted=True Accepted`, in the order of their types. */
export function conditionsOf(conditions: readonly Condition[] = []): string {
  return conditions
    .filter(({ type }) => type !== 'ResolvedWaypoints')
    .map(({ type, status, reason }) => `${type}=${status} ${reason}`)
    .sort()
    .join(', ');
}

/** The conditions of a route's only parent, once istiod has seen the route's latest generation; empty without a parent. */
export async function routeConditions(kube: Kube, name = APP, namespace = NAMESPACE): Promise<string> {
  const route = await kube.get(GATEWAY_API, 'HTTPRoute', name, namespace);
  const { parents = [] } = (route['status'] ?? {}) as { parents?: { conditions: Condition[] }[] };
  const [first] = parents;
  const { generation } = route.metadata as { generation?: number };
  const isCurrent = first?.conditions.every(({ observedGeneration }) => observedGeneration === generation);
  return isCurrent === false ? 'not seen yet' : conditionsOf(first?.conditions);
}

/** The conditions of an HTTPRoute that istiod serves with all its backends. */
export const FINE = 'Accepted=True Accepted, ResolvedRefs=True ResolvedRefs';

/** Waits until istiod serves the HTTPRoute with all its backends: before that, users get a 500. */
export async function accepted(kube: Kube): Promise<void> {
  await until('the HTTPRoute to be accepted', async () => (await routeConditions(kube)) === FINE, {
    seconds: 15,
  });
}

/** Whether istiod has assigned a Gateway in its latest generation. */
export function isProgrammed({ metadata, status }: Obj): boolean {
  const { generation } = metadata as { generation?: number };
  const { conditions = [] } = (status ?? {}) as { conditions?: readonly Condition[] };
  return conditions.some(
    ({ type, status: is, observedGeneration }) =>
      type === 'Programmed' && is === 'True' && observedGeneration === generation,
  );
}

/** The conditions that istiod reports of a Gateway's first listener. */
export function listenerConditions({ status }: Obj): string {
  const { listeners = [] } = (status ?? {}) as { listeners?: readonly { conditions: Condition[] }[] };
  return conditionsOf(listeners[0]?.conditions);
}

/** Creates the Gateway in some clusters, and waits until each is programmed. */
export async function openIngress(fleet: TestFleet, clusters: readonly string[]): Promise<void> {
  const { name, namespace } = INGRESS_PARENT;
  await Promise.all(
    fleet.clusters
      .filter((cluster) => clusters.includes(cluster.name))
      .map(async (cluster) => {
        const kube = new Kube(fleet, cluster.name);
        await kube.create(ingress(cluster));
        await kube.settled(GATEWAY_API, 'Gateway', name, namespace, isProgrammed);
      }),
  );
}
