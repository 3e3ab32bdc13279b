import type { ClusterName } from '../../core/names.ts';
import type { Change } from '../../kubernetes/change.ts';
import { nameOf } from '../../kubernetes/objects.ts';
import type { KubeObject } from '../../kubernetes/objects.ts';
import { allOf } from '../fleet.ts';
import type { Fleet } from '../fleet.ts';
import { withVersionOf } from '../replace-as-planned.ts';
import { earlierOf, writeConfirmed } from './write-confirmed.ts';
import type { OnWritten, Written } from './write-confirmed.ts';

/** Writes the changes of each cluster in their order, the clusters side by side. What is written stays if another write fails. */
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
        const stored = await writeConfirmed(fleet.cluster(name), change);
        const one = { change, earlier: earlierOf(change), stored };
        written.push(one);
        await onWritten(one);
      }
      return written;
    }),
  );
  return perCluster.flat();
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
