import { assertRouteToService } from './guards/route-to-service.ts';
import type { Change } from '../kubernetes/change.ts';
import { assertNoSecondEntrance } from './guards/second-entrance.ts';
import { CanaryError } from '../core/errors.ts';
import { assertManifestsFit } from './guards/manifests-fit.ts';
import { candidateOf, selectsEndpoint, formatLabels } from '../kubernetes/pod-selection.ts';
import { isNamespaceOf, namespaceObject } from './namespace.ts';
import { nameOf } from '../kubernetes/objects.ts';
import type { KubeObject, Labels, VirtualService } from '../kubernetes/objects.ts';
import { assertApart, overlaps } from './guards/subset-overlaps.ts';
import { assertRoutesNameSubsets } from './guards/routes-name-subsets.ts';
import { assertNamed } from './guards/named-ports.ts';
import { endedPolicies } from './guards/ended-policies.ts';
import { assertPortsStay } from './ports.ts';
import { keptReplicas } from './replicas.ts';
import type { ReleaseRecord } from './history.ts';
import { allClusters, clustersOf, namedVersions } from './release.ts';
import type { Release } from './release.ts';
import type { ClusterName } from '../core/names.ts';
import { routesTo } from '../istio/routes.ts';
import { trafficChanges } from './plan-traffic.ts';
import { liveVersions } from './injection.ts';
import { placeOfPods } from './state.ts';
import type { ClusterState, FleetState } from './state.ts';
import { assertSeen, assertSubsetLabels, labelsOf, versionLabels } from './subsets.ts';
import type { VersionLabels } from './subsets.ts';
import {
  describeEdit,
  editsOf,
  newestRecord,
  placeOf,
  trafficOf,
  observeRoutes,
} from './observed-routing.ts';
import type { RouteState } from './observed-routing.ts';
import { assertNoOther } from './guards/named-virtual-services.ts';
import { formatWeights, sameWeights } from '../core/weights.ts';
import type { VersionName, Weights } from '../core/weights.ts';
import { selectorOfService } from './service-port.ts';
import { workloadObjects } from './workload-objects.ts';
import { podTemplateOf } from '../kubernetes/pod-templates.ts';
import type { ReadyCheck } from '../kubernetes/ready-check.ts';

/**
 * All that a rollout has to do, in the order of its stages: each stage is finished in every cluster before the next
 * begins, so that no route ever names what is not there yet.
 */
export interface Plan {
  /** Weights to be in force at the end. */
  readonly weights: Weights;
  /** Weights in force before; undefined on a first install. */
  readonly previous: Weights | undefined;
  /** The weights that a rollback gives back after this plan. */
  readonly before: Weights | undefined;
  readonly revision: number;
  readonly workloads: readonly Change[];
  readonly ready: readonly ReadyCheck[];
  /** Versions whose pods get users' requests as soon as they are ready, as the routes stand. */
  readonly live: readonly VersionName[];
  /** DestinationRules and Gateways: what the routes refer to. */
  readonly subsets: readonly Change[];
  /** VirtualServices with preview routes; the weights are those in force. */
  readonly previews: readonly Change[];
  /** Versions that must answer a preview request through every ingress before the weights change. */
  readonly probes: readonly VersionName[];
  /** VirtualServices with the new weights. */
  readonly routes: readonly Change[];
  /** What it brings about beside what was asked, a sentence each. */
  readonly warnings: readonly string[];
}

/** `forward`: a step of the release; `back`: giving back weights of its history, whatever was edited since. */
export type Direction = 'forward' | 'back';

/**
 * What has to change so that the fleet holds what the release asks for. Pure.
 *
 * @throws CanaryError where what stands there does not allow it: nothing may be written then
 */
