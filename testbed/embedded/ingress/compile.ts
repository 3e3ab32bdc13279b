import { SECRET } from '../api/kinds.ts';
import type { KubeObject } from '../api/objects.ts';
import { matchesLabels, type Labels } from '../api/selectors.ts';
import { istioObjects } from '../gateway-api/istio-objects.ts';
import { arrayAt, numberAt, objectAt, objectsAt, textAt, textsAt, type JsonObject } from '../json.ts';
import type { Credential, FilterChain, GatewayConfig, Listener, Route, VirtualHosts } from './config.ts';
import { fullHost, intersection } from '../hosts.ts';
import { byAge } from './age.ts';
import { visibleServices } from './export.ts';
import type { ClusterSnapshot, MeshSnapshot } from './mesh.ts';
import { meshConfigOf } from './mesh-config.ts';
import { gatewayName, routesOf, type RouteContext } from './routes.ts';
import { DestinationRules } from './rules.ts';
import { Upstreams } from './upstreams.ts';

/** The gateway to compile the configuration for. */
export interface GatewaySite {
  readonly cluster: string;
  /** The cluster whose control plane serves the gateway. */
  readonly controlPlane: string;
  readonly namespace: string;
  /** Name of its Service. */
  readonly service: string;
  readonly labels: Labels;
}

/** A server of a Gateway object, on a port of the gateway's pod. */
interface Server {
  readonly gateway: KubeObject;
  readonly server: JsonObject;
  readonly port: number;
  readonly secure: boolean;
}

/** What the control plane would send to a gateway, given the state of the mesh. */
export function compileGateway(mesh: MeshSnapshot, site: GatewaySite): GatewayConfig {
  const stored = mesh.clusters.get(site.controlPlane);
  const own = mesh.clusters.get(site.cluster);
  if (stored === undefined || own === undefined) return { listeners: new Map() };
  const made = istioObjects(stored, site);
  const config: ClusterSnapshot = {
    ...stored,
    gateways: [...stored.gateways, ...made.gateways],
    virtualServices: [...stored.virtualServices, ...made.virtualServices],
  };
  const upstreams = new Upstreams(
    mesh,
    new DestinationRules(config.destinationRules, site, meshConfigOf(config.configMaps)),
  );
  const byPort = Map.groupBy(serversOf(config, own, site), ({ port }) => port);
  const listeners = new Map<number, Listener>();
  for (const [port, servers] of byPort) {
    // A port has one protocol: that of the oldest Gateway.
    const secure = servers[0]?.secure ?? false;
    const same = servers.filter((server) => server.secure === secure);
    const groups = secure ? same.map((server) => [server]) : [same];
    const chains = groups.map((group) => chainOf(group, config, own, site, upstreams));
    listeners.set(port, { secure, chains });
  }
  return { listeners };
}

function serversOf(config: ClusterSnapshot, own: ClusterSnapshot, site: GatewaySite): Server[] {
  const service = own.services.find(
    ({ metadata }) => metadata.name === site.service && metadata.namespace === site.namespace,
  );
  return config.gateways
    .filter((gateway) => matchesLabels(textsAt(gateway, 'spec', 'selector'), site.labels))
    .toSorted(byAge)
    .flatMap((gateway) =>
      objectsAt(gateway, 'spec', 'servers').map((server) => {
        const protocol = (textAt(server, 'port', 'protocol') ?? '').toUpperCase();
        return {
          gateway,
          server,
          port: podPort(numberAt(server, 'port', 'number') ?? 0, service),
          secure: protocol === 'HTTPS' || protocol === 'TLS',
        };
      }),
    );
}

/** A Gateway names a port of the Service, or else one of the pod. */
function podPort(number: number, service: KubeObject | undefined): number {
  const port = objectsAt(service, 'spec', 'ports').find((candidate) => candidate['port'] === number);
  return numberAt(port, 'targetPort') ?? number;
}

function chainOf(
  servers: readonly Server[],
  config: ClusterSnapshot,
  own: ClusterSnapshot,
  site: GatewaySite,
  upstreams: Upstreams,
): FilterChain {
  const [first] = servers;
  return {
    serverNames: servers.flatMap(({ server, gateway }) => hostsOf(server, gateway).map(({ host }) => host)),
    credential: first === undefined ? undefined : credentialOf(objectAt(first.server, 'tls'), own, site),
    httpsRedirect: servers.some(({ server }) => objectAt(server, 'tls')['httpsRedirect'] === true),
    hosts: virtualHosts(servers, config, site, upstreams),
  };
}

