import { CanaryError } from '../../core/errors.ts';
import type { VersionName } from '../../core/weights.ts';
import { areExclusive, formatLabels } from '../../kubernetes/pod-selection.ts';
import { oncePerCluster } from '../route-state.ts';
import type { RouteState } from '../route-state.ts';
import { subsetOf, holderOf, wayTo } from '../subsets.ts';
import { VERSION_LABEL } from '../version-label.ts';

/**
 * Refuses subsets that cannot tell the versions apart, whatever pods there are.
 *
 * @throws CanaryError where the subset of a version has no labels, or other labels in another cluster
 */
export function assertSubsetLabelsCompatible(
  routes: readonly RouteState[],
  versions: readonly VersionName[],
): void {
  for (const version of versions) {
    const found = oncePerCluster(routes).flatMap((one) => {
      const subset = subsetOf(one, version);
      return subset === undefined ? [] : [{ ...one, labels: subset.labels ?? {} }];
    });
    const bare = found.find(({ labels }) => Object.keys(labels).length === 0);
    if (bare !== undefined) {
      if (bare.choice.versionServices !== undefined) {
        throw new CanaryError(
          `${wayTo(bare, version)} in ${bare.cluster} selects no more than Service ${bare.choice.service.app} does, so it leads to the pods of every version. Add the labels of the pods of ${version} to its selector, for example ${VERSION_LABEL}: ${version}.`,
        );
      }
      throw new CanaryError(
        `Subset ${version} of ${holderOf(bare, version) ?? 'no DestinationRule'} in ${bare.cluster} has no labels, so it selects the pods of every version. Give it the labels of the pods of ${version}, for example ${VERSION_LABEL}: ${version}.`,
      );
    }
    const [first] = found;
    const other = found.find(({ labels }) => first !== undefined && areExclusive(labels, first.labels));
    if (first !== undefined && other !== undefined) {
      if (first.choice.versionServices !== undefined) {
        throw new CanaryError(
          `${wayTo(first, version)} selects ${formatLabels(first.labels)} in ${first.cluster} and ${formatLabels(other.labels)} in ${other.cluster}; no pod can carry both. Give the Service the same selector in every cluster.`,
        );
      }
      throw new CanaryError(
        `Subset ${version} selects ${formatLabels(first.labels)} in ${first.cluster} (${holderOf(first, version) ?? 'no DestinationRule'}) and ${formatLabels(other.labels)} in ${other.cluster} (${holderOf(other, version) ?? 'no DestinationRule'}); no pod can carry both. Give the subset the same labels in every cluster.`,
      );
    }
  }
}
