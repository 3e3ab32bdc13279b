import { rm } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import type { FleetCluster, MetricsEvent, TestFleet } from '../fleet.ts';
import { POD, type Kind } from './api/kinds.ts';
import type { KubeObject } from './api/objects.ts';
import type { Memory, StoreEvent } from './api/store.ts';
import type { Cluster } from './cluster.ts';
import type { ApiCall, CallHandler, Denial, Faults, IngressObserver } from './faults.ts';
import type { Gateway } from './ingress/gateway.ts';
import type { Mesh } from './ingress/mesh.ts';
import { GATEWAY_NAMESPACE, gatewayPodName, showGatewayPod } from './seed.ts';

/** From the crash of a gateway until it is ready again. */
const RESTART_MS = 500;

/**
 * A fleet inside this process that can produce the faults of real clusters. A reset removes all faults and empties the
 * log of calls.
 */
export interface EmbeddedFleet extends TestFleet {
  readonly kind: 'embedded';
  /** Every call that clients made since the last reset, in order. */
  readonly calls: readonly ApiCall[];
  /** Empties the log of calls. */
  forgetCalls(): void;
  /** Adds a handler for the calls of the clusters' APIs; the returned function removes it. */
  onCall(handler: CallHandler): () => void;
  /** Calls back at each request at the ingresses, until the returned function is called. */
  onRequest(observer: IngressObserver): () => void;
  /** Calls back at each change of what a cluster stores, until the returned function is called. */
  onChange(cluster: string, observer: (event: StoreEvent) => void): () => void;
  /** Denies the admin something in a cluster, for calls and access reviews alike. */
  deny(cluster: string, denial: Denial): () => void;
  /** Another token of a cluster's admin, beside that of the kubeconfig. */
  renewToken(cluster: string): string;
  /** Keeps a gateway's replica (from 0) on its current configuration. */
  freezeReplica(cluster: string, replica: number): void;
  /** How many TLS connections clients have opened to a cluster's API so far. */
  handshakes(cluster: string): number;
  /** Lets a cluster's API offer only some versions of the Gateway API, or none, until the next reset. */
  serveGatewayApi(cluster: string, versions: readonly ('v1' | 'v1beta1')[]): void;
  /** Makes a cluster's API unreachable: connections are cut and refused. */
  refuse(cluster: string): Promise<void>;
  /** What a cluster stores now, read without a call. */
  objects(cluster: string): readonly StoredObject[];
  /**
   * Brings a cluster back to what it stored, without a call: what has changed gets its content of then, and what came since is removed.
   * What controllers make from the rest is left to them.
   *
   * @param memory what a stale list shows; what is stored now if it is left out
   */
  restore(cluster: string, objects: readonly StoredObject[], memory?: Memory): void;
  /** What a stale list of a cluster shows. */
  memory(cluster: string): Memory;
}

/** An object as a cluster stores it. */
export interface StoredObject {
  readonly kind: Kind;
  readonly object: KubeObject;
}

export interface FleetParts {
  readonly clusters: readonly Cluster[];
  /** By the cluster's name. */
  readonly gateways: ReadonlyMap<string, Gateway>;
  readonly mesh: Mesh;
  readonly faults: Faults;
  readonly kubeconfig: string;
  readonly tls: FleetCluster['tls'];
  /** A folder to delete at the end. */
  readonly folder: string;
}

/** The parts of an embedded fleet behind one handle. */
export class Fleet implements EmbeddedFleet {
  readonly kind = 'embedded';
  readonly kubeconfig: string;
  readonly clusters: readonly FleetCluster[];
  readonly #parts: FleetParts;
  #stopped: Promise<void> | undefined;

  constructor(parts: FleetParts) {
    this.#parts = parts;
    this.kubeconfig = parts.kubeconfig;
    this.clusters = parts.clusters.map(({ name, httpPort, metrics }) => ({
      name,
      ingress: `http://127.0.0.1:${String(httpPort.number)}`,
      hostname: 'localhost',
      tls: parts.tls,
      ...(metrics === undefined ? {} : { prometheus: metrics.url }),
    }));
  }

  get calls(): readonly ApiCall[] {
    return this.#parts.faults.calls;
  }

  forgetCalls(): void {
    this.#parts.faults.calls.length = 0;
  }

  onCall(handler: CallHandler): () => void {
    return this.#parts.faults.onCall(handler);
  }

  onRequest(observer: IngressObserver): () => void {
    return this.#parts.faults.onRequest(observer);
  }

  onChange(cluster: string, observer: (event: StoreEvent) => void): () => void {
    return this.#cluster(cluster).store.subscribe(observer);
  }

  deny(cluster: string, denial: Denial): () => void {
    return this.#parts.faults.deny(this.#cluster(cluster).name, denial);
  }

  renewToken(cluster: string): string {
    return this.#cluster(cluster).api.renewToken();
  }

