import pLimit from 'p-limit';
import type { LimitFunction } from 'p-limit';
import type { ClusterName } from '../core/names.ts';

/** A limit of its own for each cluster: one over all of them would make a run slower with every further cluster. */
export function limitPerCluster(parallel: number): (cluster: ClusterName) => LimitFunction {
  const limits = new Map<ClusterName, LimitFunction>();
  return (cluster) => {
    const limit = limits.get(cluster) ?? pLimit(parallel);
    limits.set(cluster, limit);
    return limit;
  };
}
