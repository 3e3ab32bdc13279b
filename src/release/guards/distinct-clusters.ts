import { CanaryError } from '../../core/errors.ts';
import { inputLabels, theInput } from '../../core/wording.ts';
import type { ClusterIdentity, ClusterState } from '../state.ts';

/**
 * Two contexts that reach one cluster would be two versions in one place, and two writers of the same routes.
 *
 * @throws CanaryError that names the contexts: by the UID of `kube-system`, which every cluster has its own of; by the server
 *   where that may not be read
 */
export function assertDistinctClusters(states: readonly ClusterState[]): void {
  for (const [i, one] of states.entries()) {
    const other = states.slice(0, i).find((earlier) => isSameCluster(earlier.identity, one.identity));
    if (other === undefined) continue;
    const evidence =
      one.identity.uid !== undefined && other.identity.uid !== undefined
        ? `their namespace kube-system is the same one (UID ${one.identity.uid})`
        : `both have the server ${one.identity.server ?? ''}`;
    throw new CanaryError(
      `The contexts ${other.name} and ${one.name} reach the same cluster: ${evidence}. Correct ${theInput('kubeconfig')}, or use only one context for that cluster (${inputLabels('clusters', 'config-clusters')}).`,
    );
  }
}

function isSameCluster(a: ClusterIdentity, b: ClusterIdentity): boolean {
  return a.uid !== undefined && b.uid !== undefined
    ? a.uid === b.uid
    : a.server !== undefined && a.server === b.server;
}
