import { CanaryError } from '../release/errors.ts';
import { isHttps, sampledServer } from '../release/gateways.ts';
import { nameOf, selects } from '../release/objects.ts';
import type { Gateway, GatewayServer, Node, Pod, Service, ServicePort } from '../release/objects.ts';
import type { ClusterName } from '../release/release.ts';
import type { Cluster } from './cluster.ts';
import { isReady } from '../release/pods.ts';

/** The gateway of one cluster as a user reaches it. */
export interface Ingress {
  readonly cluster: ClusterName;
  /** `http://203.0.113.7`, without a trailing slash; the port where it is not the scheme's own. */
  readonly url: string;
  /** How it was found, for the log. */
  readonly source: string;
}

/**
 * Finds the ingress of a cluster: Gateway → its selector → pods → the Services that select them → an address.
 *
 * @throws CanaryError that lists what was looked at, where no address is found
 */
export async function findIngress(cluster: Cluster, gateways: readonly Gateway[]): Promise<Ingress> {
  const looked: string[] = [];
  for (const gateway of gateways) {
    const server = sampledServer(gateway);
    if (server === undefined) {
      looked.push(`${nameOf(gateway)} (no HTTP or HTTPS server)`);
      continue;
    }
    const found = await findByGateway(cluster, gateway, server, looked);
    if (found !== undefined) return found;
  }
  if (gateways.length === 0) looked.push('no Gateway');
  throw new CanaryError(
    `No address of the ingress gateway was found in ${cluster.name}. Looked at: ${looked.join('; ')}. Give it with the input ingress, for example ${cluster.name}=http://203.0.113.7, or ${cluster.name}=none if users never enter through this cluster.`,
  );
}

async function findByGateway(
  cluster: Cluster,
  gateway: Gateway,
  server: GatewayServer,
  looked: string[],
): Promise<Ingress | undefined> {
  const pods = await cluster.list<Pod>('v1', 'Pod', undefined, gateway.spec.selector);
  looked.push(
    `${nameOf(gateway)} selects ${pods.length === 0 ? `no pod (${JSON.stringify(gateway.spec.selector)})` : `${String(pods.length)} pods`}`,
  );
  const namespaces = [...new Set(pods.map(({ metadata }) => metadata.namespace))];
  const services = (
    await Promise.all(namespaces.map((namespace) => cluster.list<Service>('v1', 'Service', namespace)))
  ).flat();
  for (const service of services) {
    const behind = pods.filter(
      ({ metadata }) =>
        metadata.namespace === service.metadata.namespace && selects(service.spec?.selector, metadata.labels),
    );
    if (behind.length === 0) continue;
    const port = portFor(service, server, behind);
    if (port === undefined) {
      looked.push(`${nameOf(service)} (no port leads to ${String(server.port.number)})`);
      continue;
    }
    const scheme = isHttps(server) ? 'https' : 'http';
    const address = balancerAddress(service);
    if (address !== undefined)
      return {
        cluster: cluster.name,
        url: urlOf(scheme, address, port.port),
        source: `load balancer of ${nameOf(service)}`,
      };
    const node = port.nodePort === undefined ? undefined : await nodeAddress(cluster, service, behind);
    if (node !== undefined && port.nodePort !== undefined) {
      return {
        cluster: cluster.name,
        url: urlOf(scheme, node.address, port.nodePort),
        source: `node port of ${nameOf(service)} on ${node.name}`,
      };
    }
    looked.push(
      `${nameOf(service)} (type ${service.spec?.type ?? 'ClusterIP'}, no load balancer address, no node port that can be reached)`,
    );
  }
  return undefined;
}

/**
 * The Service port that leads to a Gateway server: Istio takes the server's number for a port of the Service first, and
 * listens on its target; a number that is no port of the Service is listened on as it is.
 */
function portFor(service: Service, server: GatewayServer, pods: readonly Pod[]): ServicePort | undefined {
  // QUIC has the same numbers over UDP.
  const ports = (service.spec?.ports ?? []).filter(({ protocol = 'TCP' }) => protocol === 'TCP');
  const { number } = server.port;
  return ports.find(({ port }) => port === number) ?? ports.find((port) => targetOf(port, pods) === number);
}

function targetOf({ port, targetPort = port }: ServicePort, pods: readonly Pod[]): number | undefined {
  if (typeof targetPort === 'number') return targetPort;
  return pods
    .flatMap((pod) => pod.spec?.containers ?? [])
    .flatMap(({ ports }) => ports ?? [])
    .find(({ name }) => name === targetPort)?.containerPort;
}

function balancerAddress(service: Service): string | undefined {
  const [first] = service.status?.loadBalancer?.ingress ?? [];
  return first?.ip ?? first?.hostname;
}

/**
 * A node's address: external before internal, and a node that is down only where all are. With the Local policy only a node
 * that has a ready gateway pod.
 */
async function nodeAddress(
  cluster: Cluster,
  service: Service,
  pods: readonly Pod[],
): Promise<{ readonly name: string; readonly address: string } | undefined> {
  const all = await cluster.list<Node>('v1', 'Node');
  const hosts = pods.filter(isReady).map(({ spec }) => spec?.nodeName);
  const local = service.spec?.externalTrafficPolicy === 'Local';
  const usable = local ? all.filter(({ metadata }) => hosts.includes(metadata.name)) : all;
  for (const nodes of [usable.filter(isUp), usable]) {
    for (const type of ['ExternalIP', 'InternalIP']) {
      for (const { metadata, status } of nodes) {
        const found = status?.addresses?.find((address) => address.type === type);
        if (found !== undefined) return { name: metadata.name, address: found.address };
      }
    }
  }
  return undefined;
}

function isUp({ status }: Node): boolean {
  return status?.conditions?.every(({ type, status: held }) => type !== 'Ready' || held === 'True') ?? true;
}

function urlOf(scheme: 'http' | 'https', address: string, port: number): string {
  const host = address.includes(':') ? `[${address}]` : address;
  return `${scheme}://${host}${port === (scheme === 'https' ? 443 : 80) ? '' : `:${String(port)}`}`;
}
