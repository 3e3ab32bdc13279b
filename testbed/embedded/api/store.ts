import type { Kind } from './kinds.ts';
import type { KubeObject } from './objects.ts';

export interface StoreEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly kind: Kind;
  readonly object: KubeObject;
  /** What the object was before; absent when it is new. */
  readonly previous?: KubeObject;
}

/** What the objects of a cluster were at a moment. */
export type Memory = ReadonlyMap<Kind, ReadonlyMap<string, KubeObject>>;

/** The objects of one cluster, its counter of resource versions, and the events for subscribers. */
export class Store {
  #version = 1;
  readonly #objects = new Map<Kind, Map<string, KubeObject>>();
  /** The objects when `remember` was called last. */
  #remembered: Memory = new Map();
  readonly #listeners = new Set<(event: StoreEvent) => void>();

  get version(): number {
    return this.#version;
  }

  get(kind: Kind, namespace: string | undefined, name: string): KubeObject | undefined {
    return this.#objects.get(kind)?.get(keyOf(namespace, name));
  }

  /** In the order of their names, as a real server lists them. */
  list(kind: Kind, namespace?: string): KubeObject[] {
    return inOrder(this.#objects.get(kind), namespace);
  }

  /** Keeps the objects as they are now, for `listRemembered`. */
  remember(): void {
    this.#remembered = new Map([...this.#objects].map(([kind, objects]) => [kind, new Map(objects)]));
  }

  get remembered(): Memory {
    return this.#remembered;
  }

  /** Takes what was remembered at another time for what is remembered now. */
  recall(memory: Memory): void {
    this.#remembered = memory;
  }

  /** What a list held when `remember` was called last. */
  listRemembered(kind: Kind, namespace?: string): KubeObject[] {
    return inOrder(this.#remembered.get(kind), namespace);
  }

  /** The objects of a kind in no particular order, without copying. */
  *each(kind: Kind): Generator<KubeObject> {
    const objects = this.#objects.get(kind);
    if (objects !== undefined) yield* objects.values();
  }

  kinds(): Kind[] {
    return [...this.#objects.keys()];
  }

  /** Stores an object under a new resource version and returns it as stored. */
  put(kind: Kind, object: KubeObject): KubeObject {
    const resourceVersion = ++this.#version;
    const stored: KubeObject = {
      ...object,
      metadata: { ...object.metadata, resourceVersion: String(resourceVersion) },
    };
    const objects = this.#objects.get(kind) ?? new Map<string, KubeObject>();
    this.#objects.set(kind, objects);
    const key = keyOf(stored.metadata.namespace, stored.metadata.name);
    const previous = objects.get(key);
    objects.set(key, stored);
    this.#tell(
      previous === undefined
        ? { type: 'ADDED', kind, object: stored }
        : { type: 'MODIFIED', kind, object: stored, previous },
    );
    return stored;
  }

  /** Removes an object and returns its last state, or `undefined` if there was none. */
  remove(kind: Kind, namespace: string | undefined, name: string): KubeObject | undefined {
    const objects = this.#objects.get(kind);
    const key = keyOf(namespace, name);
    const previous = objects?.get(key);
    if (objects === undefined || previous === undefined) return undefined;
    objects.delete(key);
    const resourceVersion = ++this.#version;
    const object: KubeObject = {
      ...previous,
      metadata: { ...previous.metadata, resourceVersion: String(resourceVersion) },
    };
    this.#tell({ type: 'DELETED', kind, object, previous });
    return object;
  }

  /** Calls back at every change, in order, until the returned function is called. */
  subscribe(listener: (event: StoreEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(event: StoreEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

function keyOf(namespace: string | undefined, name: string): string {
  return `${namespace ?? ''}/${name}`;
}

function inOrder(objects: ReadonlyMap<string, KubeObject> | undefined, namespace?: string): KubeObject[] {
  const all = [...(objects?.entries() ?? [])];
  const wanted = namespace === undefined ? all : all.filter(([key]) => key.startsWith(`${namespace}/`));
  return wanted.sort(([left], [right]) => (left < right ? -1 : 1)).map(([, object]) => object);
}
