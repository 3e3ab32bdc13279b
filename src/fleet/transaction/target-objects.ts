import type { Change } from '../../kubernetes/change.ts';
import type { KubeObject } from '../../kubernetes/objects.ts';
import type { TargetObject, TargetObjects } from './intent.ts';
import { earlierOf } from './write-confirmed.ts';

/**
 * The objects that changes apply to, as an intent keeps them: objects of the same clusters together, since there may be many. Those
 * that are to be created are not among them: a server refuses such an apply if the object exists by then. Pure.
 */
export function targetObjects(changes: readonly Change[]): readonly TargetObjects[] {
  const existing = changes.filter((change) => earlierOf(change) !== undefined);
  const perObject = Map.groupBy(existing, ({ object }) => JSON.stringify(keyOf(object)));
  const perClusters = Map.groupBy(perObject.values(), (same) =>
    JSON.stringify(same.map(({ cluster }) => cluster)),
  );
  return [...perClusters].map(([clusters, groups]) => ({
    clusters: JSON.parse(clusters) as readonly string[],
    objects: groups.flatMap(([first]) => (first === undefined ? [] : [keyOf(first.object)])),
  }));
}

function keyOf({ apiVersion, kind, metadata: { name, namespace } }: KubeObject): TargetObject {
  return { apiVersion, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) } };
}
