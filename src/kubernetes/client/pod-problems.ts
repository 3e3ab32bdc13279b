import { nameOf } from '../objects.ts';
import type { ContainerStatus, Deployment, Pod } from '../objects.ts';
import { isReady } from '../pods.ts';
import { PODS } from '../../core/deadlines.ts';

/** Something that keeps a version from getting ready. */
export interface PodProblem {
  /** Tells this container or workload from every other. */
  readonly key: string;
  readonly text: string;
  /** How long it may last before waiting is of no use, in ms; undefined: as long as the whole wait. */
  readonly limitMs: number | undefined;
}

/** Reasons for which a container does not start, with the time they may last, in ms. */
const LIMITS: ReadonlyMap<string, number> = new Map([
  // Both follow from the manifest alone.
  ['InvalidImageName', 0],
  ['ErrImageNeverPull', 0],
  ['ImagePullBackOff', PODS.cannotStartMs],
  ['ErrImagePull', PODS.cannotStartMs],
  ['CreateContainerConfigError', PODS.cannotStartMs],
  ['CreateContainerError', PODS.cannotStartMs],
  ['RunContainerError', PODS.cannotStartMs],
  ['CrashLoopBackOff', PODS.crashingMs],
]);

/** Remembers since when each trouble has been seen, so that only one that lasts ends a wait. */
export class ProblemTracker {
  readonly #longestMs: number;
  /** By the trouble's key, `performance.now()` of its first sight. */
  readonly #since = new Map<string, number>();

  /** @param timeoutMs of the whole wait; no trouble is given more than half of it */
  constructor(timeoutMs: number) {
    this.#longestMs = timeoutMs / 2;
  }

  /** For how long a trouble has been seen, in ms, where that is too long. A container that runs between two crashes keeps its time. */
  exceeded({ key, limitMs }: PodProblem): number | undefined {
    if (limitMs === undefined) return undefined;
    const now = performance.now();
    const since = this.#since.get(key) ?? now;
    this.#since.set(key, since);
    return now - since >= Math.min(limitMs, this.#longestMs) ? now - since : undefined;
  }

  /** A pod that is ready starts anew. */
  forgetReady(pods: readonly Pod[]): void {
    for (const pod of pods.filter(isReady)) {
      for (const key of this.#since.keys()) if (key.startsWith(keyOf(pod))) this.#since.delete(key);
    }
  }
}

function keyOf(pod: Pod): string {
  return `${nameOf(pod)}/`;
}

/** What is wrong with each pod that is not ready and is to stay. */
export function podProblems(pods: readonly Pod[]): readonly PodProblem[] {
  return pods
    .filter((pod) => !isReady(pod) && pod.metadata.deletionTimestamp === undefined)
    .flatMap((pod) => containerTroubles(pod) ?? unreadiness(pod) ?? []);
}

function containerTroubles(pod: Pod): PodProblem | undefined {
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  for (const status of statuses) {
    const { reason = '', message } = status.state?.waiting ?? {};
    const limitMs = LIMITS.get(reason);
    if (limitMs === undefined) continue;
    const image = containers.find(({ name }) => name === status.name)?.image ?? 'unknown';
    const text = [`container ${status.name} of ${nameOf(pod)}, image ${image}: ${reason}`, message]
      .filter((part) => part !== undefined)
      .join(': ');
    return { key: `${keyOf(pod)}${status.name}`, text: text + crashOf(status), limitMs };
  }
  return undefined;
}

function crashOf(status: ContainerStatus): string {
  const code = status.lastState?.terminated?.exitCode;
  return code === undefined
    ? ''
    : ` (exit code ${String(code)}, ${String(status.restartCount ?? 0)} restarts)`;
}

function unreadiness(pod: Pod): PodProblem | undefined {
  const unready = pod.status?.conditions?.find(
    ({ type, status }) => (type === 'Ready' || type === 'PodScheduled') && status === 'False',
  );
  if (unready === undefined) return undefined;
  const text = [`${nameOf(pod)}: ${unready.reason ?? 'not ready'}`, unready.message]
    .filter((part) => part !== undefined)
    .join(': ');
  return { key: keyOf(pod), text, limitMs: undefined };
}

/** What a workload's own conditions say, once its controller has seen the present generation. */
export function workloadProblem({ status, ...workload }: Deployment): PodProblem | undefined {
  const condition = (type: string, is: string): { reason?: string; message?: string } | undefined =>
    status?.conditions?.find((each) => each.type === type && each.status === is);
  const key = nameOf(workload);
  const refused = condition('ReplicaFailure', 'True');
  if (refused !== undefined) {
    const text = `${key} cannot make its pods: ${refused.message ?? refused.reason ?? ''}`;
    return { key, text, limitMs: PODS.cannotStartMs };
  }
  const progress = condition('Progressing', 'False');
  if (progress?.reason !== 'ProgressDeadlineExceeded') return undefined;
  const text = `${key} has exceeded its progress deadline${progress.message === undefined ? '' : `: ${progress.message}`}`;
  return { key, text, limitMs: PODS.cannotStartMs };
}
