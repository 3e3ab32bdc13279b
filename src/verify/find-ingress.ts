import { CanaryError } from '../core/errors.ts';
import { isHttps } from '../istio/gateways.ts';
import type { UnusableCandidate, IngressCandidate } from '../istio/gateways.ts';
import { nameOf } from '../kubernetes/objects.ts';
import type { Node, Pod, Service } from '../kubernetes/objects.ts';
import type { ClusterName } from '../core/names.ts';
import type { Cluster } from '../kubernetes/client/cluster.ts';
import { isReady } from '../kubernetes/pods.ts';
import { findGatewayPods } from './gateway-pods.ts';
import type { GatewayPods } from './gateway-pods.ts';
import { gatewayServicesOf } from './gateway-services.ts';

/** The gateway of one cluster as a user reaches it. */
export interface Ingress {
  readonly cluster: ClusterName;
  /** `http://203.0.113.7`, without a trailing slash, and with the port unless it is the scheme's default. */
  readonly url: string;
  /** Host header and SNI; undefined: the URL's own. */
  readonly host: string | undefined;
  /** How it was found, for the log. */
  readonly source: string;
  /** The pods to reach through the API server instead of the URL. */
  readonly gateway?: GatewayPods;
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
  const { found, checked } = await firstOf(candidates, (candidate, looked) =>
    findByGateway(cluster, candidate, looked),
  );
  if (found !== undefined) return found;
  throw new CanaryError(
    `No address of an ingress gateway was found in ${cluster.name}. Checked: ${checked.join('; ')}. Set the input ingress, for example ${cluster.name}=http://203.0.113.7, ${cluster.name}=port-forward to reach the gateway's pods through the API server (it takes get and create on pods/portforward), or ${cluster.name}=none if users never enter through this cluster.`,
  );
}

/**
 * Finds the pods of the ingress gateway of a cluster, to reach them through its API server.
 *
 * @throws CanaryError that lists what was checked, if there is no ready pod
 */
export async function findForwardedIngress(
  cluster: Cluster,
  candidates: readonly (IngressCandidate | UnusableCandidate)[],
): Promise<Ingress> {
  const { found, checked } = await firstOf(candidates, (candidate, looked) =>
    findGatewayPods(cluster, candidate, looked),
  );
  if (found !== undefined) return found;
  throw new CanaryError(
    `No ready pod of an ingress gateway was found in ${cluster.name} for ingress: port-forward. Checked: ${checked.join('; ')}.`,
  );
}

/** What the first candidate leads to, and what was looked at. */
async function firstOf(
  candidates: readonly (IngressCandidate | UnusableCandidate)[],
  find: (candidate: IngressCandidate, checked: string[]) => Promise<Ingress | undefined>,
): Promise<{ readonly found: Ingress | undefined; readonly checked: readonly string[] }> {
  const checked: string[] = [];
  for (const candidate of candidates) {
    if ('lacks' in candidate) {
      checked.push(`${nameOf(candidate.gateway)} (${candidate.lacks})`);
      continue;
    }
    const found = await find(candidate, checked);
    if (found !== undefined) return { found, checked };
  }
  if (candidates.length === 0) checked.push('no Gateway');
  return { found: undefined, checked };
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

/** An IPv6 address only if there is no other: not every runner can reach one. */
function balancerAddress(service: Service): string | undefined {
  const addresses = (service.status?.loadBalancer?.ingress ?? []).flatMap(
    ({ ip, hostname }) => ip ?? hostname ?? [],
  );
  return addresses.find((address) => !address.includes(':')) ?? addresses[0];
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
