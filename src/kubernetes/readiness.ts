import type { VersionName } from '../core/weights.ts';
import type { ClusterName } from '../core/names.ts';
import { isInMesh, outsideMesh } from './mesh-membership.ts';
import type { PodRequirement } from './mesh-membership.ts';
import { nameOf, selects } from './objects.ts';
import type { Deployment, Labels, Pod } from './objects.ts';
import { podProblems, workloadProblem } from './pod-problems.ts';
import type { PodProblem } from './pod-problems.ts';
import { formatLabels } from './pod-selection.ts';
import type { Place } from './pod-selection.ts';
import { isMadeFrom, isReady } from './pods.ts';
import type { ProblemTracker } from './problem-tracker.ts';

/** A workload of the release's namespace. */
interface WorkloadKey {
  readonly kind: string;
  readonly name: string;
}

/** What must be in place before a version receives users' traffic in one cluster. */
export interface ReadyCheck {
  readonly cluster: ClusterName;
  readonly version: VersionName;
  /** Selects the pods that must be ready: the labels of the subset, and those of the Service. */
  readonly labels: Labels;
  /** Where these pods run, since a subset may select by that as well. */
  readonly place: Place;
  /** How they have to be part of the mesh. */
  readonly pods: PodRequirement;
  /** What must have finished rolling out: Deployments, StatefulSets, DaemonSets. */
  readonly workloads: readonly WorkloadKey[];
  /** Whether the version gets more traffic; otherwise it must be ready only where it is deployed anew. */
  readonly gains: boolean;
}

/** What a version still needs before it is ready in a cluster. */
export interface Missing {
  /** What, and why if that is known. */
  readonly text: string;
  /** The same in a few words, where it is a mere count. */
  readonly brief?: string;
  /** Waiting will not help. */
  readonly hopeless: boolean;
}

/**
 * What a version still needs: a finished rollout of each workload, then a ready pod of the mesh that its subset selects.
 *
 * @param pods those that the subset selects
 * @param workloads those of the check, in its order; undefined for one that does not exist
 */
export function missingFor(
  check: ReadyCheck,
  namespace: string,
  pods: readonly Pod[],
  workloads: readonly (Deployment | undefined)[],
  tracker: ProblemTracker,
): Missing | undefined {
  tracker.forgetReady(pods);
  for (const [i, { kind, name }] of check.workloads.entries()) {
    const workload = workloads[i];
    if (workload === undefined)
      return { text: `${nameOf({ kind, metadata: { name, namespace } })} no longer exists`, hopeless: true };
    const missing = missingFromRollout({ ...workload, kind }, pods, tracker);
    if (missing !== undefined) return missing;
  }
  return missingPods(pods, check, tracker);
}

/** How far a rollout has come, in pods. */
interface RolloutProgress {
  readonly wanted: number;
  readonly done: number;
  /** Pods of an earlier template. */
  readonly old: number;
}

/**
 * Read from the status of each kind, as `kubectl rollout status` does
 * (https://github.com/kubernetes/kubectl/blob/master/pkg/polymorphichelpers/rollout_status.go).
 */
function progressOf({ kind, status = {}, spec }: Deployment): RolloutProgress {
  const { replicas = 0, updatedReplicas: updated = 0 } = status;
  const wanted = spec?.replicas ?? 1;
  switch (kind) {
    case 'StatefulSet': {
      // Pods below the partition keep the earlier template.
      const kept = Math.min(wanted, spec?.updateStrategy?.rollingUpdate?.partition ?? 0);
      const { readyReplicas: ready = 0 } = status;
      return { wanted, done: Math.min(updated + kept, ready), old: replicas - updated };
    }
    case 'DaemonSet': {
      const { desiredNumberScheduled = 0, currentNumberScheduled = 0, updatedNumberScheduled = 0 } = status;
      const done = Math.min(updatedNumberScheduled, status.numberAvailable ?? 0);
      return { wanted: desiredNumberScheduled, done, old: currentNumberScheduled - updatedNumberScheduled };
    }
    default:
      return { wanted, done: Math.min(updated, status.availableReplicas ?? 0), old: replicas - updated };
  }
}

function missingFromRollout(
  workload: Deployment,
  pods: readonly Pod[],
  tracker: ProblemTracker,
): Missing | undefined {
  const { status = {}, spec } = workload;
  const { wanted, done, old } = progressOf(workload);
  const observed = (status.observedGeneration ?? 0) >= (workload.metadata.generation ?? 0);
  if (observed && done >= wanted && !(workload.kind === 'Deployment' && old > 0)) return undefined;
  if (workload.kind === 'Deployment' && spec?.paused === true) {
    return {
      text: `${nameOf(workload)} is paused (spec.paused), so it creates no pods from the new template until someone resumes it`,
      hopeless: true,
    };
  }
  if (observed && old > 0 && spec?.updateStrategy?.type === 'OnDelete') {
    return {
      text: `${nameOf(workload)} has the update strategy OnDelete, so its pods keep the old template until someone deletes them`,
      hopeless: true,
    };
  }
  const own = pods.filter((pod) => selects(spec?.selector?.matchLabels, pod.metadata.labels));
  const counts = `${nameOf(workload)}: ${String(done)} of ${String(wanted)} replicas ready`;
  const brief = `${workload.metadata.name} ${String(done)}/${String(wanted)} ready`;
  const current = own.filter((pod) => isMadeFrom(spec?.template, pod));
  const ofWorkload = observed ? workloadProblem(workload) : undefined;
  // A pod explains more than its workload. This rollout may fix the problems of pods of an earlier template, so those end no wait.
  const problem =
    worst([...podProblems(current), ...(ofWorkload === undefined ? [] : [ofWorkload])], tracker) ??
    worst(podProblems(own).map(withoutLimit), tracker);
  if (problem === undefined) return { text: counts, brief, hopeless: false };
  return { ...problem, text: `${counts}; ${problem.text}`, brief };
}

function missingPods(pods: readonly Pod[], check: ReadyCheck, tracker: ProblemTracker): Missing | undefined {
  const ready = pods.filter(isReady);
  const outside = ready.find((pod) => !isInMesh(check.pods, pod));
  if (outside !== undefined) return { text: outsideMesh(check.pods, outside), hopeless: true };
  if (ready.length > 0) return undefined;
  const none = `no ready pod has the labels ${formatLabels(check.labels)}`;
  return worst(podProblems(pods), tracker) ?? { text: none, hopeless: false };
}

/** The first problem that has lasted too long, or else the first. */
function worst(problems: readonly PodProblem[], tracker: ProblemTracker): Missing | undefined {
  const seen = problems.map((problem) => ({ text: problem.text, ms: tracker.exceeded(problem) }));
  const found = seen.find(({ ms }) => ms !== undefined) ?? seen[0];
  if (found === undefined) return undefined;
  const { text, ms } = found;
  const lasted = ms === undefined || ms < 1000 ? '' : ` (for ${(ms / 1000).toFixed(0)} s)`;
  return { text: text + lasted, hopeless: ms !== undefined };
}

function withoutLimit(problem: PodProblem): PodProblem {
  return { ...problem, limitMs: undefined };
}
