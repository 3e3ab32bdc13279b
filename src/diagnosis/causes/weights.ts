import { clustersDisagree, clusterWeights, describeClusterWeights } from '../../release/cluster-weights.ts';
import { routeStateFor } from '../../release/route-state.ts';
import { describeEdit, editsOf } from '../../release/weight-edits.ts';
import { formatWeights, sameWeights } from '../../core/weights.ts';
import { failedOf } from '../snapshot.ts';
import type { Snapshot } from '../snapshot.ts';
import type { Finding } from '../finding.ts';

/** A route whose weights someone changed after the release wrote them. */
export function edits({ routes }: Snapshot): readonly Finding[] {
  return editsOf(routes).map((edit) => ({
    title: `The route in ${edit.cluster} was changed by someone else`,
    detail: `${describeEdit(edit)}. Restore the recorded weights, or find out who needs the others.`,
  }));
}

/** Clusters with different weights although no ingress shows it, and no record says who changed them. */
export function disagreement(snapshot: Snapshot): readonly Finding[] {
  const { routes } = snapshot;
  const held = clusterWeights(routes);
  if (failedOf(snapshot).length > 0 || editsOf(routes).length > 0 || !clustersDisagree(held)) return [];
  return [
    {
      title: 'The clusters hold different weights',
      detail: `${describeClusterWeights(held)}. To align them, run the operation rollback with the input weights.`,
    },
  ];
}

/** A route with weights other than those tested, and no record of an edit. */
export function otherWeights(snapshot: Snapshot): readonly Finding[] {
  const { routes } = snapshot;
  const edited = editsOf(routes).map(({ cluster }) => cluster);
  return failedOf(snapshot).flatMap(({ cluster, weights: asked }) => {
    const own = routeStateFor(routes, cluster);
    // Without weights, no shares were tested.
    if (own?.weights === undefined || asked.size === 0) return [];
    if (edited.includes(own.cluster) || sameWeights(own.weights, asked)) return [];
    return [
      {
        title: `The route in ${cluster} holds other weights`,
        detail: `It splits ${formatWeights(own.weights)}, but ${formatWeights(asked)} was expected.`,
      },
    ];
  });
}
