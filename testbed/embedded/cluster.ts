import { Admission } from './api/admission.ts';
import { Resources } from './api/resources.ts';
import { ApiServer } from './api/server.ts';
import { Store } from './api/store.ts';
import type { Certificate } from './certificates.ts';
import { Collector } from './controllers/collector.ts';
import { Deployments } from './controllers/deployments.ts';
import { Endpoints } from './controllers/endpoints.ts';
import { keepEvents } from './controllers/events.ts';
import { keepGatewayApi } from './controllers/gateway-api.ts';
import { keepNamespaces } from './controllers/namespaces.ts';
import { Pods } from './controllers/pods.ts';
import { keepQuotas } from './controllers/quotas.ts';
import { ReplicaSets } from './controllers/replicasets.ts';
import type { Faults } from './faults.ts';
import type { ClusterMetrics } from './metrics/cluster-metrics.ts';
import { reservePort, type Port } from './ports.ts';
import { seed, unseed } from './seed.ts';
import { Timers } from './timers.ts';
import type { Workload } from './workload.ts';

export interface ClusterOptions {
  readonly name: string;
  /** Index among the fleet's clusters, from 0; keeps their pod addresses distinct. */
  readonly index: number;
  readonly gatewayReplicas: number;
  readonly prometheus: boolean;
  /** Whether it has an istiod, which reports on its own objects. */
  readonly controlPlane: boolean;
  readonly faults: Faults;
  readonly tls: Certificate;
  readonly token: string;
  readonly workloads: Map<string, Workload>;
}

/** One Kubernetes cluster: its API and its controllers. */
export class Cluster {
  readonly name: string;
  readonly store: Store;
  readonly resources: Resources;
  readonly api: ApiServer;
  readonly apiPort: Port;
  readonly httpPort: Port;
  readonly httpsPort: Port;
  readonly timers: Timers;
  /** undefined where the fleet has no metrics */
  metrics: ClusterMetrics | undefined;
  /** An address for another pod. */
  readonly address: () => string;
  readonly #seeded: ReturnType<typeof seed>;

  private constructor(options: ClusterOptions, ports: readonly [Port, Port, Port]) {
    this.name = options.name;
    this.timers = new Timers();
    [this.apiPort, this.httpPort, this.httpsPort] = ports;
    this.store = new Store();
    this.resources = new Resources(this.store, new Admission(this.store, options.name));
    const address = addresses(options.index);
    this.address = address;
    this.#seeded = seed(this.resources, {
      cluster: options.name,
      replicas: options.gatewayReplicas,
      httpPort: this.httpPort.number,
      httpsPort: this.httpsPort.number,
      address,
      prometheus: options.prometheus,
    });
    keepNamespaces(this.resources, this.timers);
    if (options.controlPlane) keepGatewayApi(this.resources, this.timers);
    keepQuotas(this.resources, this.timers);
    keepEvents(this.resources, this.timers);
    new Deployments(this.resources, this.timers);
    new ReplicaSets(this.resources, this.timers);
    new Pods(this.resources, this.timers, options.workloads, address);
    new Endpoints(this.resources, this.timers);
    new Collector(this.resources, this.timers);
    this.api = new ApiServer({
      cluster: options.name,
      resources: this.resources,
      faults: options.faults,
      timers: this.timers,
      port: this.apiPort,
      tls: options.tls,
      token: options.token,
      podServers: (...request) => this.metrics?.askPod(...request) ?? NOTHING_LISTENS,
    });
  }

  /** Starts a cluster whose API accepts connections. */
  static async start(options: ClusterOptions): Promise<Cluster> {
    const cluster = new Cluster(options, await Promise.all([reservePort(), reservePort(), reservePort()]));
    await cluster.api.open();
    return cluster;
  }

  /** Deletes all objects created since the start, and reverts every change of the others. */
  reset(): void {
    unseed(this.resources, this.#seeded);
  }

  async stop(): Promise<void> {
    await this.metrics?.stop();
    this.timers.clear();
    await this.api.close();
    for (const port of [this.apiPort, this.httpPort, this.httpsPort]) port.release();
  }
}

/** As the transport of the API server says it. */
const NOTHING_LISTENS = {
  status: 503,
  body: 'Error trying to reach service: dial tcp: connect: connection refused',
};

/** Addresses of pods, unique within a fleet. Nothing listens there. */
function addresses(cluster: number): () => string {
  let count = 0;
  return () => {
    count += 1;
    return `10.${String(128 + (cluster % 100))}.${String(count >> 8)}.${String(count & 255)}`;
  };
}
