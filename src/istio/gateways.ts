import { firstOfEach } from '../core/first-of-each.ts';
import type { Gateway, GatewayServer, Labels, VirtualService } from '../kubernetes/objects.ts';
import { ANY, MESH_DOMAIN, completeHost, isPartialHostOf, narrowerHost, isHostOf } from './hosts.ts';
import type { ServiceKey } from '../core/names.ts';
import { gatewaysOf } from './virtual-services.ts';

/** A Gateway made anew: plain HTTP on port 80 for the hosts, served by the pods that the selector picks. */
export function newGateway(
  apiVersion: string,
  key: { readonly name: string; readonly namespace: string },
  selector: Labels,
  hosts: readonly string[],
): Gateway {
  return {
    apiVersion,
    kind: 'Gateway',
    metadata: { name: key.name, namespace: key.namespace },
    spec: { selector, servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts }] },
  };
}

/** `name` or `namespace/name`, as a VirtualService of namespace `from` refers to a Gateway. */
export function gatewayKey(
  reference: string,
  from: string,
): { readonly namespace: string; readonly name: string } {
  const [first = '', second] = reference.split('/');
  return second === undefined
    ? { namespace: from, name: first }
    : { namespace: first === '.' ? from : first, name: second };
}

/** Whether a server is reached over TLS that the gateway terminates. */
export function isHttps(server: GatewayServer): boolean {
  return server.port.protocol?.toUpperCase() === 'HTTPS';
}

/** A way in: a server of a Gateway, and the host that requests through it name. */
export interface IngressCandidate {
  readonly gateway: Gateway;
  readonly server: GatewayServer;
  /** undefined: it takes every host, so the address itself will do; with a `*` where only a person can name one. */
  readonly host: string | undefined;
}

/** A Gateway that lets no request in that could be sampled, and why. */
export interface UnusableCandidate {
  readonly gateway: Gateway;
  readonly lacks: string;
}

/**
 * The ways in to some VirtualServices, the best first, one for each Gateway that they are bound to. A host counts only where
 * both the VirtualService and the server take it
 * (https://istio.io/latest/docs/reference/config/networking/gateway/#Server).
 *
 * @param asked the host chosen by hand: it is asked for whatever the servers take
 */
export function ingressCandidates(
  service: ServiceKey,
  entrances: readonly VirtualService[],
  gateways: readonly Gateway[],
  asked: string | undefined,
): readonly (IngressCandidate | UnusableCandidate)[] {
  const bound = entrances.flatMap((vs) => boundTo(vs, gateways).map((gateway) => ({ vs, gateway })));
  const ways = bound
    .flatMap(({ vs, gateway }) =>
      sampledServers(gateway).flatMap((server) => {
        const patterns = patternsFor(server, gateway, vs);
        const hosts = asked === undefined ? hostsOf(service, vs, patterns) : [byHand(asked, patterns)];
        return hosts.map((found) => ({ ...found, gateway, server }));
      }),
    )
    .toSorted((a, b) => a.rank - b.rank || a.place - b.place);
  const all = [...new Set(bound.map(({ gateway }) => gateway))];
  const open = firstOfEach(ways, ({ gateway }) => gateway);
  return [
    ...open.map(({ gateway, server, host }) => ({ gateway, server, host })),
    ...all
      .filter((gateway) => !open.some((way) => way.gateway === gateway))
      .map((gateway) => ({ gateway, lacks: lackOf(gateway, entrances) })),
  ];
}

/** The host to ask for where no Gateway is known that would say which it takes. */
export function hostOf(service: ServiceKey, entrances: readonly VirtualService[]): string | undefined {
  return entrances.flatMap((vs) => hostsOf(service, vs, [ANY])).toSorted((a, b) => a.rank - b.rank)[0]?.host;
}

