import { setTimeout as delay } from 'node:timers/promises';
import { candidateOf, podLabels, selectsEndpoint } from '../pod-selection.ts';
import { CanaryError } from '../../core/errors.ts';
import { nameOf, selects } from '../objects.ts';
import type { Deployment, Pod } from '../objects.ts';
import type { ReadyCheck } from '../ready-check.ts';
import type { Cluster } from './cluster.ts';
import { hasSidecar, isMadeFrom, isReady } from '../pods.ts';
import { ProblemTracker, podProblems, workloadProblem } from './pod-problems.ts';
import type { PodProblem } from './pod-problems.ts';
import { PODS } from '../../core/deadlines.ts';

/** Between two looks: a tenth of the time that has passed, so that a long wait costs few calls and is noticed soon all the same. */
const POLL_SHARE = 0.1;
/** Counts that change are told this often at most. */
const CALM_MS = 2_000;
/** A wait that stands still says why this often. */
const STILL_MS = 30_000;

export interface ReadyOptions {
  readonly namespace: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Told when the counts change, as `east: helloworld-v2 1/3 ready`. */
  readonly onProgress: (text: string) => void;
}

/** What is still missing until a version is ready in a cluster. */
type Missing =
  | {
      /** What, and why as far as it is known. */
      readonly text: string;
      /** The same in a few words, where it is no more than a count. */
      readonly brief?: string;
      /** Waiting will not help. */
      readonly hopeless: boolean;
    }
  | undefined;

/**
 * Waits until a version can take traffic in a cluster: its workloads have rolled out, and a pod that its subset selects
 * is ready and has a sidecar.
 *
 * A container that cannot start ends the wait only when that lasts: see `trouble.ts`.
 *
 * @throws CanaryError with the cause, as soon as waiting is of no use or the time is over
 */
export async function waitUntilReady(
  cluster: Cluster,
  check: ReadyCheck,
  options: ReadyOptions,
): Promise<void> {
  const start = Date.now();
  const deadline = start + options.timeoutMs;
  const tell = calmly(options.onProgress);
  const patience = new ProblemTracker(options.timeoutMs);
  for (;;) {
    const missing = await missingFor(cluster, check, options.namespace, patience);
    if (missing === undefined) {
      const names = check.workloads.map(({ name }) => name).join(', ');
      tell.end(`${check.cluster}: ${names || check.version} ready`);
      return;
    }
    const where = `Version ${check.version} in ${check.cluster}`;
    if (missing.hopeless) throw new CanaryError(`${where} is not getting ready: ${missing.text}`);
    if (Date.now() >= deadline) {
      throw new CanaryError(
        `${where} was not ready after ${String(options.timeoutMs / 1000)} s (input ready-timeout): ${missing.text}`,
      );
    }
    tell.now(`${check.cluster}: ${missing.brief ?? missing.text}`, missing.text);
    const pause = Math.min(PODS.lastPollMs, Math.max(PODS.firstPollMs, POLL_SHARE * (Date.now() - start)));
    await delay(pause, undefined, { signal: options.signal }).catch(() => {
      options.signal.throwIfAborted();
    });
  }
}

/** Tells what changes, at a calm rate; what stands still with its reason, now and then; the end where anything was told. */
function calmly(onProgress: (text: string) => void): {
  readonly now: (brief: string, text: string) => void;
  readonly end: (text: string) => void;
} {
  let last = '';
  let at = -Infinity;
  return {
    now(brief, text) {
      const still = brief === last;
      if (Date.now() - at < (still ? STILL_MS : CALM_MS)) return;
      onProgress(still ? `${brief} (${text})` : brief);
      last = brief;
      at = Date.now();
    },
    end(text) {
      if (last !== '') onProgress(text);
    },
  };
}

/** The pods that the subset of the version selects; those of which that cannot be known too, as the preview will show it. */
async function candidatePods(
  cluster: Cluster,
  { labels, place }: ReadyCheck,
  namespace: string,
): Promise<readonly Pod[]> {
  const pods = await cluster.list<Pod>('v1', 'Pod', namespace, podLabels(labels));
  return pods.filter((pod) => selectsEndpoint(labels, candidateOf(pod), place) !== false);
}

