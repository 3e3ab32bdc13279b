import { NAMESPACE, type Kind } from '../api/kinds.ts';
import { isOwnedBy, type KubeObject } from '../api/objects.ts';
import type { Resources } from '../api/resources.ts';
import type { Timers } from '../timers.ts';
import { WorkQueue } from './queue.ts';

/** How long a deleted namespace keeps its contents; in a real cluster it takes seconds. */
const NAMESPACE_MS = 50;

interface Dependent {
  readonly kind: Kind;
  readonly object: KubeObject;
}

/** The garbage collector and the namespace controller: they delete what belongs to a deleted object. */
export class Collector {
  readonly #resources: Resources;

  constructor(resources: Resources, timers: Timers) {
    this.#resources = resources;
    const owners = new WorkQueue(timers, 2, (key) => {
      this.#collect(key);
    });
    const namespaces = new WorkQueue(timers, NAMESPACE_MS, (name) => {
      this.#empty(name);
    });
    resources.store.subscribe(({ kind, type, object }) => {
      const { namespace, name, uid, deletionTimestamp } = object.metadata;
      if (kind === NAMESPACE) {
        if (type !== 'DELETED' && deletionTimestamp !== undefined) namespaces.add(name);
        return;
      }
      if (type !== 'DELETED') return;
      owners.add(`${namespace ?? ''}/${uid}`);
      if (namespace !== undefined && this.#isTerminating(namespace)) namespaces.add(namespace);
    });
  }

  #isTerminating(namespace: string): boolean {
    return (
      this.#resources.store.get(NAMESPACE, undefined, namespace)?.metadata.deletionTimestamp !== undefined
    );
  }

  /** Deletes what a deleted object owned. */
  #collect(key: string): void {
    const [namespace = '', uid = ''] = key.split('/');
    const objects = this.#within(namespace);
    if (objects.some(({ object }) => object.metadata.uid === uid)) return;
    for (const dependent of objects) if (isOwnedBy(dependent.object, uid)) this.#delete(dependent);
  }

  #empty(namespace: string): void {
    if (!this.#isTerminating(namespace)) return;
    const contents = this.#within(namespace);
    for (const dependent of contents) this.#delete(dependent);
    if (this.#within(namespace).length === 0) this.#resources.store.remove(NAMESPACE, undefined, namespace);
  }

  #within(namespace: string): Dependent[] {
    const { store } = this.#resources;
    return store
      .kinds()
      .filter((kind) => kind.namespaced)
      .flatMap((kind) => store.list(kind, namespace).map((object) => ({ kind, object })));
  }

  #delete({ kind, object }: Dependent): void {
    const { namespace, name, deletionTimestamp } = object.metadata;
    if (deletionTimestamp === undefined) this.#resources.delete(kind, namespace, name);
  }
}
