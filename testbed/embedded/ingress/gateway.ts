import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Faults } from '../faults.ts';
import type { Port } from '../ports.ts';
import type { Timers } from '../timers.ts';
import { compileGateway, type GatewaySite } from './compile.ts';
import type { FilterChain, Listener, RoutedRequest } from './config.ts';
import { PortListener } from './listener.ts';
import type { ClusterSnapshot, Mesh } from './mesh.ts';
import { proxy, type Outcome } from './proxy.ts';
import { ConfigCache, GatewayReplica } from './replica.ts';
import { chainFor } from './tls.ts';
import { gatewayPodName } from '../seed.ts';

export interface GatewayOptions {
  readonly site: GatewaySite;
  readonly mesh: Mesh;
  readonly faults: Faults;
  readonly timers: Timers;
  /** The ports of the machine, by the ports of the gateway's pod that they lead to. */
  readonly ports: ReadonlyMap<number, Port>;
  readonly replicas: number;
  readonly propagationMs: number;
}

/** What a control plane opens and closes ports by; most other changes concern pods. */
const PORT_PARTS = ['gateways', 'apiGateways', 'gatewayClasses', 'referenceGrants', 'secrets'] as const;

/** The ingress gateway of one cluster. */
export class Gateway {
  readonly replicas: readonly GatewayReplica[];
  readonly #options: GatewayOptions;
  readonly #configs: ConfigCache;
  readonly #listeners: ReadonlyMap<number, PortListener>;
  readonly #connections = new WeakMap<Socket, GatewayReplica>();
  /** The forwarded connections of each replica, by the ports that they come from. */
  readonly #forwarded = new Map<number, GatewayReplica>();
  readonly #forwards = new Map<GatewayReplica, Set<Socket>>();
  readonly #crashes = new Map<number, number>();
  #accepted = 0;
  /** The parts of the latest snapshot that ports depend on; unchanged parts are the same lists. */
  #seen: readonly (ClusterSnapshot['gateways'] | undefined)[] = [];
  #settling: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#configs = new ConfigCache((snapshot) => compileGateway(snapshot, options.site));
    this.replicas = Array.from(
      { length: options.replicas },
      () => new GatewayReplica(options.site.cluster, options.propagationMs, options.mesh.latest),
    );
    this.#listeners = new Map(
      [...options.ports].map(([podPort, port]) => [
        podPort,
        new PortListener(port, {
          connected: (socket) => {
            this.#connected(socket);
          },
          request: (request, response) => {
            this.#serve(podPort, request, response);
          },
          listener: () => this.#newest(podPort),
        }),
      ]),
    );
    options.mesh.onSnapshot(() => {
      this.#changed();
    });
  }

  /** Opens and closes ports according to the configuration that has arrived. */
  settle(): Promise<void> {
    const now = performance.now();
    for (const replica of this.replicas) replica.advance(now);
    // The caller got the error of a failed attempt; the next one retries.
    this.#settling = this.#settling
      .catch(() => undefined)
      .then(async () => {
        for (const [podPort, listener] of this.#listeners) {
          const wanted = this.#stopped ? undefined : this.#newest(podPort);
          if (wanted === undefined) await listener.close();
          else await listener.open(wanted.secure);
        }
      });
    return this.#settling;
  }

  /** Keeps a replica on the configuration that has arrived so far, until the next reset. */
  freeze(replica: number): void {
    const found = this.replicas[replica];
    if (found === undefined) throw new Error(`the gateway has no replica ${String(replica)}`);
    found.advance();
    found.frozen = true;
  }

  /** Lets a frozen replica receive what it has missed. */
  thaw(replica: number): void {
    const found = this.replicas[replica];
    if (found !== undefined) found.frozen = false;
    void this.settle();
  }

  /** Ends a replica, and cuts its connections. */
  lose(replica: number): void {
    const found = this.replicas[replica];
    if (found === undefined) throw new Error(`the gateway has no replica ${String(replica)}`);
    found.lost = true;
    for (const socket of this.#forwards.get(found) ?? []) socket.destroy();
  }

  /** @returns how often the replica has crashed */
  crash(replica: number): number {
    this.lose(replica);
    const crashes = (this.#crashes.get(replica) ?? 0) + 1;
    this.#crashes.set(replica, crashes);
    return crashes;
  }

  /** Starts a replica that was lost, with the current configuration. */
  restart(replica: number): void {
    const found = this.replicas[replica];
    if (found === undefined) throw new Error(`the gateway has no replica ${String(replica)}`);
    found.lost = false;
    found.catchUp();
  }

  /** A connection to a port of the pod of one replica; undefined where it has none, or no such pod runs. */
  forward(pod: string, podPort: number): Socket | undefined {
    const replica = this.replicas.find((_, index) => gatewayPodName(index) === pod);
    const port = this.#options.ports.get(podPort);
    if (replica === undefined || replica.lost || port === undefined) return undefined;
    const socket = connect(port.number, '127.0.0.1');
    const own = this.#forwards.get(replica) ?? new Set();
    this.#forwards.set(replica, own.add(socket));
    socket.once('connect', () => {
      const { localPort } = socket;
      if (localPort !== undefined) this.#forwarded.set(localPort, replica);
      socket.once('close', () => {
        if (localPort !== undefined) this.#forwarded.delete(localPort);
      });
    });
    socket.once('close', () => own.delete(socket));
    return socket;
  }

  /** Unfreezes all replicas and brings them to the current state of the clusters, at once. */
  async reset(): Promise<void> {
    for (const replica of this.replicas) {
      replica.frozen = false;
      replica.lost = false;
      replica.catchUp();
    }
    await this.settle();
  }

  /** Closes the ports permanently. */
  stop(): Promise<void> {
    this.#stopped = true;
    return this.settle();
  }

  /** Updates the ports when a change arrives that may concern them. */
  #changed(): void {
    const now = performance.now();
    for (const replica of this.replicas) replica.advance(now);
    const { site, mesh } = this.#options;
    const config = mesh.latest.clusters.get(site.controlPlane);
    const services = mesh.latest.clusters.get(site.cluster)?.services;
    const seen = [...PORT_PARTS.map((part) => config?.[part]), services];
    if (seen.every((part, index) => part === this.#seen[index])) return;
    this.#seen = seen;
    // A timer may fire a fraction of a millisecond early, when the change has not arrived yet.
    this.#options.timers.after(this.#options.propagationMs + 1, () => {
      void this.settle();
    });
  }

  /** The listener of a port in the configuration of the first replica that has one. */
  #newest(podPort: number): Listener | undefined {
    for (const replica of this.replicas) {
      const listener = this.#configs.of(replica.advance()).listeners.get(podPort);
      if (listener !== undefined) return listener;
    }
    return undefined;
  }

  #connected(socket: Socket): void {
    const running = this.replicas.filter(({ lost }) => !lost);
    const replica = running[this.#accepted % running.length];
    this.#accepted += 1;
    if (replica !== undefined) this.#connections.set(socket, replica);
  }

  #serve(podPort: number, request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    const { socket } = request;
    const replica = this.#forwarded.get(socket.remotePort ?? 0) ?? this.#connections.get(socket);
    const listener =
      replica === undefined ? undefined : this.#configs.of(replica.advance()).listeners.get(podPort);
    const chain = listener === undefined ? undefined : chainOf(listener, socket);
    if (replica === undefined || chain === undefined) {
      // This replica has no listener yet: it would have refused the connection.
      response.destroy();
      return;
    }
    const routed = read(request);
    this.#options.faults.request({ cluster: this.#options.site.cluster, headers: routed.headers });
    const outcome = proxy(chain, routed, this.#options.mesh.workloads);
    const respond = (): void => {
      send(response, outcome);
      const { upstream, status, afterMs } = outcome;
      if (upstream !== undefined) replica.counters.count(upstream, status, afterMs);
    };
    if (outcome.afterMs > 0) setTimeout(respond, outcome.afterMs).unref();
    else respond();
  }
}

function chainOf(listener: Listener, socket: Socket): FilterChain | undefined {
  if (!listener.secure) return listener.chains[0];
  if (!(socket instanceof TLSSocket)) return undefined;
  const { servername } = socket;
  return chainFor(listener, typeof servername === 'string' ? servername : undefined);
}

const NO_QUERY = new URLSearchParams();

function read(request: IncomingMessage): RoutedRequest {
  const { url = '/', headers, method = 'GET', socket } = request;
  const mark = url.indexOf('?');
  const authority = headers.host ?? '';
  return {
    method,
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? NO_QUERY : new URLSearchParams(url.slice(mark + 1)),
    host: authority.replace(/:\d+$/, '').toLowerCase(),
    authority,
    scheme: socket instanceof TLSSocket ? 'https' : 'http',
    headers,
    source: socket.remoteAddress ?? '',
  };
}

function send(response: ServerResponse, { status, headers, body, breaksOff = false }: Outcome): void {
  if (breaksOff) {
    response.writeHead(status, headers).write(body, () => response.destroy());
    return;
  }
  headers['content-length'] = String(Buffer.byteLength(body));
  response.writeHead(status, headers);
  response.end(response.req.method === 'HEAD' ? undefined : body);
}
