import { PODS } from '../core/deadlines.ts';
import { nameOf } from './objects.ts';
import type { ContainerStatus, Deployment, Pod } from './objects.ts';
import { isReady } from './pods.ts';

/** Something that keeps a version from becoming ready. */
export interface PodProblem {
  /** Unique to the container or the workload. */
  readonly key: string;
  readonly text: string;
  /** How long it may last before waiting becomes pointless, in ms; undefined: until the wait times out. */
  readonly limitMs: number | undefined;
}

/** Why a container may not start, and how long each reason may last, in ms. */
const LIMITS: ReadonlyMap<string, number> = new Map([
  // The manifest alone causes these two: waiting cannot help.
  ['InvalidImageName', 0],
  ['ErrImageNeverPull', 0],
  ['ImagePullBackOff', PODS.cannotStartMs],
  ['ErrImagePull', PODS.cannotStartMs],
  ['CreateContainerConfigError', PODS.cannotStartMs],
  ['CreateContainerError', PODS.cannotStartMs],
  ['RunContainerError', PODS.cannotStartMs],
  ['CrashLoopBackOff', PODS.crashingMs],
]);

/** What the keys of all problems of a pod begin with. */
export function problemPrefix(pod: Pod): string {
  return `${nameOf(pod)}/`;
}

/** What is wrong with each pod that is not ready and not being deleted. */
export function podProblems(pods: readonly Pod[]): readonly PodProblem[] {
  return pods
    .filter((pod) => !isReady(pod) && pod.metadata.deletionTimestamp === undefined)
    .flatMap((pod) => containerProblem(pod) ?? unreadiness(pod) ?? []);
}

/** What the conditions of a workload report, once its controller has observed the current generation. */
export function workloadProblem({ status, ...workload }: Deployment): PodProblem | undefined {
  const condition = (type: string, is: string): { reason?: string; message?: string } | undefined =>
    status?.conditions?.find((each) => each.type === type && each.status === is);
  const key = nameOf(workload);
  const refused = condition('ReplicaFailure', 'True');
  if (refused !== undefined) {
    const text = `${key} cannot create its pods: ${refused.message ?? refused.reason ?? ''}`;
    return { key, text, limitMs: PODS.cannotStartMs };
  }
  const progress = condition('Progressing', 'False');
  if (progress?.reason !== 'ProgressDeadlineExceeded') return undefined;
  const text = `${key} has exceeded its progress deadline${progress.message === undefined ? '' : `: ${progress.message}`}`;
  return { key, text, limitMs: PODS.cannotStartMs };
}

function containerProblem(pod: Pod): PodProblem | undefined {
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
    return { key: `${problemPrefix(pod)}${status.name}`, text: text + lastCrash(status), limitMs };
  }
  return undefined;
}

function lastCrash(status: ContainerStatus): string {
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
  return { key: problemPrefix(pod), text, limitMs: undefined };
}