  handshakes(cluster: string): number {
    return this.#cluster(cluster).api.handshakes;
  }

  serveGatewayApi(cluster: string, versions: readonly ('v1' | 'v1beta1')[]): void {
    this.#cluster(cluster).api.serveGatewayApi(new Set(versions));
  }

  freezeReplica(cluster: string, replica: number): void {
    this.#gateway(cluster).freeze(replica);
  }

  freezeGateway(cluster: string, replica: number): Promise<void> {
    this.#gateway(cluster).freeze(replica);
    return Promise.resolve();
  }

  thawGateway(cluster: string, replica: number): Promise<void> {
    this.#gateway(cluster).thaw(replica);
    return Promise.resolve();
  }

  crashGateway(cluster: string, replica: number): Promise<void> {
    const { resources, timers } = this.#cluster(cluster);
    const restarts = this.#gateway(cluster).crash(replica);
    showGatewayPod(resources, replica, { ready: false, restarts });
    return new Promise((resolve) => {
      timers.after(RESTART_MS, () => {
        this.#gateway(cluster).restart(replica);
        showGatewayPod(resources, replica, { ready: true, restarts });
        resolve();
      });
    });
  }

  loseGateway(cluster: string, replica: number): Promise<void> {
    this.#gateway(cluster).lose(replica);
    this.#cluster(cluster).store.remove(POD, GATEWAY_NAMESPACE, gatewayPodName(replica));
    return Promise.resolve();
  }

  async disturbMetrics(cluster: string, event: MetricsEvent): Promise<void> {
    const { metrics } = this.#cluster(cluster);
    if (metrics === undefined) throw new Error('The fleet was started without Prometheus.');
    await metrics.disturb(event);
  }

  async refuse(cluster: string): Promise<void> {
    await this.#cluster(cluster).api.close();
  }

  objects(cluster: string): readonly StoredObject[] {
    const { store } = this.#cluster(cluster);
    return store.kinds().flatMap((kind) => store.list(kind).map((object) => ({ kind, object })));
  }

  memory(cluster: string): Memory {
    return this.#cluster(cluster).store.remembered;
  }

  restore(cluster: string, objects: readonly StoredObject[], memory?: Memory): void {
    const { store } = this.#cluster(cluster);
    const wanted = objects.filter((one) => !isMade(one));
    const kept = new Set(wanted.map(({ object }) => object.metadata.uid));
    for (const one of this.objects(cluster)) {
      const { namespace, name, uid } = one.object.metadata;
      if (!isMade(one) && !kept.has(uid)) store.remove(one.kind, namespace, name);
    }
    for (const { kind, object } of wanted) {
      const { namespace, name } = object.metadata;
      const live = store.get(kind, namespace, name);
      if (live === undefined) {
        const { status: _, ...rest } = object;
        store.put(kind, {
          ...rest,
          apiVersion: object.apiVersion,
          kind: object.kind,
          metadata: object.metadata,
        });
      } else if (!isSame(live, object)) store.put(kind, object);
    }
    if (memory === undefined) store.remember();
    else store.recall(memory);
  }

  async reset(): Promise<void> {
    const { clusters, gateways, mesh, faults } = this.#parts;
    faults.clear();
    await Promise.all(
      clusters.flatMap((cluster) => [cluster.api.open(), cluster.metrics?.reset() ?? Promise.resolve()]),
    );
    for (const cluster of clusters) {
      cluster.api.serveGatewayApi();
      cluster.reset();
      cluster.store.remember();
    }
    mesh.flush();
    await Promise.all([...gateways.values()].map((gateway) => gateway.reset()));
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#end();
    return this.#stopped;
  }

  async #end(): Promise<void> {
    const { clusters, gateways, folder } = this.#parts;
    await Promise.all([...gateways.values()].map((gateway) => gateway.stop()));
    await Promise.all(clusters.map((cluster) => cluster.stop()));
    await rm(folder, { recursive: true, force: true });
  }

  #cluster(name: string): Cluster {
    const found = this.#parts.clusters.find((cluster) => cluster.name === name);
    if (found === undefined) throw new Error(`no cluster ${name} in the fleet`);
    return found;
  }

  #gateway(name: string): Gateway {
    const found = this.#parts.gateways.get(name);
    if (found === undefined) throw new Error(`no cluster ${name} in the fleet`);
    return found;
  }
}

/** Whether a controller makes it from another object. */
function isMade({ kind, object }: StoredObject): boolean {
  return object.metadata.ownerReferences !== undefined || kind.kind.startsWith('Endpoint');
}

/** Whether two states of an object differ in nothing but their version and what controllers report. */
function isSame(a: KubeObject, b: KubeObject): boolean {
  const content = ({ metadata, status: _, ...rest }: KubeObject): unknown => ({
    ...rest,
    metadata: { ...metadata, resourceVersion: '' },
  });
  return isDeepStrictEqual(content(a), content(b));
}
