import type { Observation } from '../observation.ts';
import { deploysVersion, hasPodsOf } from '../running-versions.ts';
import { labelsOf } from '../subsets.ts';
import { CanaryError } from '../../core/errors.ts';
import type { Weights } from '../../core/weights.ts';
import { theInput } from '../../core/wording.ts';
import { formatLabels } from '../../kubernetes/pod-selection.ts';

/**
 * Refuses a weight for a version that has no pods and is not deployed: nobody would serve it.
 *
 * @throws CanaryError that names the labels which no pod carries
 */
export function assertVersionsRun(observed: Observation, weights: Weights): void {
  const { release, fleet, routes } = observed;
  const absent = [...weights].find(
    ([version, weight]) => weight > 0 && !deploysVersion(release, version) && !hasPodsOf(observed, version),
  );
  if (absent === undefined) return;
  const [version, weight] = absent;
  throw new CanaryError(
    `Version ${version} should get ${String(weight)}% of the traffic, but no pod of ${release.app} in ${[...fleet.keys()].join(', ')} is labelled ${formatLabels(labelsOf(routes, version))}, and there is no image for it. Set ${theInput('image')} (${version}=…), or correct the weights.`,
  );
}
