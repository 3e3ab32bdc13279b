import { EVENT, POD, REPLICA_SET, RESOURCE_QUOTA } from '../api/kinds.ts';
import { controllerReference, isOwnedBy, timestamp, type KubeObject } from '../api/objects.ts';
import type { Resources } from '../api/resources.ts';
import { StatusError } from '../api/status.ts';
import { numberAt, objectAt, objectsAt, textAt, type JsonObject } from '../json.ts';
import type { Timers } from '../timers.ts';
import { conditionOf, withCondition } from './conditions.ts';
import { WorkQueue } from './queue.ts';

const MANAGER = 'kube-controller-manager';
/** The delay before a refused pod is retried; a real controller backs off up to minutes. */
const RETRY_MS = 250;

/** The ReplicaSet controller: keeps the requested number of pods. */
export class ReplicaSets {
  readonly #resources: Resources;
  readonly #queue: WorkQueue;

  constructor(resources: Resources, timers: Timers) {
    this.#resources = resources;
    this.#queue = new WorkQueue(timers, 3, (key) => {
      const [namespace, name = ''] = key.split('/');
      const set = resources.store.get(REPLICA_SET, namespace, name);
      if (set !== undefined && set.metadata.deletionTimestamp === undefined) this.#reconcile(set);
    });
    resources.store.subscribe(({ kind, object }) => {
      const { namespace = '', name } = object.metadata;
      if (kind === REPLICA_SET) this.#queue.add(`${namespace}/${name}`);
      if (kind === POD) {
        for (const owner of object.metadata.ownerReferences ?? [])
          this.#queue.add(`${namespace}/${owner.name}`);
      }
      if (kind === RESOURCE_QUOTA) {
        for (const set of resources.store.list(REPLICA_SET, namespace))
          this.#queue.add(`${namespace}/${set.metadata.name}`);
      }
    });
  }

  #reconcile(set: KubeObject): void {
    const { namespace } = set.metadata;
    const pods = this.#owned(set).filter((pod) => pod.metadata.deletionTimestamp === undefined);
    const missing = (numberAt(set, 'spec', 'replicas') ?? 1) - pods.length;
    let failure: JsonObject | undefined;
    for (let count = 0; count < missing && failure === undefined; count += 1) failure = this.#create(set);
    if (missing < 0) {
      // Pods that are not ready are deleted first.
      const order = pods.toSorted((left, right) => Number(isReady(left)) - Number(isReady(right)));
      for (const pod of order.slice(0, -missing)) this.#resources.delete(POD, namespace, pod.metadata.name);
    }
    if (failure !== undefined) this.#queue.add(`${namespace ?? ''}/${set.metadata.name}`, RETRY_MS);
    this.#updateStatus(set, missing > 0 ? failure : undefined);
  }

  #owned(set: KubeObject): KubeObject[] {
    return this.#resources.store
      .list(POD, set.metadata.namespace)
      .filter((pod) => isOwnedBy(pod, set.metadata.uid));
  }

  /** Creates a pod; returns the condition about the refusal if it is refused. */
  #create(set: KubeObject): JsonObject | undefined {
    const { namespace, name } = set.metadata;
    const template = objectAt(set, 'spec', 'template');
    const body = {
      metadata: {
        ...objectAt(template, 'metadata'),
        generateName: `${name}-`,
        ownerReferences: [controllerReference(set)],
      },
      spec: objectAt(template, 'spec'),
    };
    try {
      this.#resources.create(POD, namespace, body, { manager: MANAGER });
      return undefined;
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      // The generated name differs each time; the condition keeps the first message so that it settles.
      const known = conditionOf(set, 'ReplicaFailure');
      if (known === undefined) this.#tell(set, `Error creating: ${error.message}`);
      return known ?? { status: 'True', reason: 'FailedCreate', message: error.message };
    }
  }

  #tell(set: KubeObject, message: string): void {
    const { namespace, name, uid } = set.metadata;
    const now = timestamp();
    this.#resources.create(
      EVENT,
      namespace,
      {
        metadata: { generateName: `${name}.` },
        involvedObject: { apiVersion: 'apps/v1', kind: 'ReplicaSet', name, namespace, uid },
        type: 'Warning',
        reason: 'FailedCreate',
        message,
        source: { component: 'replicaset-controller' },
        firstTimestamp: now,
        lastTimestamp: now,
        count: 1,
      },
      { manager: MANAGER },
    );
  }

  #updateStatus(set: KubeObject, failure: JsonObject | undefined): void {
    const { namespace, name, generation } = set.metadata;
    const owned = this.#owned(set);
    const pods = owned.filter((pod) => pod.metadata.deletionTimestamp === undefined);
    const ready = pods.filter(isReady);
    const wait = (numberAt(set, 'spec', 'minReadySeconds') ?? 0) * 1000;
    const available = ready.filter((pod) => readySince(pod) + wait <= Date.now()).length;
    if (available < ready.length) this.#queue.add(`${namespace ?? ''}/${name}`, wait);
    const conditions = withCondition(objectsAt(set, 'status', 'conditions'), 'ReplicaFailure', failure);
    const status: JsonObject = {
      observedGeneration: generation,
      replicas: pods.length,
      ...(pods.length > 0 ? { fullyLabeledReplicas: pods.length } : {}),
      ...(ready.length > 0 ? { readyReplicas: ready.length } : {}),
      ...(available > 0 ? { availableReplicas: available } : {}),
      terminatingReplicas: owned.length - pods.length,
      ...(conditions.length > 0 ? { conditions } : {}),
    };
    const change = (live: JsonObject): JsonObject => ({ ...live, status });
    this.#resources.patch(REPLICA_SET, namespace, name, change, { manager: MANAGER, subresource: 'status' });
  }
}

export function isReady(pod: KubeObject): boolean {
  return conditionOf(pod, 'Ready')?.['status'] === 'True' && pod.metadata.deletionTimestamp === undefined;
}

function readySince(pod: KubeObject): number {
  return Date.parse(textAt(conditionOf(pod, 'Ready'), 'lastTransitionTime') ?? '') || 0;
}
