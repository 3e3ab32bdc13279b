import { selects } from '../../kubernetes/objects.ts';
import { hasSidecar, isReady } from '../../kubernetes/pods.ts';
import type { FleetState } from '../state.ts';
import { labelsOf, subsetOf } from '../subsets.ts';
import { byCluster } from '../observed-routing.ts';
import type { RouteState } from '../observed-routing.ts';
import type { Release } from '../release.ts';
import type { VersionName, Weights } from '../../core/weights.ts';
import { selectorOfService } from '../service-port.ts';

/**
 * Why users would get errors under these weights, a clause each: a version that gains traffic has no subset in a config
 * cluster, or no ready pod with a sidecar in any cluster. Empty where the weights can be served.
 */
export function obstaclesTo(
  weights: Weights,
  release: Release,
  fleet: FleetState,
  inForce: readonly RouteState[],
): readonly string[] {
  const gaining = [...weights].filter(([version, weight]) =>
    inForce.some((one) => weight > (one.weights?.get(version) ?? 0)),
  );
  return gaining.flatMap(([version]) => [
    ...byCluster(inForce).flatMap((one) =>
      subsetOf(one, version) === undefined ? [`${one.cluster} has no subset ${version}`] : [],
    ),
    ...(runs(version, release, fleet, inForce) ? [] : [`no pod of ${version} is ready`]),
  ]);
}

function runs(
  version: VersionName,
  release: Release,
  fleet: FleetState,
  inForce: readonly RouteState[],
): boolean {
  return [...fleet.values()].some((state) => {
    const labels = { ...selectorOfService(release, state), ...labelsOf(inForce, version) };
    return state.pods.some(
      (pod) =>
        pod.metadata.deletionTimestamp === undefined &&
        selects(labels, pod.metadata.labels) &&
        isReady(pod) &&
        hasSidecar(pod),
    );
  });
}
