import type { Change } from '../kubernetes/change.ts';
import type { PodRequirement } from '../kubernetes/mesh-membership.ts';
import { isNamespaceOf } from './namespace.ts';
import type { Release } from './release.ts';
import type { ClusterState } from './state.ts';

/**
 * How the pods of the release have to be part of the mesh in a cluster.
 *
 * @param workloads what is planned: an apply of the namespace adds its labels to those that are there
 */
export function podRequirement(
  release: Release,
  { name, namespace }: ClusterState,
  workloads: readonly Change[] = [],
): PodRequirement {
  const planned = workloads.find(
    ({ cluster, object }) => cluster === name && isNamespaceOf(release, object),
  )?.object;
  return {
    mode: release.workload.pods,
    namespace: { ...namespace?.metadata.labels, ...planned?.metadata.labels },
  };
}
