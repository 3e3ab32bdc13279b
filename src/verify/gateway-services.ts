import { CONTROL_PLANE } from '../istio/mesh-config.ts';
import type { Cluster } from '../kubernetes/client/cluster.ts';
import { isForbidden } from '../kubernetes/client/errors.ts';
import type { ClusterError } from '../kubernetes/client/errors.ts';
import { nameOf, selects } from '../kubernetes/objects.ts';
import type { Gateway, GatewayServer, Pod, Service, ServicePort } from '../kubernetes/objects.ts';

/** A Service through which a Gateway server is reached. */
export interface GatewayService {
  readonly service: Service;
  readonly port: ServicePort;
  /** The pods of the gateway that the Service selects. */
  readonly pods: readonly Pod[];
}

/**
 * The Services that lead to a Gateway server.
 *
 * @param checked receives what was looked at
 */
export async function gatewayServicesOf(
  cluster: Cluster,
  gateway: Gateway,
  server: GatewayServer,
  checked: string[],
): Promise<readonly GatewayService[]> {
  const { selector = {} } = gateway.spec;
  // Istio applies a Gateway without a selector to every gateway pod, and to no other pod.
  const unselective = Object.keys(selector).length === 0;
  const { found, where } = await listGatewayPods(cluster, gateway);
  const pods = unselective ? found.filter(isGatewayPod) : found;
  const number = pods.length === 0 ? 'no pod' : pods.length === 1 ? '1 pod' : `${String(pods.length)} pods`;
  const count = `${number}${where}`;
  checked.push(
    unselective
      ? `${nameOf(gateway)} has no selector, so it applies to every gateway pod (${count})`
      : `${nameOf(gateway)} selects ${count}${pods.length === 0 ? ` (${JSON.stringify(selector)})` : ''}`,
  );
  const namespaces = [...new Set(pods.map(({ metadata }) => metadata.namespace))];
  const services = (
    await Promise.all(namespaces.map((namespace) => cluster.list<Service>('v1', 'Service', namespace)))
  ).flat();
  const reaching = services.flatMap((service): readonly GatewayService[] => {
    const selected = pods.filter(
      ({ metadata }) =>
        metadata.namespace === service.metadata.namespace && selects(service.spec?.selector, metadata.labels),
    );
    if (selected.length === 0) return [];
    const port = portTo(service, server.port.number, selected);
    if (port !== undefined) return [{ service, port, pods: selected }];
    checked.push(`${nameOf(service)} (no port reaches ${String(server.port.number)})`);
    return [];
  });
  if (!unselective || reaching.length < 2) return reaching;
  checked.push(
    `${reaching.map(({ service }) => nameOf(service)).join(', ')} (all of them reach such pods, and nothing shows which one users take)`,
  );
  return [];
}

/** Whether a pod runs an Istio gateway: its proxy is started as a router, not as a sidecar. */
function isGatewayPod({ spec }: Pod): boolean {
  return (spec?.containers ?? []).some(({ args = [] }) => args[0] === 'proxy' && args[1] === 'router');
}

/**
 * The Service port through which a port of a Gateway is reached: Istio reads the number of a server or listener as a port of the
 * Service, and listens on its target; a number that is not a port of the Service is listened on directly.
 */
export function portTo(service: Service, number: number, pods: readonly Pod[]): ServicePort | undefined {
  // QUIC uses the same numbers over UDP.
  const ports = (service.spec?.ports ?? []).filter(({ protocol = 'TCP' }) => protocol === 'TCP');
  return ports.find(({ port }) => port === number) ?? ports.find((port) => targetOf(port, pods) === number);
}

/** The port of the pods that a Service port leads to. */
export function targetOf({ port, targetPort = port }: ServicePort, pods: readonly Pod[]): number | undefined {
  if (typeof targetPort === 'number') return targetPort;
  return pods
    .flatMap((pod) => pod.spec?.containers ?? [])
    .flatMap(({ ports }) => ports ?? [])
    .find(({ name }) => name === targetPort)?.containerPort;
}

/**
 * The pods that a Gateway selects in all namespaces; or if those may not be listed, in its own and the control plane's.
 *
 * @returns `where`: where they were looked for, if not everywhere
 */
async function listGatewayPods(
  cluster: Cluster,
  { metadata, spec }: Gateway,
): Promise<{ readonly found: readonly Pod[]; readonly where: string }> {
  const list = (namespace?: string): Promise<readonly Pod[]> =>
    cluster.list<Pod>('v1', 'Pod', namespace, spec.selector);
  try {
    return { found: await list(), where: '' };
  } catch (error) {
    // Without a selector, another gateway elsewhere would leave open which one users take.
    if (!isForbidden(error) || Object.keys(spec.selector ?? {}).length === 0) throw error;
    const namespaces = [...new Set([metadata.namespace ?? CONTROL_PLANE, CONTROL_PLANE])];
    const found: Pod[] = [];
    let refusal: ClusterError | undefined;
    for (const namespace of namespaces) {
      try {
        found.push(...(await list(namespace)));
      } catch (refused) {
        if (!isForbidden(refused)) throw refused;
        refusal = refused;
      }
    }
    if (found.length === 0 && refusal !== undefined) throw refusal;
    return { found, where: ` in ${namespaces.join(' and ')}; pods of other namespaces may not be listed` };
  }
}
