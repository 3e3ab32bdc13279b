import type { Observation } from './observation.ts';
import { clustersOf } from './release.ts';
import { podRequirement } from './pod-requirement.ts';
import { placeOfPods, stateOf } from './state.ts';
import { labelsOf } from './subsets.ts';
import type { VersionName } from '../core/weights.ts';
import type { Change } from '../kubernetes/change.ts';
import { selectsEndpoint } from '../kubernetes/pod-selection.ts';
import { podTemplateOf } from '../kubernetes/pod-templates.ts';
import type { ReadyCheck } from '../kubernetes/readiness.ts';
import { assertSelectorAdmits } from './guards/selector-admits-version.ts';

/**
 * The pods to wait for before the weights change: of each version that gains traffic or is deployed, in each of its clusters.
 *
 * @param raised the versions that gain traffic
 * @throws CanaryError where the Service's own selector leaves out the pods of a version
 */
export function readyChecks(
  { release, fleet, routes }: Observation,
  versions: readonly VersionName[],
  raised: readonly VersionName[],
  workloads: readonly Change[],
): readonly ReadyCheck[] {
  return versions.flatMap((version) => {
    const own = labelsOf(routes, version);
    return clustersOf(release, version).flatMap((cluster): readonly ReadyCheck[] => {
      const state = stateOf(fleet, cluster);
      const place = placeOfPods(state);
      const deployed = workloads
        .filter((change) => change.cluster === cluster)
        .filter(({ object }) => {
          const template = podTemplateOf(object)?.metadata?.labels;
          return (
            template !== undefined &&
            selectsEndpoint(own, { labels: template, nodeName: undefined }, place) !== false
          );
        })
        .map(({ object }) => ({ kind: object.kind, name: object.metadata.name }));
      const gains = raised.includes(version);
      if (!gains && deployed.length === 0) return [];
      const labels = { ...assertSelectorAdmits(release, state, version, own), ...own };
      const pods = podRequirement(release, state, workloads);
      return [{ cluster, version, labels, place, pods, workloads: deployed, gains }];
    });
  });
}