function boundTo(vs: VirtualService, gateways: readonly Gateway[]): readonly Gateway[] {
  return gatewaysOf(vs).flatMap((reference) => {
    const { name, namespace } = gatewayKey(reference, vs.metadata.namespace ?? '');
    const found = gateways.find(({ metadata }) => metadata.name === name && metadata.namespace === namespace);
    return found === undefined ? [] : [found];
  });
}

/** The servers of a Gateway that can be sampled: plain HTTP before HTTPS; not what only redirects, or passes TLS through. */
function sampledServers({ spec }: Gateway): readonly GatewayServer[] {
  const servers = spec.servers ?? [];
  return [
    ...servers.filter(
      ({ port, tls }) =>
        ['HTTP', 'HTTP2', 'GRPC'].includes(port.protocol?.toUpperCase() ?? '') && tls?.httpsRedirect !== true,
    ),
    ...servers.filter((server) => isHttps(server) && server.tls?.mode !== 'PASSTHROUGH'),
  ];
}

/** The hosts that a server takes for VirtualServices of this one's namespace: `host`, or `namespace/host` with `*` and `.`. */
export function patternsFor(server: GatewayServer, gateway: Gateway, vs: VirtualService): readonly string[] {
  return (server.hosts ?? []).flatMap((text) => {
    const [first = '', second] = text.split('/');
    if (second === undefined) return [first.toLowerCase()];
    const namespace = first === '.' ? gateway.metadata.namespace : first;
    return namespace === ANY || namespace === vs.metadata.namespace ? [second.toLowerCase()] : [];
  });
}

/** How good a host is to ask for; a lower rank is better. */
const RANK = { asked: 0, named: 0, any: 1, ofGateway: 2, ofMesh: 3, refused: 4, pattern: 4 };

interface Ranked {
  readonly host: string | undefined;
  readonly rank: number;
  /** Its place among the hosts of the VirtualService. */
  readonly place: number;
}

/** The hosts that both a VirtualService and a server take. */
function hostsOf(service: ServiceKey, vs: VirtualService, patterns: readonly string[]): readonly Ranked[] {
  return (vs.spec.hosts ?? []).flatMap((written, place) => {
    const host = completeHost(written.toLowerCase(), vs.metadata.namespace);
    return patterns.flatMap((pattern): readonly Ranked[] => {
      const both = narrowerHost(host, pattern);
      if (both === undefined) return [];
      if (both === ANY) return [{ host: undefined, rank: RANK.any, place }];
      if (both.includes(ANY)) return [{ host: both, rank: RANK.pattern, place }];
      // Somebody else's VirtualService may take a host that this one does not name.
      if (host.includes(ANY)) return [{ host: both, rank: RANK.ofGateway, place }];
      const ofMesh =
        host.endsWith(MESH_DOMAIN) ||
        isHostOf(service, host, vs.metadata.namespace) ||
        isPartialHostOf(service, host);
      return [{ host: both, rank: ofMesh ? RANK.ofMesh : RANK.named, place }];
    });
  });
}

function byHand(asked: string, patterns: readonly string[]): Ranked {
  const name = asked.toLowerCase().replace(/:\d+$/, '');
  const taken = patterns.some((pattern) => narrowerHost(name, pattern) !== undefined);
  return { host: asked, rank: taken ? RANK.asked : RANK.refused, place: 0 };
}

/** Whether two Gateways take any host in common. */
export function haveHostInCommon(one: Gateway, other: Gateway): boolean {
  const hostsIn = ({ spec }: Gateway): readonly string[] =>
    (spec.servers ?? []).flatMap(({ hosts = [] }) => hosts.map((host) => host.split('/').at(-1) ?? host));
  return hostsIn(one).some((a) => hostsIn(other).some((b) => narrowerHost(a, b) !== undefined));
}

function lackOf(gateway: Gateway, entrances: readonly VirtualService[]): string {
  if (sampledServers(gateway).length === 0) return 'no HTTP or HTTPS server';
  const hosts = [...new Set(entrances.flatMap(({ spec }) => spec.hosts ?? []))];
  return `no HTTP or HTTPS server for ${hosts.join(', ')}`;
}