/** A server's hosts, each with the namespace from which VirtualServices may bind to it (`ns/host`). */
function hostsOf(
  server: JsonObject,
  gateway: KubeObject,
): { readonly host: string; readonly namespace: string }[] {
  return arrayAt(server, 'hosts')
    .filter((host) => typeof host === 'string')
    .map((text) => {
      const [namespace, host] = text.includes('/') ? text.split('/') : ['*', text];
      return {
        host: host ?? '*',
        namespace: namespace === '.' ? (gateway.metadata.namespace ?? '') : (namespace ?? '*'),
      };
    });
}

function virtualHosts(
  servers: readonly Server[],
  config: ClusterSnapshot,
  site: GatewaySite,
  upstreams: Upstreams,
): VirtualHosts {
  const perHost = new Map<string, Map<KubeObject, Route[]>>();
  const all = config.virtualServices.toSorted(byAge);
  const meshConfig = meshConfigOf(config.configMaps);
  const services = visibleServices(all, site.namespace, meshConfig);
  for (const { gateway, server } of servers) {
    const name = `${gateway.metadata.namespace ?? ''}/${gateway.metadata.name}`;
    const context: RouteContext = {
      identity: {
        gateway: name,
        labels: site.labels,
        namespace: site.namespace,
        port: numberAt(server, 'port', 'number') ?? 0,
      },
      upstreams,
      virtualServices: all,
      meshConfig,
    };
    for (const service of services) {
      const gateways = arrayAt(service, 'spec', 'gateways').filter((each) => typeof each === 'string');
      if (!gateways.some((each) => gatewayName(each, service) === name)) continue;
      for (const host of boundHosts(service, server, gateway)) {
        const routes = perHost.get(host) ?? new Map<KubeObject, Route[]>();
        perHost.set(host, routes);
        if (!routes.has(service)) routes.set(service, routesOf(service, context));
      }
    }
  }
  return index(new Map([...perHost].map(([host, routes]) => [host, combine([...routes.values()])])));
}

/** The hosts of a VirtualService that a server accepts, each as the narrower of the two patterns. */
function boundHosts(service: KubeObject, server: JsonObject, gateway: KubeObject): Set<string> {
  const namespace = service.metadata.namespace ?? '';
  const admitted = hostsOf(server, gateway).filter(
    (each) => each.namespace === '*' || each.namespace === namespace,
  );
  const own = arrayAt(service, 'spec', 'hosts').filter((host) => typeof host === 'string');
  const found = own.flatMap((host) =>
    admitted.flatMap((each) => intersection(each.host, fullHost(host, namespace)) ?? []),
  );
  return new Set(found);
}

/** The routes of several VirtualServices for one host by age, with routes that match everything last. */
function combine(lists: readonly (readonly Route[])[]): Route[] {
  const all = lists.flat();
  return [...all.filter((route) => !route.catchAll), ...all.filter((route) => route.catchAll)];
}

function index(hosts: ReadonlyMap<string, readonly Route[]>): VirtualHosts {
  const suffixes = [...hosts]
    .filter(([host]) => host.startsWith('*') && host !== '*')
    .map(([host, routes]) => ({ suffix: host.slice(1), routes }))
    .sort((left, right) => right.suffix.length - left.suffix.length);
  const exact = new Map([...hosts].filter(([host]) => !host.startsWith('*')));
  return { exact, suffixes, any: hosts.get('*') };
}

/** The name of a Secret, which for the Gateway API comes with its namespace. */
const CREDENTIAL = /^(?:kubernetes-gateway:\/\/([^/]+)\/)?([^/]+)$/;

function credentialOf(tls: JsonObject, own: ClusterSnapshot, site: GatewaySite): Credential | undefined {
  const certificateFile = textAt(tls, 'serverCertificate');
  const keyFile = textAt(tls, 'privateKey');
  if (certificateFile !== undefined && keyFile !== undefined) return { certificateFile, keyFile };
  const [, namespace = site.namespace, name] = CREDENTIAL.exec(textAt(tls, 'credentialName') ?? '') ?? [];
  const secret = own.secrets.find(
    ({ kind, metadata }) =>
      kind === SECRET.kind && metadata.name === name && metadata.namespace === namespace,
  );
  const data = textsAt(secret, 'data');
  const certificate = data['tls.crt'] ?? data['cert'];
  const key = data['tls.key'] ?? data['key'];
  if (certificate === undefined || key === undefined) return undefined;
  return { certificate: atob(certificate), key: atob(key) };
}
