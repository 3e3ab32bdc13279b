import { clustersDisagree, clusterWeights, describeClusterWeights } from '../../release/cluster-weights.ts';
import { describeEdit, editsOf, routeStateFor } from '../../release/observed-routing.ts';
import { formatWeights, sameWeights } from '../../core/weights.ts';
import { failedOf } from '../snapshot.ts';
import type { Snapshot, Finding } from '../snapshot.ts';

/** A route whose weights someone changed since the release wrote them. */
export function edits({ inForce }: Snapshot): readonly Finding[] {
  return editsOf(inForce).map((edit) => ({
    title: `The route in ${edit.cluster} was changed by someone else`,
    detail: `${describeEdit(edit)}. Give it the recorded weights again, or find out who needs the others.`,
  }));
}

/** Clusters that hold different weights although no ingress shows it, without a record that tells who changed them. */
export function disagreement(facts: Snapshot): readonly Finding[] {
  const { release, inForce } = facts;
  const held = clusterWeights(release, inForce);
  if (failedOf(facts).length > 0 || editsOf(inForce).length > 0 || !clustersDisagree(held)) return [];
  return [
    {
      title: 'The clusters hold different weights',
      detail: `${describeClusterWeights(held)}. To bring them together, run the operation rollback with the input weights.`,
    },
  ];
}

/** A route that holds other weights than those tested, without a record that shows an edit. */
export function otherWeights(facts: Snapshot): readonly Finding[] {
  const { inForce } = facts;
  const edited = editsOf(inForce).map(({ cluster }) => cluster);
  return failedOf(facts).flatMap(({ cluster, weights: asked }) => {
    const own = routeStateFor(inForce, cluster);
    // Without weights no shares were looked at.
    if (own?.weights === undefined || asked.size === 0) return [];
    if (edited.includes(own.cluster) || sameWeights(own.weights, asked)) return [];
    return [
      {
        title: `The route in ${cluster} holds other weights`,
        detail: `It splits ${formatWeights(own.weights)}, and ${formatWeights(asked)} was asked for.`,
      },
    ];
  });
}
