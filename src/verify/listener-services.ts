import { GATEWAY_NAME, servicesOfGateway } from '../gateway-api/gateway-service.ts';
import type { ListenerCandidate } from '../gateway-api/ingress-candidates.ts';
import type { GatewayListener, KubeGateway } from '../gateway-api/objects.ts';
import type { Cluster } from '../kubernetes/client/cluster.ts';
import { isForbidden } from '../kubernetes/client/errors.ts';
import { nameOf } from '../kubernetes/objects.ts';
import type { Pod, Service, ServicePort } from '../kubernetes/objects.ts';
import { portTo } from './gateway-services.ts';
import type { GatewayService } from './gateway-services.ts';

/** A Service of a Gateway, and its port that leads to the listener. */
export interface ListenerService {
  readonly service: Service;
  readonly port: ServicePort;
}

/**
 * The Services in front of a Gateway of the Gateway API.
 *
 * @param checked receives what was looked at
 * @throws ClusterError, as where the Services may not be read
 */
async function servicesInFront(
  cluster: Cluster,
  gateway: KubeGateway,
  checked: string[],
): Promise<readonly Service[]> {
  const { from, services, others } = servicesOfGateway(gateway);
  for (const other of others) checked.push(`${nameOf(gateway)} (address ${other} is not that of a Service)`);
  const read = await Promise.all(
    services.map(async ({ namespace, name }) => {
      const found = await cluster.read<Service>('v1', 'Service', name, namespace);
      if (found === undefined) checked.push(`Service ${namespace}/${name} (does not exist)`);
      return found;
    }),
  );
  const found = read.filter((service) => service !== undefined);
  if (found.length > 0 || from === 'named') return found;
  const { name, namespace } = gateway.metadata;
  return cluster.list<Service>('v1', 'Service', namespace, { [GATEWAY_NAME]: name });
}

/** The same, or none where they may not be read: the address of the Gateway will do. */
export async function readableServicesInFront(
  cluster: Cluster,
  gateway: KubeGateway,
  checked: string[],
): Promise<readonly Service[]> {
  try {
    return await servicesInFront(cluster, gateway, checked);
  } catch (error) {
    if (!isForbidden(error)) throw error;
    checked.push(`the Service of ${nameOf(gateway)} (${error.message})`);
    return [];
  }
}

/** Those of the Services that have a port which leads to a listener. */
export function leadingTo(
  listener: GatewayListener,
  services: readonly Service[],
  checked: string[],
): readonly ListenerService[] {
  return services.flatMap((service) => {
    const port = portTo(service, listener.port, []);
    if (port !== undefined) return [{ service, port }];
    checked.push(`${nameOf(service)} (no port reaches ${String(listener.port)})`);
    return [];
  });
}

/** The Services that lead to a listener, with the pods that they select. */
export async function listenerPodsOf(
  cluster: Cluster,
  { gateway, listener }: ListenerCandidate,
  checked: string[],
): Promise<readonly GatewayService[]> {
  const services = leadingTo(listener, await servicesInFront(cluster, gateway, checked), checked);
  return Promise.all(services.map(async (one) => ({ ...one, pods: await podsBehind(cluster, one) })));
}

/** The pods that a Service selects. */
export async function podsBehind(cluster: Cluster, { service }: ListenerService): Promise<readonly Pod[]> {
  const { selector } = service.spec ?? {};
  if (selector === undefined) return [];
  return cluster.list<Pod>('v1', 'Pod', service.metadata.namespace, selector);
}
