import { selectorOfService } from './service-port.ts';
import type { Observation } from './observation.ts';
import type { Release } from './release.ts';
import { placeOfPods } from './state.ts';
import { labelsOf } from './subsets.ts';
import type { VersionName } from '../core/weights.ts';
import type { Pod } from '../kubernetes/objects.ts';
import { candidateOf, selectsEndpoint } from '../kubernetes/pod-selection.ts';

/** Whether the release deploys a version itself. */
export function deploysVersion({ version: released, workload }: Release, version: VersionName): boolean {
  return workload.images.has(version) || (version === released && workload.manifests !== undefined);
}

/** Whether any cluster has pods of a version. Only pods of the Service count: another app's may carry the same labels. */
export function hasPodsOf(
  { release, fleet, routes }: Observation,
  version: VersionName,
  counts: (pod: Pod) => boolean = () => true,
): boolean {
  const labels = labelsOf(routes, version);
  return [...fleet.values()].some((state) => {
    const picked = { ...selectorOfService(release, state), ...labels };
    const place = placeOfPods(state);
    return state.pods.some(
      (pod) => counts(pod) && selectsEndpoint(picked, candidateOf(pod), place) !== false,
    );
  });
}
