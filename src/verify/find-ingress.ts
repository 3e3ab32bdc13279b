import { CanaryError } from '../core/errors.ts';
import { isHttps } from '../istio/gateways.ts';
import type { UnusableCandidate, IngressCandidate } from '../istio/gateways.ts';
import { nameOf, selects } from '../kubernetes/objects.ts';
import type { Gateway, GatewayServer, Node, Pod, Service, ServicePort } from '../kubernetes/objects.ts';
import type { ClusterName } from '../core/names.ts';
import type { Cluster } from '../kubernetes/client/cluster.ts';
import { isForbidden } from '../kubernetes/client/errors.ts';
import type { ClusterError } from '../kubernetes/client/errors.ts';
import { CONTROL_PLANE } from '../istio/mesh-config.ts';
import { isReady } from '../kubernetes/pods.ts';

/** The gateway of one cluster as a user reaches it. */
export interface Ingress {
  readonly cluster: ClusterName;
  /** `http://203.0.113.7`, without a trailing slash, and with the port unless it is the scheme's default. */
  readonly url: string;
  /** Host header and SNI; undefined: the URL's own. */
  readonly host: string | undefined;
  /** How it was found, for the log. */
  readonly source: string;
}

/** A Service through which a Gateway server is reached. */
interface GatewayService {
  readonly service: Service;
  readonly port: ServicePort;
  /** The pods of the gateway that the Service selects. */
  readonly pods: readonly Pod[];
}

/**
 * Finds the ingress of a cluster: Gateway → its selector → pods → the Services that select them → an address.
 *
 * @throws CanaryError that lists what was checked, if no address is found
 */
export async function findIngress(
  cluster: Cluster,
  candidates: readonly (IngressCandidate | UnusableCandidate)[],
): Promise<Ingress> {
  const checked: string[] = [];
  for (const candidate of candidates) {
    if ('lacks' in candidate) {
      checked.push(`${nameOf(candidate.gateway)} (${candidate.lacks})`);
      continue;
    }
    const found = await findByGateway(cluster, candidate, checked);
    if (found !== undefined) return found;
  }
  if (candidates.length === 0) checked.push('no Gateway');
  throw new CanaryError(
    `No address of an ingress gateway was found in ${cluster.name}. Checked: ${checked.join('; ')}. Set the input ingress, for example ${cluster.name}=http://203.0.113.7, or ${cluster.name}=none if users never enter through this cluster.`,
  );
}

/** The address of a load balancer if any Service has one, otherwise a node port. */
async function findByGateway(
  cluster: Cluster,
  { gateway, server, host }: IngressCandidate,
  checked: string[],
): Promise<Ingress | undefined> {
  const services = await gatewayServicesOf(cluster, gateway, server, checked);
  const scheme = isHttps(server) ? 'https' : 'http';
  for (const { service, port } of services) {
    const address = balancerAddress(service);
    if (address === undefined) continue;
    const source = `load balancer of ${nameOf(service)}`;
    return { cluster: cluster.name, url: urlOf(scheme, address, port.port), host, source };
  }
  for (const { service, port, pods } of services) {
    const node = port.nodePort === undefined ? undefined : await nodeAddress(cluster, service, pods);
    if (node !== undefined && port.nodePort !== undefined) {
      const source = `node port of ${nameOf(service)} on ${node.name}`;
      return { cluster: cluster.name, url: urlOf(scheme, node.address, port.nodePort), host, source };
    }
    checked.push(
      `${nameOf(service)} (type ${service.spec?.type ?? 'ClusterIP'}, no load balancer address, no reachable node port)`,
    );
  }
  return undefined;
}

async function gatewayServicesOf(
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
    const port = portFor(service, server, selected);
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
 * The Service port through which a Gateway server is reached: Istio reads the server's number as a port of the Service, and
 * listens on its target; a number that is not a port of the Service is listened on directly.
 */
function portFor(service: Service, server: GatewayServer, pods: readonly Pod[]): ServicePort | undefined {
  // QUIC uses the same numbers over UDP.
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

/** An IPv6 address only if there is no other: not every runner can reach one. */
function balancerAddress(service: Service): string | undefined {
  const addresses = (service.status?.loadBalancer?.ingress ?? []).flatMap(
    ({ ip, hostname }) => ip ?? hostname ?? [],
  );
  return addresses.find((address) => !address.includes(':')) ?? addresses[0];
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

/**
 * A node's address: external before internal, and of a node that is down only if all are. With the Local policy, only a node
 * with a ready gateway pod.
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
