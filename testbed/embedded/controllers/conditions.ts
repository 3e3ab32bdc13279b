import { timestamp, type KubeObject } from '../api/objects.ts';
import { objectsAt, type JsonObject } from '../json.ts';

export function conditionOf(object: KubeObject, type: string): JsonObject | undefined {
  return objectsAt(object, 'status', 'conditions').find((condition) => condition['type'] === type);
}

/**
 * A list of conditions with one of them set, or removed where `condition` is `undefined`. The time of transition
 * changes only with the status.
 */
export function withCondition(
  conditions: readonly JsonObject[],
  type: string,
  condition: JsonObject | undefined,
): JsonObject[] {
  const old = conditions.find((candidate) => candidate['type'] === type);
  if (condition === undefined) return conditions.filter((candidate) => candidate !== old);
  const since = old?.['status'] === condition['status'] ? old?.['lastTransitionTime'] : undefined;
  const next: JsonObject = { ...condition, type, lastTransitionTime: since ?? timestamp() };
  return old === undefined
    ? [...conditions, next]
    : conditions.map((candidate) => (candidate === old ? next : candidate));
}

/** The same for the conditions of a Deployment, which also have the time of the last update. */
export function withDatedCondition(
  conditions: readonly JsonObject[],
  type: string,
  condition: JsonObject | undefined,
): JsonObject[] {
  const old = conditions.find((candidate) => candidate['type'] === type);
  const unchanged =
    condition !== undefined &&
    ['status', 'reason', 'message'].every((field) => old?.[field] === condition[field]);
  const lastUpdateTime = condition?.['lastUpdateTime'] ?? (unchanged ? old?.['lastUpdateTime'] : timestamp());
  return withCondition(
    conditions,
    type,
    condition === undefined ? undefined : { ...condition, lastUpdateTime },
  );
}
