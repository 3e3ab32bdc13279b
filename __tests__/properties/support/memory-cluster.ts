import type { Call, CallCount, Transport } from '../../../src/kubernetes/client/connection.ts';
import { ClusterError } from '../../../src/kubernetes/client/errors.ts';
import type { KubeObject } from '../../../src/kubernetes/objects.ts';
import { pathOf } from '../../support/kube-api.ts';
import { readBack } from '../../support/properties.ts';

/** A cluster in memory: objects by path, guarded by `resourceVersion`, without HTTP. */
export class MemoryCluster {
  readonly name: string;
  readonly objects = new Map<string, KubeObject>();
  /** Called with each write that is stored, and who asked for it. */
  onStored: (by: string, object: KubeObject) => void = () => undefined;
  #version = 0;

  constructor(name: string, objects: readonly KubeObject[]) {
    this.name = name;
    for (const object of objects) this.#store(pathOf(object), object);
  }

  /** What a person or another program writes, whatever the version. */
  edit(path: string, change: (object: KubeObject) => KubeObject): void {
    const found = this.objects.get(path);
    if (found !== undefined) this.#store(path, change(found));
  }

  /** @throws ClusterError as an API server refuses */
  handle(by: string, { method, path, body, tried, query, changesNothing }: Call): unknown {
    const refuse = (status: number, message: string): never => {
      throw new ClusterError(this.name, tried, { status, body: { message } });
    };
    const standing = this.objects.get(path);
    if (changesNothing === true) return { status: { allowed: true } };
    if (method === 'GET') return readBack(standing ?? this.#list(path) ?? refuse(404, 'not found'));
    const sent = readBack(body) as KubeObject;
    const own = method === 'POST' ? `${path}/${sent.metadata.name}` : path;
    if (method === 'POST' && this.objects.has(own)) return refuse(409, 'already exists');
    if (method === 'PUT' && standing?.metadata.resourceVersion !== sent.metadata.resourceVersion)
      return refuse(409, 'the object has been modified');
    if (query?.['dryRun'] !== undefined) return sent;
    const stored = this.#store(own, sent);
    this.onStored(by, stored);
    return readBack(stored);
  }

  #store(path: string, object: KubeObject): KubeObject {
    this.#version += 1;
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } };
    this.objects.set(path, readBack(stored));
    return stored;
  }

  #list(path: string): unknown {
    if (path === '/apis/networking.istio.io/v1') return { resources: ISTIO };
    const [, root = '', namespace, plural = ''] =
      /^(\/apis?\/.*?v\d+)(?:\/namespaces\/([^/]+))?\/([a-z]+)$/.exec(path) ?? [];
    if (plural === '') return undefined;
    const items = [...this.objects].filter(
      ([one, { metadata }]) =>
        one.startsWith(root) &&
        one.split('/').at(-2) === plural &&
        (namespace === undefined || metadata.namespace === namespace),
    );
    return { items: items.map(([, object]) => object) };
  }
}

const ISTIO = ['VirtualService', 'DestinationRule', 'Gateway'].map((kind) => ({
  kind,
  name: `${kind.toLowerCase()}s`,
  namespaced: true,
}));

/** What happens to one call. */
export type Fate =
  | 'served'
  /** An error of the server or a proxy before it did anything. */
  | 'failed'
  /** Refused for good. */
  | 'refused'
  /** Stored, and the answer never arrives: the connection breaks. */
  | 'answer lost'
  /** The connection breaks before the server has read the call. */
  | 'call lost'
  /** No answer until the caller gives up. */
  | 'hangs'
  /** The process ends before, or after, the server acts. */
  | 'killed before'
  | 'killed after';

/** One process that calls clusters. */
export interface Caller {
  readonly name: string;
  /** Whether the process has ended: nothing that it awaits goes on. */
  isDead(): boolean;
  die(): void;
  fateOf(cluster: string, call: Call): Fate;
  /** How long a call, or its answer, is on the way, in ms. */
  latency(): number;
}

/** One of its own each time: whatever waits for it can be collected. */
const never = (): Promise<never> => new Promise(() => undefined);

/** How long the operating system waits before it breaks a silent connection, in ms: as long as a write may take. */
const HANG_MS = 35_000;

export class MemoryTransport implements Transport {
  readonly name: string;
  readonly calls: CallCount = { calls: 0, writes: 0 };
  readonly #cluster: MemoryCluster;
  readonly #caller: Caller;

  constructor(cluster: MemoryCluster, caller: Caller) {
    this.name = cluster.name;
    this.#cluster = cluster;
    this.#caller = caller;
  }

  async send<T>(call: Call, stop: AbortSignal): Promise<T> {
    const caller = this.#caller;
    if (caller.isDead()) return never();
    stop.throwIfAborted();
    const fate = caller.fateOf(this.name, call);
    if (fate === 'killed before') caller.die();
    if (caller.isDead()) return never();
    const broken = (): ClusterError =>
      new ClusterError(this.name, call.tried, { cause: new Error('the connection was closed') });
    const answer = this.#exchange(call, fate);
    const until = new Promise<never>((_, reject) => {
      stop.addEventListener(
        'abort',
        () => {
          reject(stop.reason as Error);
        },
        { once: true },
      );
    });
    const result = await Promise.race([answer, until]);
    if (caller.isDead()) return never();
    if (result === 'broken') throw broken();
    return result.answer as T;
  }

  ask(): Promise<never> {
    return Promise.reject(new Error('nothing runs in the pods of this cluster'));
  }

  /** Goes on although the caller may have given up: what is under way arrives. */
  async #exchange(call: Call, fate: Fate): Promise<{ readonly answer: unknown } | 'broken'> {
    const caller = this.#caller;
    const onTheWay = (): Promise<void> => pass(caller.latency());
    await onTheWay();
    switch (fate) {
      case 'failed':
        throw new ClusterError(this.name, call.tried, { status: 503, body: { message: 'try again' } });
      case 'refused':
        throw new ClusterError(this.name, call.tried, { status: 403, body: { message: 'forbidden' } });
      case 'call lost':
        return 'broken';
      case 'hangs':
        await pass(HANG_MS);
        return 'broken';
      default: {
        const answer = this.#cluster.handle(caller.name, call);
        if (fate === 'killed after') caller.die();
        await onTheWay();
        return fate === 'answer lost' ? 'broken' : { answer };
      }
    }
  }

  upgrade(): Promise<never> {
    return Promise.reject(new Error('a cluster in memory has no pods'));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Time of the stand-in clock. */
export function pass(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
