import { selects } from '../kubernetes/objects.ts';
import { isInMesh } from '../kubernetes/mesh-membership.ts';
import { isReady } from '../kubernetes/pods.ts';
import type { Observation } from './observation.ts';
import { podRequirement } from './pod-requirement.ts';
import { labelsOf, subsetOf, wayTo } from './subsets.ts';
import { oncePerCluster } from './route-state.ts';
import type { VersionName, Weights } from '../core/weights.ts';
import { selectorOfService } from './service-port.ts';

/**
 * Why users would get errors under these weights, a clause each: a version that gains traffic has no subset in a config
 * cluster, or no ready pod of the mesh in any cluster. Empty where the weights can be served.
 */
export function servingObstacles(
  observed: Pick<Observation, 'release' | 'fleet' | 'routes'>,
  weights: Weights,
): readonly string[] {
  const { routes } = observed;
  const gaining = [...weights].filter(([version, weight]) =>
    routes.some((one) => weight > (one.weights?.get(version) ?? 0)),
  );
  return gaining.flatMap(([version]) => [
    ...oncePerCluster(routes).flatMap((one) =>
      subsetOf(one, version) === undefined ? [`${one.cluster} has no ${wayTo(one, version)}`] : [],
    ),
    ...(hasReadyPod(observed, version) ? [] : [`no pod of ${version} is ready`]),
  ]);
}

function hasReadyPod(
  { release, fleet, routes }: Pick<Observation, 'release' | 'fleet' | 'routes'>,
  version: VersionName,
): boolean {
  return [...fleet.values()].some((state) => {
    const labels = { ...selectorOfService(release, state), ...labelsOf(routes, version) };
    const requirement = podRequirement(release, state);
    return state.pods.some(
      (pod) =>
        pod.metadata.deletionTimestamp === undefined &&
        selects(labels, pod.metadata.labels) &&
        isReady(pod) &&
        isInMesh(requirement, pod),
    );
  });
}
