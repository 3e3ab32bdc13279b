import { DEPLOYMENT, POD, REPLICA_SET, RESOURCE_QUOTA, SERVICE } from '../api/kinds.ts';
import { usageOf } from '../api/quota.ts';
import type { Resources } from '../api/resources.ts';
import { objectAt, type JsonObject } from '../json.ts';
import type { Timers } from '../timers.ts';
import { WorkQueue } from './queue.ts';

const MANAGER = 'kube-controller-manager';

/** Maintains the status of every ResourceQuota: its limits, and how much of them is used. */
export function keepQuotas(resources: Resources, timers: Timers): void {
  const queue = new WorkQueue(timers, 5, (namespace) => {
    for (const quota of resources.store.list(RESOURCE_QUOTA, namespace)) {
      const hard = objectAt(quota, 'spec', 'hard');
      const status = { hard, used: usageOf(resources.store, namespace, Object.keys(hard)) };
      const change = (live: JsonObject): JsonObject => ({ ...live, status });
      const options = { manager: MANAGER, subresource: 'status' } as const;
      resources.patch(RESOURCE_QUOTA, namespace, quota.metadata.name, change, options);
    }
  });
  resources.store.subscribe(({ kind, object }) => {
    const { namespace } = object.metadata;
    if (namespace === undefined) return;
    if ([RESOURCE_QUOTA, POD, SERVICE, DEPLOYMENT, REPLICA_SET].includes(kind)) queue.add(namespace);
  });
}
