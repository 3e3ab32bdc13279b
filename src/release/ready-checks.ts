import type { Observation } from './observation.ts';
import { clustersOf } from './release.ts';
import type { Release } from './release.ts';
import { selectorOfService } from './service-port.ts';
import { placeOfPods } from './state.ts';
import type { ClusterState } from './state.ts';
import { stateOf } from './state.ts';
import { labelsOf } from './subsets.ts';
import { CanaryError } from '../core/errors.ts';
import type { VersionName } from '../core/weights.ts';
import type { Change } from '../kubernetes/change.ts';
import type { Labels } from '../kubernetes/objects.ts';
import { selectsEndpoint } from '../kubernetes/pod-selection.ts';
import { podTemplateOf } from '../kubernetes/pod-templates.ts';
import type { ReadyCheck } from '../kubernetes/readiness.ts';

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
      const labels = { ...assertSelectorFits(release, state, version, own), ...own };
      return [{ cluster, version, labels, place, workloads: deployed, gains }];
    });
  });
}

/** @returns the labels by which the Service picks pods; they must leave the choice of version to the subsets */
function assertSelectorFits(
  release: Release,
  state: ClusterState,
  version: VersionName,
  labels: Labels,
): Labels {
  const selector = selectorOfService(release, state);
  const key = Object.keys(labels).find(
    (name) => selector[name] !== undefined && selector[name] !== labels[name],
  );
  if (key === undefined) return selector;
  throw new CanaryError(
    `Service ${release.namespace}/${release.app} in ${state.name} selects ${key}: ${selector[key] ?? ''} alone, so ${version} would get no traffic there. Take the label ${key} out of its selector.`,
  );
}
