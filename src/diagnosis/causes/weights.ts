import { clustersDisagree, clusterWeights, heldByEach } from '../../release/cluster-weights.ts';
import { routeStateFor } from '../../release/route-state.ts';
import { editMessage, editsOf } from '../../release/weight-edits.ts';
import { formatWeights, sameWeights } from '../../core/weights.ts';
import { failedOf } from '../snapshot.ts';
import type { Snapshot } from '../snapshot.ts';
import type { Finding } from '../finding.ts';

/** A route whose weights someone changed after the release wrote them. */
export function edits({ routes }: Snapshot): readonly Finding[] {
  return editsOf(routes).map((edit) => ({
    title: { kind: 'editedTitle', cluster: edit.cluster },
    detail: { kind: 'edited', edit: editMessage(edit) },
  }));
}

/** Clusters with different weights although no ingress shows it, and no record says who changed them. */
export function disagreement(snapshot: Snapshot): readonly Finding[] {
  const { routes } = snapshot;
  const held = clusterWeights(routes);
  if (failedOf(snapshot).length > 0 || editsOf(routes).length > 0 || !clustersDisagree(held)) return [];
  return [
    {
      title: { kind: 'disagreementTitle' },
      detail: { kind: 'disagreement', held: heldByEach(held) },
    },
  ];
}

/** A route with weights other than those tested, and no record of an edit. */
export function otherWeights(snapshot: Snapshot): readonly Finding[] {
  const { routes } = snapshot;
  const edited = editsOf(routes).map(({ cluster }) => cluster);
  const differing = failedOf(snapshot).flatMap(({ cluster, weights: asked }) => {
    const own = routeStateFor(routes, cluster);
    // Without weights, no shares were tested.
    if (own?.weights === undefined || asked.size === 0) return [];
    if (edited.includes(own.cluster) || sameWeights(own.weights, asked)) return [];
    return [{ cluster, held: own.weights, asked }];
  });
  const alike = Map.groupBy(differing, ({ held, asked }) => [held, asked].map(formatWeights).join());
  return [...alike.values()].flatMap(([first, ...others]): readonly Finding[] =>
    first === undefined
      ? []
      : [
          {
            title: { kind: 'otherWeightsTitle', clusters: [first, ...others].map(({ cluster }) => cluster) },
            detail: { kind: 'otherWeights', held: first.held, asked: first.asked },
          },
        ],
  );
}
