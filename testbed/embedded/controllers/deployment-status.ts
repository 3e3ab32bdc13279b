import { timestamp, type KubeObject } from '../api/objects.ts';
import { at, numberAt, objectsAt, textAt, type JsonObject } from '../json.ts';
import { conditionOf, withDatedCondition } from './conditions.ts';
import { desired, limitsOf } from './rollout.ts';

export interface DeploymentReport {
  readonly status: JsonObject;
  /** Milliseconds until the rollout's deadline has to be checked; absent without a rollout. */
  readonly lookAgainMs: number | undefined;
}

/**
 * The status of a Deployment, by the rules of the deployment controller of Kubernetes.
 *
 * @param current the ReplicaSet of the present template; a paused Deployment may have none
 * @param isNew whether `current` was made just now
 */
export function reportOn(
  deployment: KubeObject,
  current: KubeObject | undefined,
  old: readonly KubeObject[],
  isNew: boolean,
): DeploymentReport {
  const sets = [...(current === undefined ? [] : [current]), ...old];
  const sum = (field: string): number =>
    sets.reduce((total, set) => total + (numberAt(set, 'status', field) ?? 0), 0);
  const { wanted, unavailable } = limitsOf(deployment);
  const counts = {
    replicas: sum('replicas'),
    updatedReplicas: numberAt(current, 'status', 'replicas') ?? 0,
    readyReplicas: sum('readyReplicas'),
    availableReplicas: sum('availableReplicas'),
  };
  const asked = sets.reduce((total, set) => total + desired(set), 0);
  const missing = Math.max(0, Math.max(asked, counts.replicas) - counts.availableReplicas);

  const progress = progressing(deployment, current, counts, isNew);
  let conditions = withDatedCondition(
    objectsAt(deployment, 'status', 'conditions'),
    'Progressing',
    progress.condition,
  );
  conditions = withDatedCondition(
    conditions,
    'Available',
    counts.availableReplicas >= wanted - unavailable
      ? {
          status: 'True',
          reason: 'MinimumReplicasAvailable',
          message: 'Deployment has minimum availability.',
        }
      : {
          status: 'False',
          reason: 'MinimumReplicasUnavailable',
          message: 'Deployment does not have minimum availability.',
        },
  );
  const failure = sets
    .map((set) => conditionOf(set, 'ReplicaFailure'))
    .find((condition) => condition !== undefined);
  conditions = withDatedCondition(conditions, 'ReplicaFailure', failure);

  return {
    status: {
      observedGeneration: deployment.metadata.generation,
      ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
      ...(missing > 0 ? { unavailableReplicas: missing } : {}),
      terminatingReplicas: sum('terminatingReplicas'),
      conditions,
    },
    lookAgainMs: progress.lookAgainMs,
  };
}

interface Counts {
  readonly replicas: number;
  readonly updatedReplicas: number;
  readonly readyReplicas: number;
  readonly availableReplicas: number;
}

function progressing(
  deployment: KubeObject,
  current: KubeObject | undefined,
  counts: Counts,
  isNew: boolean,
): { readonly condition: JsonObject; readonly lookAgainMs: number | undefined } {
  const name = current?.metadata.name ?? '';
  const deadline = (numberAt(deployment, 'spec', 'progressDeadlineSeconds') ?? 600) * 1000;
  const known = conditionOf(deployment, 'Progressing');
  const condition = (status: 'True' | 'False' | 'Unknown', reason: string, message: string): JsonObject => ({
    status,
    reason,
    message,
    lastUpdateTime: timestamp(),
  });
  const isPaused = at(deployment, 'spec', 'paused') === true;
  if (isPaused && known?.['reason'] !== 'ProgressDeadlineExceeded') {
    const paused = condition('Unknown', 'DeploymentPaused', 'Deployment is paused');
    return {
      condition: known?.['reason'] === 'DeploymentPaused' ? known : paused,
      lookAgainMs: undefined,
    };
  }
  if (isNew || known === undefined) {
    const created = condition('True', 'NewReplicaSetCreated', `Created new replica set "${name}"`);
    return { condition: created, lookAgainMs: deadline };
  }
  if (known['reason'] === 'DeploymentPaused') {
    const resumed = condition('Unknown', 'DeploymentResumed', 'Deployment is resumed');
    return { condition: resumed, lookAgainMs: deadline };
  }
  const before = (field: string): number => numberAt(deployment, 'status', field) ?? 0;
  const { wanted } = limitsOf(deployment);
  const isOver = known['reason'] === 'NewReplicaSetAvailable' && counts.replicas === counts.updatedReplicas;
  if (isOver) return { condition: known, lookAgainMs: undefined };

  const { replicas, updatedReplicas, readyReplicas, availableReplicas } = counts;
  if (updatedReplicas === wanted && replicas === wanted && availableReplicas === wanted) {
    const message = `ReplicaSet "${name}" has successfully progressed.`;
    return { condition: condition('True', 'NewReplicaSetAvailable', message), lookAgainMs: undefined };
  }
  const hasProgressed =
    updatedReplicas > before('updatedReplicas') ||
    replicas - updatedReplicas < before('replicas') - before('updatedReplicas') ||
    readyReplicas > before('readyReplicas') ||
    availableReplicas > before('availableReplicas');
  if (hasProgressed) {
    const message = `ReplicaSet "${name}" is progressing.`;
    return { condition: condition('True', 'ReplicaSetUpdated', message), lookAgainMs: deadline };
  }
  const waited = Date.now() - Date.parse(textAt(known, 'lastUpdateTime') ?? timestamp());
  if (waited < deadline) return { condition: known, lookAgainMs: deadline - waited };
  const message = `ReplicaSet "${name}" has timed out progressing.`;
  return { condition: condition('False', 'ProgressDeadlineExceeded', message), lookAgainMs: undefined };
}
