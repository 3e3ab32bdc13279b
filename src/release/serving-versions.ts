import type { VersionLabels } from '../istio/destination-rule-edits.ts';
import type { Change } from '../kubernetes/change.ts';
import { candidateOf, selectsEndpoint } from '../kubernetes/pod-selection.ts';
import type { Candidate } from '../kubernetes/pod-selection.ts';
import { podTemplateOf } from '../kubernetes/pod-templates.ts';
import { isReady } from '../kubernetes/pods.ts';
import { selects } from '../kubernetes/objects.ts';
import type { ClusterName } from '../core/names.ts';
import type { VersionName } from '../core/weights.ts';
import type { Observation } from './observation.ts';
import type { Release } from './release.ts';
import { selectorOfService } from './service-port.ts';
import { placeOfPods } from './state.ts';
import type { ClusterState, FleetState } from './state.ts';
import { labelsOf } from './subsets.ts';
import { VERSION_LABEL } from './version-label.ts';

/** A ready pod that the Service selects. */
export interface Serving {
  readonly cluster: ClusterName;
  readonly version: VersionName | undefined;
}

/** A version whose first pods come to a cluster in which others serve already: an open route would send users there at once. */
export function newcomerAmong(
  { release, fleet, routes }: Observation,
  workloads: readonly Change[],
  serving: readonly Serving[],
  labels: VersionLabels,
): { readonly cluster: ClusterName; readonly version: VersionName } | undefined {
  return newcomersIn(fleet, workloads, labels).find(({ cluster, version }) => {
    const state = fleet.get(cluster);
    const picked = { ...selectorIn(release, fleet, cluster), ...labelsOf(routes, version) };
    const runs = state?.pods.some(
      (pod) => isReady(pod) && selectsEndpoint(picked, candidateOf(pod), placeOfPods(state)) === true,
    );
    return runs !== true && serving.some((pod) => pod.version !== version);
  });
}

/** The version that a pod is of: the one whose subset selects it, or will. */
function versionOf(
  labels: VersionLabels,
  state: ClusterState | undefined,
  pod: Candidate,
): VersionName | undefined {
  const place = state && placeOfPods(state);
  const found = [...labels].find(
    ([, wanted]) => place !== undefined && selectsEndpoint(wanted, pod, place) === true,
  );
  return found?.[0] ?? pod.labels?.[VERSION_LABEL];
}

function newcomersIn(
  fleet: FleetState,
  workloads: readonly Change[],
  labels: VersionLabels,
): readonly { readonly cluster: ClusterName; readonly version: VersionName }[] {
  return workloads.flatMap(({ cluster, object }) => {
    const template = podTemplateOf(object)?.metadata?.labels;
    if (template === undefined) return [];
    const version = versionOf(labels, fleet.get(cluster), { labels: template, nodeName: undefined });
    return version === undefined ? [] : [{ cluster, version }];
  });
}

function selectorIn(
  release: Release,
  fleet: FleetState,
  cluster: ClusterName,
): Readonly<Record<string, string>> {
  const state = fleet.get(cluster);
  return state === undefined ? {} : selectorOfService(release, state);
}

/** What serves the service in each cluster now. */
export function servingVersions(
  release: Release,
  fleet: FleetState,
  labels: VersionLabels,
): readonly Serving[] {
  return [...fleet.values()].flatMap((state) =>
    state.pods
      .filter((pod) => isReady(pod) && selects(selectorIn(release, fleet, state.name), pod.metadata.labels))
      .map((pod) => ({ cluster: state.name, version: versionOf(labels, state, candidateOf(pod)) })),
  );
}
