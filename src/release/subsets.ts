import { CanaryError } from './errors.ts';
import { nameOf } from './objects.ts';
import type { DestinationRule, Labels, Subset } from './objects.ts';
import type { VersionName } from './weights.ts';

/** The pod label that tells versions apart. */
export const VERSION_LABEL = 'version';

const MUTUAL_TLS = { tls: { mode: 'ISTIO_MUTUAL' } };

/** A DestinationRule made anew: a subset for each version, Istio's mutual TLS on both levels. */
export function newDestinationRule(
  apiVersion: string,
  key: { readonly name: string; readonly namespace: string; readonly host: string },
  versions: readonly VersionName[],
): DestinationRule {
  return {
    apiVersion,
    kind: 'DestinationRule',
    metadata: { name: key.name, namespace: key.namespace },
    spec: { host: key.host, trafficPolicy: MUTUAL_TLS, subsets: versions.map(newSubset) },
  };
}

function newSubset(version: VersionName): Subset {
  return { name: version, labels: { [VERSION_LABEL]: version }, trafficPolicy: MUTUAL_TLS };
}

/** The DestinationRule with a subset for every version; those that stand there stay as they are, whatever they hold. */
export function withSubsets(rule: DestinationRule, versions: readonly VersionName[]): DestinationRule {
  const missing = missingSubsets(rule, versions);
  if (missing.length === 0) return rule;
  return {
    ...rule,
    spec: { ...rule.spec, subsets: [...(rule.spec.subsets ?? []), ...missing.map(newSubset)] },
  };
}

/** The DestinationRule without the subset of a version. */
export function withoutSubset(rule: DestinationRule, version: VersionName): DestinationRule {
  return {
    ...rule,
    spec: { ...rule.spec, subsets: (rule.spec.subsets ?? []).filter(({ name }) => name !== version) },
  };
}

/** The versions that have no subset yet. */
export function missingSubsets(
  rule: DestinationRule,
  versions: readonly VersionName[],
): readonly VersionName[] {
  return versions.filter((version) => !(rule.spec.subsets ?? []).some(({ name }) => name === version));
}

/** The pod labels that a version's subset selects by; those it will have where it does not stand yet. */
export function subsetLabels(rule: DestinationRule | undefined, version: VersionName): Labels {
  const subset = rule?.spec.subsets?.find(({ name }) => name === version);
  return subset === undefined ? { [VERSION_LABEL]: version } : (subset.labels ?? {});
}

/** @throws CanaryError where a subset named after a version selects the pods of another one, or of all */
export function assertSubsetLabels(
  rule: DestinationRule,
  versions: readonly VersionName[],
  cluster: string,
): void {
  for (const version of versions) {
    const labels = subsetLabels(rule, version);
    if (Object.keys(labels).length === 0) {
      throw new CanaryError(
        `Subset ${version} of ${nameOf(rule)} in ${cluster} has no labels, so it selects the pods of every version. Give it the labels of the pods of ${version}, for example ${VERSION_LABEL}: ${version}.`,
      );
    }
    const label = labels[VERSION_LABEL];
    if (label !== undefined && label !== version) {
      throw new CanaryError(
        `Subset ${version} of ${nameOf(rule)} in ${cluster} selects pods labelled ${VERSION_LABEL}: ${label}. Correct the labels of the subset, or release under the name ${label}.`,
      );
    }
  }
}
