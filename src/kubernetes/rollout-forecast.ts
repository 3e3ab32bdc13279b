import { inputLabel } from '../core/wording.ts';
import { isDeepStrictEqual } from 'node:util';
import type { Deployment, RollingStrategy } from './objects.ts';

/** What a write to a workload does to the pods that serve now. */
export interface RolloutForecast {
  /** The fewest ready pods until the rollout is over. */
  readonly left: number;
  /** Why there are not more: a predicate whose subject is the workload. */
  readonly why: string;
  /** A sentence. */
  readonly remedy: string;
}

const NEW_VERSION = 'or release the change as a new version';

/**
 * What a write does to the pods; undefined if they stay as they are.
 *
 * Source: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#strategy, and the pages of StatefulSet and
 * DaemonSet about rolling updates.
 *
 * @param after the workload after the write, including the server's defaults
 */
export function forecastRollout(live: Deployment, after: Deployment): RolloutForecast | undefined {
  if (after.kind !== 'DaemonSet' && replicasOf(after) === 0)
    return {
      left: 0,
      why: 'would have 0 replicas',
      remedy: `Keep at least 1 replica, or move its traffic away first (${inputLabel('weights')}).`,
    };
  if (isDeepStrictEqual(live.spec?.template, after.spec?.template)) return undefined;
  switch (after.kind) {
    case 'StatefulSet':
      return ofStatefulSet(live, after);
    case 'DaemonSet':
      return ofDaemonSet(live, after);
    default:
      return after.spec?.paused === true ? undefined : ofDeployment(live, after);
  }
}

/** The number of ready pods in a workload's status. */
export function servingOf({ kind, status = {} }: Deployment): number {
  return (kind === 'DaemonSet' ? status.numberAvailable : status.readyReplicas) ?? 0;
}

function replicasOf({ spec }: Deployment): number {
  return spec?.replicas ?? 1;
}

function ofDeployment(live: Deployment, after: Deployment): RolloutForecast {
  const { type, rollingUpdate }: RollingStrategy = after.spec?.strategy ?? {};
  if (type === 'Recreate')
    return {
      left: 0,
      why: 'has the strategy Recreate, which deletes all pods before it creates new ones',
      remedy: `Give it the strategy RollingUpdate, ${NEW_VERSION}.`,
    };
  const wanted = replicasOf(after);
  const surge = podsIn(rollingUpdate?.maxSurge ?? '25%', wanted, Math.ceil);
  const allowed = podsIn(rollingUpdate?.maxUnavailable ?? '25%', wanted, Math.floor);
  const unavailable = surge === 0 && allowed === 0 ? 1 : allowed;
  return {
    left: Math.max(0, Math.min(servingOf(live), wanted - unavailable)),
    why: `may lose ${String(unavailable)} of its ${String(wanted)} replicas at a time (maxUnavailable)`,
    remedy: `Set maxUnavailable: 0 and maxSurge: 1, ${NEW_VERSION}.`,
  };
}

function ofStatefulSet(live: Deployment, after: Deployment): RolloutForecast | undefined {
  const { type, rollingUpdate }: RollingStrategy = after.spec?.updateStrategy ?? {};
  const wanted = replicasOf(after);
  // Pods below the partition keep the earlier template; with OnDelete, all of them do.
  const replaced = wanted - (rollingUpdate?.partition ?? 0);
  if (type === 'OnDelete' || replaced <= 0) return undefined;
  const unavailable = Math.min(replaced, podsIn(rollingUpdate?.maxUnavailable ?? 1, wanted, Math.ceil));
  return {
    left: Math.max(0, Math.min(servingOf(live), wanted) - unavailable),
    why: `deletes ${String(unavailable)} of its ${String(wanted)} pods before it creates new ones`,
    remedy: `Roll out more replicas first, ${NEW_VERSION}.`,
  };
}

function ofDaemonSet(live: Deployment, after: Deployment): RolloutForecast | undefined {
  const { type, rollingUpdate }: RollingStrategy = after.spec?.updateStrategy ?? {};
  if (type === 'OnDelete') return undefined;
  const nodes = live.status?.desiredNumberScheduled ?? 0;
  const surge = podsIn(rollingUpdate?.maxSurge ?? 0, nodes, Math.ceil);
  const unavailable = surge > 0 ? 0 : podsIn(rollingUpdate?.maxUnavailable ?? 1, nodes, Math.ceil);
  return {
    left: Math.max(0, Math.min(servingOf(live), nodes) - unavailable),
    why: `deletes ${String(unavailable)} of its ${String(nodes)} pods before it creates new ones`,
    remedy: `Set maxUnavailable: 0 and maxSurge: 1, ${NEW_VERSION}.`,
  };
}

/** A number of pods, or a percentage of all of them. */
function podsIn(value: number | string, all: number, round: (value: number) => number): number {
  return typeof value === 'number' ? value : round((Number.parseFloat(value) / 100) * all);
}