async function missingFor(
  cluster: Cluster,
  check: ReadyCheck,
  namespace: string,
  patience: ProblemTracker,
): Promise<Missing> {
  const [pods, workloads] = await Promise.all([
    candidatePods(cluster, check, namespace),
    Promise.all(
      check.workloads.map(({ kind, name }) => cluster.read<Deployment>('apps/v1', kind, name, namespace)),
    ),
  ]);
  patience.forgetReady(pods);
  for (const [i, { kind, name }] of check.workloads.entries()) {
    const workload = workloads[i];
    if (workload === undefined)
      return { text: `${nameOf({ kind, metadata: { name, namespace } })} is gone`, hopeless: true };
    const missing = rolloutOf({ ...workload, kind }, pods, patience);
    if (missing !== undefined) return missing;
  }
  return readyPods(pods, check, patience);
}

/** How far a rollout is, in pods. */
interface RolloutProgress {
  readonly wanted: number;
  readonly done: number;
  /** Pods of an earlier template. */
  readonly old: number;
}

/** What a workload still has to do. */
function rolloutOf(workload: Deployment, pods: readonly Pod[], patience: ProblemTracker): Missing {
  const { status = {}, spec } = workload;
  const { wanted, done, old } = progressOf(workload);
  const seen = (status.observedGeneration ?? 0) >= (workload.metadata.generation ?? 0);
  if (seen && done >= wanted && !(workload.kind === 'Deployment' && old > 0)) return undefined;
  if (workload.kind === 'Deployment' && spec?.paused === true) {
    return {
      text: `${nameOf(workload)} is paused (spec.paused), so no pod of the new template is made until someone resumes it`,
      hopeless: true,
    };
  }
  if (seen && old > 0 && spec?.updateStrategy?.type === 'OnDelete') {
    return {
      text: `${nameOf(workload)} has the update strategy OnDelete, so its pods stay as they were until somebody deletes them`,
      hopeless: true,
    };
  }
  const mine = pods.filter((pod) => selects(spec?.selector?.matchLabels, pod.metadata.labels));
  const counts = `${nameOf(workload)}: ${String(done)} of ${String(wanted)} replicas ready`;
  const brief = `${workload.metadata.name} ${String(done)}/${String(wanted)} ready`;
  const made = mine.filter((pod) => isMadeFrom(spec?.template, pod));
  const own = seen ? workloadProblem(workload) : undefined;
  // A pod tells more than the workload, and what the pods of an earlier template suffer from, this rollout may be there to end.
  const trouble =
    worst([...podProblems(made), ...(own === undefined ? [] : [own])], patience) ??
    worst(podProblems(mine).map(withoutLimit), patience);
  if (trouble === undefined) return { text: counts, brief, hopeless: false };
  return { ...trouble, text: `${counts}; ${trouble.text}`, brief };
}

/** The first trouble that has lasted too long, or else the first. */
function worst(troubles: readonly PodProblem[], patience: ProblemTracker): Missing {
  const seen = troubles.map(({ text, ...rest }) => ({ text, ms: patience.exceeded({ text, ...rest }) }));
  const found = seen.find(({ ms }) => ms !== undefined) ?? seen[0];
  if (found === undefined) return undefined;
  const { text, ms } = found;
  const lasted = ms === undefined || ms < 1000 ? '' : ` (for ${(ms / 1000).toFixed(0)} s)`;
  return { text: text + lasted, hopeless: ms !== undefined };
}

function withoutLimit(trouble: PodProblem): PodProblem {
  return { ...trouble, limitMs: undefined };
}

/**
 * What each kind's status tells, as `kubectl rollout status` reads it
 * (https://github.com/kubernetes/kubectl/blob/master/pkg/polymorphichelpers/rollout_status.go).
 */
function progressOf({ kind, status = {}, spec }: Deployment): RolloutProgress {
  const { replicas = 0, updatedReplicas: updated = 0 } = status;
  const wanted = spec?.replicas ?? 1;
  switch (kind) {
    case 'StatefulSet': {
      // Those below the partition keep the earlier template, as they were told to.
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

function readyPods(pods: readonly Pod[], check: ReadyCheck, patience: ProblemTracker): Missing {
  const ready = pods.filter(isReady);
  const labels = Object.entries(check.labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  const bare = ready.find((pod) => !hasSidecar(pod));
  if (bare !== undefined) {
    return {
      text: `${nameOf(bare)} has no sidecar, so mutual TLS to it would fail. Is injection on for the namespace (input injection), and was the pod made after that?`,
      hopeless: true,
    };
  }
  if (ready.length > 0) return undefined;
  return (
    worst(podProblems(pods), patience) ?? { text: `no ready pod is labelled ${labels}`, hopeless: false }
  );
}
