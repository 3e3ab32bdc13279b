import type { Kind } from './kinds.ts';
import type { KubeObject } from './objects.ts';

export interface StoreEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly kind: Kind;
  readonly object: KubeObject;
  /** What the object was before; absent when it is new. */
  readonly previous?: KubeObject;
  readonly resourceVersion: number;
}

/** How many events a watch can go back; a real server's window is a matter of minutes. */
const HISTORY = 1000;

/** The objects of one cluster, the one counter of resource versions, and the events for those who watch. */
export class Store {
  #version = 1;
  readonly #objects = new Map<Kind, Map<string, KubeObject>>();
  readonly #listeners = new Set<(event: StoreEvent) => void>();
  #history: StoreEvent[] = [];
  /** The latest version that the history no longer covers. */
  #forgotten = 1;

  get version(): number {
    return this.#version;
  }

  get(kind: Kind, namespace: string | undefined, name: string): KubeObject | undefined {
    return this.#objects.get(kind)?.get(keyOf(namespace, name));
  }

  /** In the order of their names, as a real server lists them. */
  list(kind: Kind, namespace?: string): KubeObject[] {
    const all = [...(this.#objects.get(kind)?.entries() ?? [])];
    const wanted = namespace === undefined ? all : all.filter(([key]) => key.startsWith(`${namespace}/`));
    return wanted.sort(([left], [right]) => (left < right ? -1 : 1)).map(([, object]) => object);
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
        ? { type: 'ADDED', kind, object: stored, resourceVersion }
        : { type: 'MODIFIED', kind, object: stored, previous, resourceVersion },
    );
    return stored;
  }

  /** Takes an object away and returns its last state, or `undefined` where there was none. */
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
    this.#tell({ type: 'DELETED', kind, object, previous, resourceVersion });
    return object;
  }

  /** Calls back at every change, in order, until the returned function is called. */
  subscribe(listener: (event: StoreEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The events after a resource version, or `undefined` where the history does not reach back so far. */
  since(resourceVersion: number): StoreEvent[] | undefined {
    if (resourceVersion < this.#forgotten) return undefined;
    return this.#history.filter((event) => event.resourceVersion > resourceVersion);
  }

  get oldestVersion(): number {
    return this.#forgotten;
  }

  /** Drops the history, so that a watch from an earlier version is told `Expired`. */
  compact(): void {
    this.#history = [];
    this.#forgotten = this.#version;
  }

  #tell(event: StoreEvent): void {
    this.#history.push(event);
    if (this.#history.length > 2 * HISTORY) {
      const dropped = this.#history.splice(0, HISTORY);
      this.#forgotten = dropped.at(-1)?.resourceVersion ?? this.#forgotten;
    }
    for (const listener of this.#listeners) listener(event);
  }
}

function keyOf(namespace: string | undefined, name: string): string {
  return `${namespace ?? ''}/${name}`;
}
