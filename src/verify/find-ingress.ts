import { CanaryError } from '../core/errors.ts';
import { isInsideCluster } from '../gateway-api/gateway-service.ts';
import type { ListenerCandidate } from '../gateway-api/ingress-candidates.ts';
import type { IngressCandidate } from '../istio/gateways.ts';
import { nameOf } from '../kubernetes/objects.ts';
import type { Node, Pod, Service } from '../kubernetes/objects.ts';
import type { ClusterName } from '../core/names.ts';
import { theInput } from '../core/wording.ts';
import type { Cluster } from '../kubernetes/client/cluster.ts';
import { isReady } from '../kubernetes/pods.ts';
import { findGatewayPods } from './gateway-pods.ts';
import type { GatewayPods } from './gateway-pods.ts';
import { gatewayServicesOf } from './gateway-services.ts';
import type { GatewayService } from './gateway-services.ts';
import { schemeOf } from './ingress-candidate.ts';
import type { Candidate, WayIn } from './ingress-candidate.ts';
import { leadingTo, podsBehind, readableServicesInFront } from './listener-services.ts';
import type { ListenerService } from './listener-services.ts';

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
 * Finds the ingress of a cluster. Of Istio's Gateways: its selector → pods → the Services that select them → an address; of the Gateway
 * API's: the address in its status, or that of its Service.
 *
 * @throws CanaryError that lists what was checked, if no address is found
 */
export async function findIngress(cluster: Cluster, candidates: readonly Candidate[]): Promise<Ingress> {
  const { found, checked } = await firstOf(candidates, (candidate, looked) =>
    'listener' in candidate
      ? findByListener(cluster, candidate, looked)
      : findByGateway(cluster, candidate, looked),
  );
  if (found !== undefined) return found;
  throw new CanaryError(
    `No address of an ingress gateway was found in ${cluster.name}. Checked: ${checked.join('; ')}. Set ${theInput('ingress')}, for example ${cluster.name}=http://203.0.113.7, ${cluster.name}=port-forward to reach the gateway's pods through the API server (it takes get and create on pods/portforward), or ${cluster.name}=none if users never enter through this cluster.`,
  );
}

/**
 * Finds the pods of the ingress gateway of a cluster, to reach them through its API server.
 *
 * @throws CanaryError that lists what was checked, if there is no ready pod
 */
export async function findForwardedIngress(
  cluster: Cluster,
  candidates: readonly Candidate[],
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
  candidates: readonly Candidate[],
  find: (candidate: WayIn, checked: string[]) => Promise<Ingress | undefined>,
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
  candidate: IngressCandidate,
  checked: string[],
): Promise<Ingress | undefined> {
  const { gateway, server, host } = candidate;
  const services = await gatewayServicesOf(cluster, gateway, server, checked);
  const scheme = schemeOf(candidate);
  const podsOf = ({ pods }: GatewayService): Promise<readonly Pod[]> => Promise.resolve(pods);
  return findByServices(cluster, { services, scheme, host, podsOf }, checked);
}

/** The address in the status of a Gateway, unless it is one inside the cluster; otherwise that of its Service. */
async function findByListener(
  cluster: Cluster,
  candidate: ListenerCandidate,
  checked: string[],
): Promise<Ingress | undefined> {
  const { gateway, listener, host } = candidate;
  const scheme = schemeOf(candidate);
  const inFront = await readableServicesInFront(cluster, gateway, checked);
  const services = leadingTo(listener, inFront, checked);
  const told = (gateway.status?.addresses ?? []).flatMap(({ value }) => value ?? []);
  const inside = inFront.flatMap(clusterAddresses);
  const address = preferred(told.filter((one) => !isInsideCluster(one) && !inside.includes(one)));
  if (address !== undefined) {
    const port = services[0]?.port.port ?? listener.port;
    const source = `status.addresses of ${nameOf(gateway)}`;
    return { cluster: cluster.name, url: urlOf(scheme, address, port), host, source };
  }
  checked.push(
    `${nameOf(gateway)} (${told.length === 0 ? 'no status.addresses' : `status.addresses ${told.join(', ')}: only inside the cluster`})`,
  );
  const podsOf = (one: ListenerService): Promise<readonly Pod[]> => podsBehind(cluster, one);
  return findByServices(cluster, { services, scheme, host, podsOf }, checked);
}

/** The addresses of a Service that mean something only inside its cluster. */
function clusterAddresses({ spec }: Service): readonly string[] {
  return [spec?.clusterIP, ...(spec?.clusterIPs ?? [])].filter((address) => address !== undefined);
}

/** The Services of a Gateway, and what is asked through them. */
interface Behind<S extends ListenerService> {
  readonly services: readonly S[];
  readonly scheme: 'http' | 'https';
  readonly host: string | undefined;
  readonly podsOf: (service: S) => Promise<readonly Pod[]>;
}

async function findByServices<S extends ListenerService>(
  cluster: Cluster,
  { services, scheme, host, podsOf }: Behind<S>,
  checked: string[],
): Promise<Ingress | undefined> {
  for (const { service, port } of services) {
    const address = balancerAddress(service);
    if (address === undefined) continue;
    const source = `load balancer of ${nameOf(service)}`;
    return { cluster: cluster.name, url: urlOf(scheme, address, port.port), host, source };
  }
  for (const one of services) {
    const { service, port } = one;
    const node =
      port.nodePort === undefined ? undefined : await nodeAddress(cluster, service, () => podsOf(one));
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

function balancerAddress(service: Service): string | undefined {
  return preferred(
    (service.status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }) => ip ?? hostname ?? []),
  );
}

/** An IPv6 address only if there is no other: not every runner can reach one. */
function preferred(addresses: readonly string[]): string | undefined {
  return addresses.find((address) => !address.includes(':')) ?? addresses[0];
}

/**
 * A node's address: external before internal, and of a node that is down only if all are. With the Local policy, only a node
 * with a ready gateway pod.
 */
async function nodeAddress(
  cluster: Cluster,
  service: Service,
  podsOf: () => Promise<readonly Pod[]>,
): Promise<{ readonly name: string; readonly address: string } | undefined> {
  const all = await cluster.list<Node>('v1', 'Node');
  const local = service.spec?.externalTrafficPolicy === 'Local';
  const hosts = (local ? await podsOf() : []).filter(isReady).map(({ spec }) => spec?.nodeName);
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
