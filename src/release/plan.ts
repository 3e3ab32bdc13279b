import { planTraffic, raisedVersions } from './plan-traffic.ts';
import type { TrafficPlan } from './plan-traffic.ts';
import { planWorkloads } from './plan-workloads.ts';
import { readyChecks } from './ready-checks.ts';
import { keptReplicas } from './replicas.ts';
import { rollbackWeights, targetWeights } from './target-weights.ts';
import { stepBack, stepForward } from './traffic-target.ts';
import { observedAfter } from './observation.ts';
import type { Observation } from './observation.ts';
import { plannerOf } from './traffic-planners.ts';
import { namedVersions } from './release.ts';
import { liveVersions } from './injection.ts';
import { assertServicePortsStay } from './guards/service-ports-stay.ts';
import { assertSubsetLabelsCompatible } from './guards/subset-labels-compatible.ts';
import { supersededRules } from './superseded-rules.ts';
import { assertPodsFitMesh } from './guards/pods-fit-mesh.ts';
import { assertGatewayUnambiguous } from './guards/gateway-unambiguous.ts';
import { assertOwnMarks } from './guards/own-marks.ts';
import { assertManifestsFit } from './guards/manifests-fit.ts';
import { assertTargetPortNamed } from './guards/target-port-named.ts';
import { subsetOverlaps } from './subset-overlaps.ts';
import { assertSubsetsDisjoint } from './guards/subsets-disjoint.ts';
import { assertVersionsRun } from './guards/versions-run.ts';
import { assertWeightsNotEdited } from './guards/weights-not-edited.ts';
import type { VersionName, Weights } from '../core/weights.ts';
import type { Change } from '../kubernetes/change.ts';
import type { ReadyCheck } from '../kubernetes/readiness.ts';

/**
 * All that a rollout has to do, in the order of its stages: each stage is finished in every cluster before the next
 * begins, so that no route ever names what does not exist yet.
 */
export interface Plan extends TrafficPlan {
  /** Weights in force before; undefined on a first install. */
  readonly previous: Weights | undefined;
  readonly workloads: readonly Change[];
  /**
   * What moves routes from the app's Service to those of the versions, to the same effect, before any pod is written; the rest of the
   * plan starts from there.
   */
  readonly pins?: TrafficPlan | undefined;
  readonly ready: readonly ReadyCheck[];
  /** Versions whose pods get users' requests as soon as they are ready, by the routes as they are. */
  readonly live: readonly VersionName[];
  /** Side effects, a sentence each. */
  readonly warnings: readonly string[];
}

/**
 * What has to change so that the fleet holds what the release asks for, in `rollout`, `plan` and `promote`. Pure.
 *
 * The first guard that refuses ends the run, so their order decides which message users see: manifests and route, then weights,
 * then what is planned of workloads, and at last the subsets of the planned traffic.
 *
 * @param asked the weights to bring; undefined keeps those in force
 * @throws CanaryError where the state of the fleet does not allow it: nothing may be written then
 */
export function planRollout(
  observed: Observation,
  asked: Weights | undefined = observed.release.traffic.weights,
): Plan {
  assertManifestsFit(observed.release, observed.fleet);
  assertGatewayUnambiguous(observed);
  const planner = plannerOf(observed);
  planner.assertRoutes(observed);
  assertOwnMarks(observed);
  const weights = targetWeights(observed, asked, namedVersions(observed.release, asked));
  assertWeightsNotEdited(observed, weights);
  planner.assertAlone(observed);
  assertVersionsRun(observed, weights);
  const versions = [...weights.keys()];
  assertSubsetLabelsCompatible(observed.routes, versions);
  const workloads = planWorkloads(observed, versions);
  assertSubsetsDisjoint(subsetOverlaps(observed, versions, workloads));
  planner.assertReferences(observed, versions, workloads);
  const pinned = planner.pinned(observed, versions, workloads);
  assertPodsFitMesh(observed, versions, workloads);
  planner.assertEntrance(observed);
  assertServicePortsStay(observed.release, observed.fleet, workloads);
  assertTargetPortNamed(observed.release, observed.fleet, workloads);
  const pins = pinned === undefined ? undefined : planTraffic(observed, stepForward(observed, pinned));
  const start = pins === undefined ? observed : observedAfter(observed, pins);
  const ready = readyChecks(start, versions, raisedVersions(start, weights), workloads);
  const traffic = planTraffic(start, stepForward(start, weights));
  planner.assertReached(observed, versions, traffic.subsets);
  return {
    ...traffic,
    ...(pins === undefined ? {} : { pins }),
    previous: start.weights,
    workloads,
    ready,
    live: liveVersions(start, versions),
    warnings: [
      ...supersededRules(observed, traffic.subsets),
      ...keptReplicas(observed.release, observed.fleet, workloads),
    ],
  };
}

/**
 * What has to change so that the fleet holds earlier weights, whatever was edited since. Deploys nothing. Pure.
 *
 * @throws CanaryError where nobody would serve them: nothing may be written then
 */
export function planRollback(observed: Observation, earlier: Weights): Plan {
  const weights = rollbackWeights(observed, earlier);
  assertVersionsRun(observed, weights);
  const versions = [...weights.keys()];
  const ready = readyChecks(observed, versions, raisedVersions(observed, weights), []);
  const traffic = planTraffic(observed, stepBack(observed, weights));
  return {
    ...traffic,
    previous: observed.weights,
    workloads: [],
    ready,
    live: liveVersions(observed, versions),
    warnings: supersededRules(observed, traffic.subsets),
  };
}