export function planRollout(release: Release, fleet: FleetState, direction: Direction = 'forward'): Plan {
  assertManifestsFit(release, fleet);
  const inForce = observeRoutes(release, fleet);
  if (direction === 'forward') assertRouteToService(release, inForce);
  const previous = inForce.find(({ weights }) => weights !== undefined)?.weights;
  const weights = withoutAbsent(release, fleet, inForce, targetWeights(release, inForce, previous));
  if (direction === 'forward') {
    assertNotEdited(inForce, weights);
    for (const cluster of release.configClusters) assertNoOther(release, trafficOf(fleet, cluster), cluster);
  }
  assertNoStranger(release, fleet, inForce, weights);
  const versions = [...weights.keys()];
  if (direction === 'forward') assertSubsetLabels(inForce, versions);
  const labels = versionLabels(inForce, versions);
  const workloads = allClusters(release).flatMap((cluster) =>
    workloadChanges(release, stateOf(fleet, cluster), labels, fleet),
  );
  if (direction === 'forward') {
    assertApart(overlaps(release, fleet, inForce, versions, workloads));
    assertRoutesNameSubsets(release, fleet, inForce, versions, workloads);
    assertNoSecondEntrance(release, fleet, inForce);
  }
  assertPortsStay(release, fleet, workloads);
  assertNamed(release, fleet, workloads);
  const raised = versions.filter((version) => isRaised(inForce, version, weights.get(version) ?? 0));
  const ready = readyChecks(release, fleet, inForce, weights, raised, workloads);
  const history = historyAfter(newestRecord(inForce), previous, weights, direction);
  const traffic = trafficChanges(release, fleet, inForce, { weights, raised, history });
  if (direction === 'forward') assertSeen(release, fleet, inForce, versions, traffic.subsets);
  const live = liveVersions(release, fleet, inForce, versions);
  const warnings = [
    ...endedPolicies(release, inForce, traffic.subsets),
    ...keptReplicas(release, fleet, workloads),
  ];
  return { weights, previous, before: history.at(-1), workloads, ready, live, ...traffic, warnings };
}

/** Whether a version gets more than some cluster gives it now. */
function isRaised(inForce: readonly RouteState[], version: VersionName, weight: number): boolean {
  return inForce.some(({ weights }) => weight > (weights?.get(version) ?? 0));
}

/**
 * The earlier weights to keep: a step forward adds those it leaves, a step back takes away those it gives back, but none
 * where the release is at them already.
 */
function historyAfter(
  record: ReleaseRecord | undefined,
  previous: Weights | undefined,
  weights: Weights,
  direction: Direction,
): readonly Weights[] {
  const history = record?.history ?? [];
  if (direction === 'back') {
    if (record?.weights !== undefined && sameWeights(record.weights, weights)) return history;
    const index = history.findLastIndex((earlier) => sameWeights(earlier, weights));
    return index < 0 ? history : history.slice(0, index);
  }
  // A step that was cut off has written its history where it arrived; the other clusters still hold what it left.
  const left = record?.weights ?? previous;
  return left === undefined || sameWeights(left, weights) ? history : [...history, left];
}

function stateOf(fleet: FleetState, cluster: ClusterName): ClusterState {
  const state = fleet.get(cluster);
  if (state === undefined) throw new Error(`${cluster} was not read`);
  return state;
}

/** The weights asked for, or those in force with the new versions at 0; versions in force that are not named get 0. */
function targetWeights(
  release: Release,
  inForce: readonly RouteState[],
  previous: Weights | undefined,
): Weights {
  const asked = release.traffic.weights;
  const named = namedVersions(release);
  if (asked === undefined) assertAgreed(inForce);
  const start = asked ?? previous;
  if (start !== undefined) {
    // The order of the versions in force stays, so that another order in the inputs changes nothing.
    const versions = new Set([...(previous?.keys() ?? []), ...start.keys(), ...named]);
    return new Map([...versions].map((version) => [version, start.get(version) ?? 0]));
  }
  const [only, ...others] = named;
  if (
    only !== undefined &&
    others.length === 0 &&
    inForce.every(({ virtualService }) => managesNothing(release, virtualService))
  ) {
    return new Map([[only, 100]]);
  }
  throw new CanaryError(
    `The input weights is not set, and no route gives ${release.app} weights yet that could be kept (versions: ${named.join(', ') || 'none named'}). Set it, for example weights: ${formatWeights(new Map(named.map((v, i) => [v, i === 0 ? 100 : 0])))}.`,
  );
}

/**
 * The target without the versions that get nothing and run nowhere: named for later, or left over from a retirement. A
 * preview of such a version could never be seen.
 */
function withoutAbsent(
  release: Release,
  fleet: FleetState,
  inForce: readonly RouteState[],
  weights: Weights,
): Weights {
  // The pods of a version just retired take a while to go.
  const staying = new Map(
    [...fleet].map(([name, state]) => [
      name,
      { ...state, pods: state.pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined) },
    ]),
  );
  return new Map(
    [...weights].filter(
      ([version, weight]) =>
        weight > 0 ||
        inForce.some((one) => (one.weights?.get(version) ?? 0) > 0) ||
        runsSomewhere(release, staying, labelsOf(inForce, version), version),
    ),
  );
}

/** Weights in force can be kept only where there is one answer to what they are. */
function assertAgreed(inForce: readonly RouteState[]): void {
  const held = inForce.flatMap((one) =>
    one.weights === undefined ? [] : [{ place: placeOf(one, inForce), weights: one.weights }],
  );
  const [first] = held;
  if (first === undefined || held.every(({ weights }) => sameWeights(weights, first.weights))) return;
  const where = held.map(({ place, weights }) => `${formatWeights(weights)} in ${place}`).join(', ');
  throw new CanaryError(
    `The input weights is not set, and the clusters hold different weights: ${where}. Set it to those that all shall hold.`,
  );
}

