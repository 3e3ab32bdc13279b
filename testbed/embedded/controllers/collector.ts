import { FOREGROUND, ORPHAN } from '../api/deletion.ts';
import { NAMESPACE, type Kind } from '../api/kinds.ts';
import { isOwnedBy, type KubeObject } from '../api/objects.ts';
import type { Resources } from '../api/resources.ts';
import { objectAt, type JsonObject } from '../json.ts';
import type { Timers } from '../timers.ts';
import { WorkQueue } from './queue.ts';

const MANAGER = 'kube-controller-manager';
/** How long a deleted namespace stays whole; a real one takes seconds. */
const NAMESPACE_MS = 50;

interface Dependent {
  readonly kind: Kind;
  readonly object: KubeObject;
}

/** The garbage collector and the namespace controller: what belongs to something deleted goes with it. */
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
      const key = `${namespace ?? ''}/${uid}`;
      if (kind === NAMESPACE) {
        if (type !== 'DELETED' && deletionTimestamp !== undefined) namespaces.add(name);
        return;
      }
      if (type === 'DELETED') {
        owners.add(key);
        for (const owner of object.metadata.ownerReferences ?? [])
          owners.add(`${namespace ?? ''}/${owner.uid}`);
        if (namespace !== undefined && this.#isTerminating(namespace)) namespaces.add(namespace);
      } else if (deletionTimestamp !== undefined && (object.metadata.finalizers ?? []).length > 0) {
        owners.add(key);
      }
    });
  }

  #isTerminating(namespace: string): boolean {
    return (
      this.#resources.store.get(NAMESPACE, undefined, namespace)?.metadata.deletionTimestamp !== undefined
    );
  }

  #collect(key: string): void {
    const [namespace = '', uid = ''] = key.split('/');
    const dependents = this.#within(namespace).filter(({ object }) => isOwnedBy(object, uid));
    const owner = this.#within(namespace).find(({ object }) => object.metadata.uid === uid);
    if (owner === undefined) {
      const present = new Set(this.#within(namespace).map(({ object }) => object.metadata.uid));
      for (const dependent of dependents) {
        // Who has another owner left only loses this one.
        const owned =
          dependent.object.metadata.ownerReferences?.some((reference) => present.has(reference.uid)) ?? false;
        if (owned) this.#release(dependent, uid);
        else this.#delete(dependent);
      }
      return;
    }
    const { deletionTimestamp, finalizers = [] } = owner.object.metadata;
    if (deletionTimestamp === undefined) return;
    if (finalizers.includes(ORPHAN)) {
      for (const dependent of dependents) this.#release(dependent, uid);
      this.#withoutFinalizer(owner, ORPHAN);
    } else if (finalizers.includes(FOREGROUND)) {
      if (dependents.length === 0) this.#withoutFinalizer(owner, FOREGROUND);
      for (const dependent of dependents) this.#delete(dependent, 'Foreground');
    }
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

  #delete({ kind, object }: Dependent, propagation: 'Foreground' | 'Background' = 'Background'): void {
    const { namespace, name, deletionTimestamp } = object.metadata;
    if (deletionTimestamp !== undefined) return;
    this.#resources.delete(kind, namespace, name, { propagation });
  }

  #release({ kind, object }: Dependent, uid: string): void {
    const kept = object.metadata.ownerReferences?.filter((reference) => reference.uid !== uid) ?? [];
    this.#changeMetadata({ kind, object }, { ownerReferences: kept });
  }

  #withoutFinalizer({ kind, object }: Dependent, finalizer: string): void {
    const kept = object.metadata.finalizers?.filter((candidate) => candidate !== finalizer) ?? [];
    this.#changeMetadata({ kind, object }, { finalizers: kept });
  }

  #changeMetadata({ kind, object }: Dependent, change: JsonObject): void {
    const { namespace, name } = object.metadata;
    const apply = (live: JsonObject): JsonObject => ({
      ...live,
      metadata: { ...objectAt(live, 'metadata'), ...change },
    });
    this.#resources.patch(kind, namespace, name, apply, { manager: MANAGER });
  }
}
