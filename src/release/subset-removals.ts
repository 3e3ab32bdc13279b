import type { ClusterName } from '../core/names.ts';
import type { VersionName } from '../core/weights.ts';
import { withoutSubset } from '../istio/destination-rule-edits.ts';
import { coversService, isForService } from '../istio/destination-rules.ts';
import type { Change } from '../kubernetes/change.ts';
import type { DestinationRule } from '../kubernetes/objects.ts';
import type { Release } from './release.ts';
import { trafficOf } from './state.ts';
import type { FleetState } from './state.ts';
import type { Left } from './traffic-planner.ts';

/** The subset of a version is taken out of every rule of the service in its own namespace: Istio merges them. */
export function subsetRemovals(
  release: Release,
  fleet: FleetState,
  cluster: ClusterName,
  version: VersionName,
): readonly Change[] {
  return trafficOf(fleet, cluster)
    .destinationRules.filter((rule) => isForService(release, rule) && defines(rule, version))
    .map((rule) => ({
      cluster,
      verb: 'update',
      object: withoutSubset(rule, version),
      before: rule,
      reason: { kind: 'subsetUnused', version },
    }));
}

/** The rules elsewhere that hold a subset of the version for the service: they are not the release's. */
export function foreignSubsets(
  release: Release,
  fleet: FleetState,
  cluster: ClusterName,
  version: VersionName,
): readonly Left[] {
  return trafficOf(fleet, cluster)
    .everywhere.destinationRules.filter(
      (rule) =>
        coversService(release, rule) &&
        defines(rule, version) &&
        !(rule.metadata.namespace === release.namespace && isForService(release, rule)),
    )
    .map((object) => ({
      cluster,
      object,
      reason: `it has a subset ${version} too, and is not a rule of ${release.app} in ${release.namespace}`,
    }));
}

function defines({ spec }: DestinationRule, version: VersionName): boolean {
  return spec.subsets?.some(({ name }) => name === version) ?? false;
}