function managesNothing(release: Release, vs: VirtualService | undefined): boolean {
  return vs === undefined || routesTo(vs, release).length === 0;
}

function assertNotEdited(inForce: readonly RouteState[], weights: Weights): void {
  const edits = editsOf(inForce).filter(({ found }) => found === undefined || !sameWeights(found, weights));
  if (edits.length === 0) return;
  throw new CanaryError(
    `${edits.map(describeEdit).join('. ')}. It is not overwritten: give the route the recorded weights again, or ask for the weights that it holds now.`,
  );
}

function workloadChanges(
  release: Release,
  state: ClusterState,
  labels: VersionLabels,
  fleet: FleetState,
): readonly Change[] {
  const objects = [...labels.keys()]
    .filter((version) => clustersOf(release, version).includes(state.name))
    .flatMap((version) => workloadObjects(release, state, version, labels, fleet));
  const own = objects.find(({ object }) => isNamespaceOf(release, object))?.object;
  const namespace = namespaceObject(release, state, own);
  return unique([...(namespace === undefined ? [] : [namespace]), ...objects]).map(({ object, reason }) => ({
    cluster: state.name,
    verb: 'apply',
    object,
    before: undefined,
    reason,
  }));
}

/** Versions that run side by side share Service and namespace: each is applied once, as it comes first. */
function unique<T extends { readonly object: KubeObject }>(objects: readonly T[]): readonly T[] {
  return objects.filter(
    ({ object }, i) => objects.findIndex((other) => nameOf(other.object) === nameOf(object)) === i,
  );
}

function readyChecks(
  release: Release,
  fleet: FleetState,
  inForce: readonly RouteState[],
  weights: Weights,
  raised: readonly VersionName[],
  workloads: readonly Change[],
): readonly ReadyCheck[] {
  return [...weights.keys()].flatMap((version) => {
    const clusters = clustersOf(release, version);
    const own = labelsOf(inForce, version);
    return clusters.flatMap((cluster): readonly ReadyCheck[] => {
      const place = placeOfPods(stateOf(fleet, cluster));
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
      // A version that gains no traffic and is not deployed here owes nothing.
      if (!gains && deployed.length === 0) return [];
      const selector = serviceSelector(release, stateOf(fleet, cluster), version, own);
      const labels = { ...selector, ...own };
      return [{ cluster, version, labels, place, workloads: deployed, gains }];
    });
  });
}

/** The labels by which the Service picks pods; they must leave the choice of version to the subsets. */
function serviceSelector(
  release: Release,
  state: ClusterState,
  version: VersionName,
  labels: Labels,
): Labels {
  const selector = selectorOfService(release, state);
  const key = Object.keys(labels).find(
    (name) => selector[name] !== undefined && selector[name] !== labels[name],
  );
  if (key !== undefined) {
    throw new CanaryError(
      `Service ${release.namespace}/${release.app} in ${state.name} selects ${key}: ${selector[key] ?? ''} alone, so ${version} would get no traffic there. Take the label ${key} out of its selector.`,
    );
  }
  return selector;
}

function assertNoStranger(
  release: Release,
  fleet: FleetState,
  inForce: readonly RouteState[],
  weights: Weights,
): void {
  const stranger = [...weights.keys()].find((version) => {
    const labels = labelsOf(inForce, version);
    return (weights.get(version) ?? 0) > 0 && !runsSomewhere(release, fleet, labels, version);
  });
  if (stranger !== undefined) {
    throw new CanaryError(
      `Version ${stranger} is to get ${String(weights.get(stranger))} % of the traffic, but no pod of ${release.app} in ${[...fleet.keys()].join(', ')} is labelled ${formatLabels(labelsOf(inForce, stranger))}, and there is no image for it. Set the input image (${stranger}=…), or correct the weights.`,
    );
  }
}

/** Whether a version runs somewhere, or will: without that its weight would be served by nobody. */
function runsSomewhere(release: Release, fleet: FleetState, labels: Labels, version: VersionName): boolean {
  if (
    release.workload.images.has(version) ||
    (version === release.version && release.workload.manifests !== undefined)
  )
    return true;
  // Of the pods that the Service picks, the subset takes those with its labels: another app's pods may carry them too.
  return [...fleet.values()].some((state) => {
    const picked = { ...selectorOfService(release, state), ...labels };
    const place = placeOfPods(state);
    return state.pods.some((pod) => selectsEndpoint(picked, candidateOf(pod), place) !== false);
  });
}
