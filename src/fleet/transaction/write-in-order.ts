import type { ClusterName } from '../../core/names.ts';
import type { Change } from '../../kubernetes/change.ts';
import type { Cluster } from '../../kubernetes/client/cluster.ts';
import { isUncertain } from '../../kubernetes/client/errors.ts';
import { nameOf } from '../../kubernetes/objects.ts';
import type { KubeObject } from '../../kubernetes/objects.ts';
import { allOf } from '../fleet.ts';
import type { Fleet } from '../fleet.ts';
import { withVersionOf } from '../replace-as-planned.ts';
import { shutOutWrite } from './shut-out.ts';
import { earlierOf, writeConfirmed } from './write-confirmed.ts';
import type { OnWritten, Written } from './write-confirmed.ts';

/**
 * Writes the changes of each cluster in their order, the clusters side by side. What is written stays if another write fails. An object that
 * a failed write may still reach is marked, so that the write is refused from then on.
 */
export async function writeInOrder(
  fleet: Fleet,
  changes: readonly Change[],
  onWritten: OnWritten,
): Promise<readonly Written[]> {
  const clusters = [...new Set(changes.map(({ cluster }) => cluster))];
  const perCluster = await allOf(
    clusters.map(async (name) => {
      const written: Written[] = [];
      for (const change of changes.filter(({ cluster }) => cluster === name)) {
        const stored = await writeOrShutOut(fleet.cluster(name), change, onWritten);
        const one = { change, earlier: earlierOf(change), stored };
        written.push(one);
        await onWritten(one);
      }
      return written;
    }),
  );
  return perCluster.flat();
}

async function writeOrShutOut(cluster: Cluster, change: Change, onWritten: OnWritten): Promise<KubeObject> {
  const unanswered: unknown[] = [];
  const onUncertain = (error: unknown): void => {
    if (isUncertain(error)) unanswered.push(error);
  };
  try {
    return await writeConfirmed(cluster, change, { onUncertain });
  } catch (error) {
    // What cannot be marked now is as it would be if the run had died; why the write failed says more.
    if (unanswered.length > 0) await shutOutWrite(cluster, change, onWritten).catch(() => undefined);
    throw error;
  }
}

/** The changes, based on the objects that an earlier stage stored in the same clusters. */
export function rebased(changes: readonly Change[], earlier: readonly Written[]): readonly Change[] {
  return changes.map((change) => {
    const stored = storedIn(earlier, change.cluster, change.object);
    return stored === undefined
      ? change
      : { ...change, object: withVersionOf(change.object, stored), before: stored };
  });
}

function storedIn(
  earlier: readonly Written[],
  cluster: ClusterName,
  object: KubeObject,
): KubeObject | undefined {
  return earlier.find(({ change, stored }) => change.cluster === cluster && nameOf(stored) === nameOf(object))
    ?.stored;
}
