import { DEPLOYMENT, REPLICA_SET } from '../api/kinds.ts';
import { controllerReference, isOwnedBy, type KubeObject } from '../api/objects.ts';
import type { Resources } from '../api/resources.ts';
import { at, numberAt, objectAt, same, textsAt, type JsonObject } from '../json.ts';
import type { Timers } from '../timers.ts';
import { reportOn } from './deployment-status.ts';
import { WorkQueue } from './queue.ts';
import {
  desired,
  HASH_LABEL,
  hashOf,
  limitsOf,
  replicas,
  REVISION,
  revisionOf,
  sizeOfCurrent,
  sizesOfOld,
  templateOf,
} from './rollout.ts';

const MANAGER = 'kube-controller-manager';

/** The deployment controller: a ReplicaSet for each template, scaled as the strategy allows. */
export class Deployments {
  readonly #resources: Resources;
  readonly #queue: WorkQueue;

  constructor(resources: Resources, timers: Timers) {
    this.#resources = resources;
    this.#queue = new WorkQueue(timers, 3, (key) => {
      const [namespace, name = ''] = key.split('/');
      const deployment = resources.store.get(DEPLOYMENT, namespace, name);
      if (deployment !== undefined && deployment.metadata.deletionTimestamp === undefined) {
        this.#reconcile(deployment);
      }
    });
    resources.store.subscribe(({ kind, object }) => {
      if (kind === DEPLOYMENT) this.#enqueue(object.metadata.namespace, object.metadata.name);
      if (kind !== REPLICA_SET) return;
      for (const owner of object.metadata.ownerReferences ?? []) {
        this.#enqueue(object.metadata.namespace, owner.name);
      }
    });
  }

  #enqueue(namespace: string | undefined, name: string, delayMs?: number): void {
    this.#queue.add(`${namespace ?? ''}/${name}`, delayMs);
  }

  #reconcile(deployment: KubeObject): void {
    const { namespace, name } = deployment.metadata;
    const owned = this.#owned(deployment);
    const known = owned.find((set) => same(templateOf(deployment), templateOf(set)));
    const old = owned.filter((set) => set !== known);
    const isPaused = at(deployment, 'spec', 'paused') === true;
    const current = known ?? (isPaused ? undefined : this.#create(deployment, owned));
    if (current === undefined || isPaused) this.#scaleOnly(deployment, current, old);
    else this.#roll(deployment, current, old);
    this.#cleanUp(deployment, old);

    const left = this.#owned(deployment);
    const now = left.find((set) => set.metadata.uid === current?.metadata.uid) ?? current;
    const others = left.filter((set) => set !== now);
    const { status, lookAgainMs } = reportOn(deployment, now, others, known === undefined);
    const annotations = now === undefined ? {} : { [REVISION]: String(revisionOf(now)) };
    this.#resources.patch(DEPLOYMENT, namespace, name, (live) => withStatus(live, status, annotations), {
      manager: MANAGER,
      subresource: 'status',
    });
    // Times are whole seconds, so one more second is needed to be sure.
    if (lookAgainMs !== undefined) this.#enqueue(namespace, name, lookAgainMs + 1000);
  }

  #roll(deployment: KubeObject, current: KubeObject, old: readonly KubeObject[]): void {
    this.#scaleTo(current, sizeOfCurrent(deployment, desired(current), old));
    for (const [index, size] of sizesOfOld(deployment, current, old).entries())
      this.#scaleTo(old[index], size);
  }

  /** A paused Deployment creates no ReplicaSet, but still scales a single one. */
  #scaleOnly(deployment: KubeObject, current: KubeObject | undefined, old: readonly KubeObject[]): void {
    const sets = [...(current === undefined ? [] : [current]), ...old];
    const active = sets.filter((set) => desired(set) > 0);
    const newest = current ?? old.toSorted((left, right) => revisionOf(right) - revisionOf(left))[0];
    if (active.length <= 1) this.#scaleTo(active[0] ?? newest, limitsOf(deployment).wanted);
  }

  #owned(deployment: KubeObject): KubeObject[] {
    return this.#resources.store
      .list(REPLICA_SET, deployment.metadata.namespace)
      .filter((set) => isOwnedBy(set, deployment.metadata.uid));
  }

  #create(deployment: KubeObject, owned: readonly KubeObject[]): KubeObject {
    const template = objectAt(deployment, 'spec', 'template');
    const hash = hashOf(templateOf(deployment));
    const labels = { ...textsAt(template, 'metadata', 'labels'), [HASH_LABEL]: hash };
    const selector = objectAt(deployment, 'spec', 'selector');
    const { wanted, surge } = limitsOf(deployment);
    const body = {
      metadata: {
        name: `${deployment.metadata.name}-${hash}`,
        labels,
        annotations: {
          'deployment.kubernetes.io/desired-replicas': String(wanted),
          'deployment.kubernetes.io/max-replicas': String(wanted + surge),
          [REVISION]: String(Math.max(0, ...owned.map(revisionOf)) + 1),
        },
        ownerReferences: [controllerReference(deployment)],
      },
      spec: {
        replicas: sizeOfCurrent(deployment, 0, owned),
        selector: { ...selector, matchLabels: { ...textsAt(selector, 'matchLabels'), [HASH_LABEL]: hash } },
        template: { ...template, metadata: { ...objectAt(template, 'metadata'), labels } },
      },
    };
    return this.#resources.create(REPLICA_SET, deployment.metadata.namespace, body, { manager: MANAGER });
  }

  #scaleTo(set: KubeObject | undefined, size: number): void {
    if (set === undefined || desired(set) === size) return;
    const { namespace, name } = set.metadata;
    const change = (live: JsonObject): JsonObject => ({
      ...live,
      spec: { ...objectAt(live, 'spec'), replicas: size },
    });
    this.#resources.patch(REPLICA_SET, namespace, name, change, { manager: MANAGER });
  }

  #cleanUp(deployment: KubeObject, old: readonly KubeObject[]): void {
    const limit = numberAt(deployment, 'spec', 'revisionHistoryLimit') ?? 10;
    const idle = old
      .filter((set) => desired(set) === 0 && replicas(set) === 0)
      .sort((left, right) => revisionOf(left) - revisionOf(right));
    for (const set of idle.slice(0, Math.max(0, idle.length - limit))) {
      this.#resources.delete(REPLICA_SET, set.metadata.namespace, set.metadata.name);
    }
  }
}

function withStatus(live: JsonObject, status: JsonObject, annotations: Record<string, string>): JsonObject {
  const metadata = objectAt(live, 'metadata');
  return {
    ...live,
    metadata: { ...metadata, annotations: { ...objectAt(metadata, 'annotations'), ...annotations } },
    status,
  };
}
