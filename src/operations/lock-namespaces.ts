import type { TriedChange } from '../fleet/dry-run.ts';
import { writeInOrder } from '../fleet/transaction/write-in-order.ts';
import type { ClusterName } from '../core/names.ts';
import { phase, recordChange } from './context.ts';
import type { Context } from './context.ts';

/** The Leases live in the release's namespace: where that is missing, it is made first. All else waits for the lock. */
export async function makeNamespaces(context: Context, changes: readonly TriedChange[]): Promise<void> {
  const missing = changes.filter((change) => isBeforeLock(change, context.release.configClusters));
  if (missing.length === 0) return;
  await phase(context, 'Namespace', () => writeInOrder(context.fleet, missing, recordChange(context)));
}

/** Whether a change has to be made before the lock can be taken: a namespace for its Lease that does not exist yet. */
export function isBeforeLock(
  { cluster, object, live }: Pick<TriedChange, 'cluster' | 'object' | 'live'>,
  configClusters: readonly ClusterName[],
): boolean {
  return object.kind === 'Namespace' && live === undefined && configClusters.includes(cluster);
}
