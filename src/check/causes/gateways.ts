import { total } from '../evidence.ts';
import { failedOf } from './facts.ts';
import type { Facts, Finding } from './facts.ts';

/** A gateway replica that has not got the last change of the routes. */
export function staleReplicas(facts: Facts): readonly Finding[] {
  return failedOf(facts).flatMap(({ cluster, stale, requests }) => {
    if (stale.size === 0) return [];
    const revisions = [...stale.keys()].join(', ');
    return [
      {
        title: `A gateway replica in ${cluster} is still on revision ${revisions}`,
        detail: `${String(total(stale))} of ${String(requests)} answers carried it. Look at istioctl proxy-status, and at the logs of the gateway pods.`,
      },
    ];
  });
}
