import { isNamespaceOf, namespaceObject } from './namespace.ts';
import type { Observation } from './observation.ts';
import { allClusters, clustersOf } from './release.ts';
import { stateOf } from './state.ts';
import type { ClusterState } from './state.ts';
import { versionLabels } from './subsets.ts';
import { plannerOf } from './traffic-planners.ts';
import type { VersionLabels } from '../istio/destination-rule-edits.ts';
import { workloadObjects } from './workload-objects.ts';
import type { VersionName } from '../core/weights.ts';
import type { Change } from '../kubernetes/change.ts';
import { nameOf } from '../kubernetes/objects.ts';
import type { KubeObject } from '../kubernetes/objects.ts';

/**
 * The applies that deploy the versions of a release, with the namespace and the Service that they need, in every cluster. Pure.
 *
 * @throws CanaryError where the inputs leave open what is to be deployed, or it would replace another version
 */
export function planWorkloads(observed: Observation, versions: readonly VersionName[]): readonly Change[] {
  const { release, fleet, routes } = observed;
  const labels = versionLabels(routes, versions);
  return allClusters(release).flatMap((cluster) => changesIn(observed, stateOf(fleet, cluster), labels));
}

function changesIn(observed: Observation, state: ClusterState, labels: VersionLabels): readonly Change[] {
  const { release, fleet } = observed;
  const services = plannerOf(observed).versionObjects(observed, state, labels);
  const objects = [...labels.keys()]
    .filter((version) => clustersOf(release, version).includes(state.name))
    .flatMap((version) => workloadObjects(release, state, version, labels, fleet));
  const own = objects.find(({ object }) => isNamespaceOf(release, object))?.object;
  const namespace = namespaceObject(release, state, own);
  return onePerObject([...(namespace === undefined ? [] : [namespace]), ...services, ...objects]).map(
    ({ object, reason }) => ({ cluster: state.name, verb: 'apply', object, before: undefined, reason }),
  );
}

/** Versions that run side by side share Service and namespace: each is applied once, as it comes first. */
function onePerObject<T extends { readonly object: KubeObject }>(objects: readonly T[]): readonly T[] {
  return objects.filter(
    ({ object }, i) => objects.findIndex((other) => nameOf(other.object) === nameOf(object)) === i,
  );
}
