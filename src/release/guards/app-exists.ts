import { CanaryError } from '../../core/errors.ts';
import { selects } from '../../kubernetes/objects.ts';
import type { Pod } from '../../kubernetes/objects.ts';
import type { Release } from '../release.ts';
import type { ClusterState, FleetState } from '../state.ts';
import { namedVirtualServices } from '../release.ts';
import { selectorOfService } from '../service-port.ts';

/**
 * For every operation that deals with what exists already.
 *
 * @throws CanaryError that names the input which is likely wrong, where nothing of the app exists in any cluster
 */
export function assertExists(release: Release, state: FleetState): void {
  const { app, namespace } = release;
  const clusters = [...state.keys()].join(', ');
  const all = [...state.values()];
  if (all.every((cluster) => cluster.namespace === undefined))
    throw new CanaryError(
      `Input namespace: there is no namespace ${namespace} in ${clusters}. Correct it, or run the operation rollout, which creates it.`,
    );
  const names = namedVirtualServices(release);
  const exists = all.some(
    (cluster) =>
      cluster.service !== undefined ||
      cluster.traffic?.virtualServices.some(({ metadata }) => names.includes(metadata.name)) === true ||
      podsOf(release, cluster).length > 0,
  );
  if (exists) return;
  throw new CanaryError(
    `Input app: there is no Service, no pod and no VirtualService of ${app} in namespace ${namespace} of ${clusters}. Correct the input app or namespace, or run the operation rollout first.`,
  );
}

/** The pods that the app's Service selects in a cluster. */
export function podsOf(release: Release, cluster: ClusterState): readonly Pod[] {
  const selector = selectorOfService(release, cluster);
  return cluster.pods.filter(({ metadata }) => selects(selector, metadata.labels));
}
