import { CanaryError } from '../core/errors.ts';
import { isHttps } from '../istio/gateways.ts';
import type { UnusableCandidate, IngressCandidate } from '../istio/gateways.ts';
import { nameOf, selects } from '../kubernetes/objects.ts';
import type { Gateway, GatewayServer, Node, Pod, Service, ServicePort } from '../kubernetes/objects.ts';
import type { ClusterName } from '../core/names.ts';
import type { Cluster } from '../kubernetes/client/cluster.ts';
import { isReady } from '../kubernetes/pods.ts';

/** The gateway of one cluster as a user reaches it. */
export interface Ingress {
  readonly cluster: ClusterName;
  /** `http://203.0.113.7`, without a trailing slash; the port where it is not the scheme's own. */
  readonly url: string;
  /** Host header and SNI; undefined: the URL's own. */
  readonly host: string | undefined;
  /** How it was found, for the log. */
  readonly source: string;
}

/** A Service that leads to a Gateway's server. */
interface GatewayService {
  readonly service: Service;
  readonly port: ServicePort;
  /** The pods of the gateway that the Service selects. */
  readonly behind: readonly Pod[];
}

/**
 * Finds the ingress of a cluster: Gateway → its selector → pods → the Services that select them → an address.
 *
 * @throws CanaryError that lists what was looked at, where no address is found
 */
export async function findIngress(
  cluster: Cluster,
  ways: readonly (IngressCandidate | UnusableCandidate)[],
): Promise<Ingress> {
  const looked: string[] = [];
  for (const way of ways) {
    if ('lacks' in way) {
      looked.push(`${nameOf(way.gateway)} (${way.lacks})`);
      continue;
    }
    const found = await findByGateway(cluster, way, looked);
    if (found !== undefined) return found;
  }
  if (ways.length === 0) looked.push('no Gateway');
  throw new CanaryError(
    `No address of the ingress gateway was found in ${cluster.name}. Looked at: ${looked.join('; ')}. Give it with the input ingress, for example ${cluster.name}=http://203.0.113.7, or ${cluster.name}=none if users never enter through this cluster.`,
  );
}

/** An address of a load balancer where any Service has one; else a node port. */
async function findByGateway(
  cluster: Cluster,
  { gateway, server, host }: IngressCandidate,
  looked: string[],
): Promise<Ingress | undefined> {
  const doors = await gatewayServicesOf(cluster, gateway, server, looked);
  const scheme = isHttps(server) ? 'https' : 'http';
  for (const { service, port } of doors) {
    const address = balancerAddress(service);
    if (address === undefined) continue;
    const source = `load balancer of ${nameOf(service)}`;
    return { cluster: cluster.name, url: urlOf(scheme, address, port.port), host, source };
  }
  for (const { service, port, behind } of doors) {
    const node = port.nodePort === undefined ? undefined : await nodeAddress(cluster, service, behind);
    if (node !== undefined && port.nodePort !== undefined) {
      const source = `node port of ${nameOf(service)} on ${node.name}`;
      return { cluster: cluster.name, url: urlOf(scheme, node.address, port.nodePort), host, source };
    }
    looked.push(
      `${nameOf(service)} (type ${service.spec?.type ?? 'ClusterIP'}, no load balancer address, no node port that can be reached)`,
    );
  }
  return undefined;
}

async function gatewayServicesOf(
  cluster: Cluster,
  gateway: Gateway,
  server: GatewayServer,
  looked: string[],
): Promise<readonly GatewayService[]> {
  const { selector = {} } = gateway.spec;
  // Istio applies a Gateway without a selector to every gateway pod, and to no other.
  const unselective = Object.keys(selector).length === 0;
  const listed = await cluster.list<Pod>('v1', 'Pod', undefined, selector);
  const pods = unselective ? listed.filter(isGatewayPod) : listed;
  const count = pods.length === 0 ? 'no pod' : `${String(pods.length)} pods`;
  looked.push(
    unselective
      ? `${nameOf(gateway)} has no selector, so that it applies to every gateway pod (${count})`
      : `${nameOf(gateway)} selects ${count}${pods.length === 0 ? ` (${JSON.stringify(selector)})` : ''}`,
  );
  const namespaces = [...new Set(pods.map(({ metadata }) => metadata.namespace))];
  const services = (
    await Promise.all(namespaces.map((namespace) => cluster.list<Service>('v1', 'Service', namespace)))
  ).flat();
  const doors = services.flatMap((service): readonly GatewayService[] => {
    const behind = pods.filter(
      ({ metadata }) =>
        metadata.namespace === service.metadata.namespace && selects(service.spec?.selector, metadata.labels),
    );
    if (behind.length === 0) return [];
    const port = portFor(service, server, behind);
    if (port !== undefined) return [{ service, port, behind }];
    looked.push(`${nameOf(service)} (no port leads to ${String(server.port.number)})`);
    return [];
  });
  if (!unselective || doors.length < 2) return doors;
  looked.push(
    `${doors.map(({ service }) => nameOf(service)).join(', ')} (all lead to such pods, and which of them users take is not told)`,
  );
  return [];
}

/** Whether Istio runs a gateway in a pod: its proxy is started as a router, not as a sidecar. */
function isGatewayPod({ spec }: Pod): boolean {
  return (spec?.containers ?? []).some(({ args = [] }) => args[0] === 'proxy' && args[1] === 'router');
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

/** An IPv6 address only where there is no other: not every runner can reach one. */
function balancerAddress(service: Service): string | undefined {
  const addresses = (service.status?.loadBalancer?.ingress ?? []).flatMap(
    ({ ip, hostname }) => ip ?? hostname ?? [],
  );
  return addresses.find((address) => !address.includes(':')) ?? addresses[0];
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
