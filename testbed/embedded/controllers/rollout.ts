import { createHash } from 'node:crypto';
import type { KubeObject } from '../api/objects.ts';
import { at, numberAt, objectAt, textsAt, type Json, type JsonObject } from '../json.ts';

export const HASH_LABEL = 'pod-template-hash';
export const REVISION = 'deployment.kubernetes.io/revision';

/** How many replicas a Deployment wants, and how far it may deviate during a rollout. */
export interface Limits {
  readonly wanted: number;
  readonly surge: number;
  readonly unavailable: number;
}

export function limitsOf(deployment: KubeObject): Limits {
  const wanted = numberAt(deployment, 'spec', 'replicas') ?? 1;
  const strategy = objectAt(deployment, 'spec', 'strategy');
  if (strategy['type'] === 'Recreate') return { wanted, surge: 0, unavailable: 0 };
  const surge = amount(at(strategy, 'rollingUpdate', 'maxSurge'), wanted, Math.ceil);
  const unavailable = amount(at(strategy, 'rollingUpdate', 'maxUnavailable'), wanted, Math.floor);
  return { wanted, surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

/** A number of pods, or a percentage of the wanted ones. */
function amount(value: Json | undefined, wanted: number, round: (value: number) => number): number {
  if (typeof value === 'number') return value;
  const percent = typeof value === 'string' ? Number.parseInt(value, 10) : 25;
  return round((percent / 100) * wanted);
}

/** The size that the ReplicaSet of the current template may have now, given the sizes of the older ones. */
export function sizeOfCurrent(deployment: KubeObject, size: number, old: readonly KubeObject[]): number {
  const { wanted, surge } = limitsOf(deployment);
  const others = old.reduce((sum, set) => sum + desired(set), 0);
  const recreates = objectAt(deployment, 'spec', 'strategy')['type'] === 'Recreate';
  if (recreates) return old.every((set) => desired(set) === 0 && replicas(set) === 0) ? wanted : size;
  const room = Math.max(0, wanted + surge - others - size);
  return Math.min(wanted, size + room);
}

/** The sizes to which the older ReplicaSets are scaled down now, in their order. */
export function sizesOfOld(
  deployment: KubeObject,
  current: KubeObject,
  old: readonly KubeObject[],
): number[] {
  const { wanted, unavailable } = limitsOf(deployment);
  if (objectAt(deployment, 'spec', 'strategy')['type'] === 'Recreate') return old.map(() => 0);
  const available = [current, ...old].reduce((sum, set) => sum + availableOf(set), 0);
  let spare = Math.max(0, available - (wanted - unavailable));
  return old.map((set) => {
    // Unready replicas may be removed at once; the others only while enough remain.
    const idle = Math.max(0, desired(set) - availableOf(set));
    const down = Math.min(desired(set), idle + spare);
    spare -= Math.max(0, down - idle);
    return desired(set) - down;
  });
}

export function desired(set: KubeObject): number {
  return numberAt(set, 'spec', 'replicas') ?? 0;
}

export function replicas(set: KubeObject): number {
  return numberAt(set, 'status', 'replicas') ?? 0;
}

function availableOf(set: KubeObject): number {
  return numberAt(set, 'status', 'availableReplicas') ?? 0;
}

export function revisionOf(set: KubeObject): number {
  return Number(set.metadata.annotations?.[REVISION] ?? '0');
}

/** The pod template of a Deployment or a ReplicaSet, without the label that distinguishes ReplicaSets. */
export function templateOf(object: KubeObject): JsonObject {
  const template = objectAt(object, 'spec', 'template');
  const labels = textsAt(template, 'metadata', 'labels');
  Reflect.deleteProperty(labels, HASH_LABEL);
  return { ...template, metadata: { ...objectAt(template, 'metadata'), labels } };
}

export function hashOf(template: JsonObject): string {
  const digest = createHash('sha256').update(JSON.stringify(template)).digest('hex').slice(0, 10);
  // As in Kubernetes: digits and letters that form no words.
  const safe: Readonly<Record<string, string>> = { 0: 'b', 1: 'c', 3: 'd', a: 'f', e: 'g' };
  return digest.replaceAll(/[013ae]/g, (character) => safe[character] ?? character);
}
