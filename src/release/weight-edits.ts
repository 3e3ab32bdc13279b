import { compareTexts } from '../core/compare-texts.ts';
import type { ClusterName } from '../core/names.ts';
import type { Editor } from '../texts/catalogue/findings.ts';
import type { Message } from '../texts/message.ts';
import { inEnglish } from '../texts/texts.ts';
import { formatWeights, sameWeights } from '../core/weights.ts';
import type { Weights } from '../core/weights.ts';
import { nameOf } from '../kubernetes/objects.ts';
import type { KubeObject } from '../kubernetes/objects.ts';
import type { RouteObject } from './route-object.ts';
import type { RouteState } from './route-state.ts';

/** A config cluster whose managed routes hold other weights than the action last wrote. */
export interface WeightEdit {
  readonly cluster: ClusterName;
  readonly object: RouteObject;
  readonly recorded: Weights;
  readonly found: Weights | undefined;
  /** undefined where the object does not tell */
  readonly by: Editor | undefined;
}

/** The config clusters where someone else changed the weights since the action wrote them. */
export function editsOf(routes: readonly RouteState[]): readonly WeightEdit[] {
  return routes.flatMap(({ cluster, object, record, weights }) => {
    const recorded = record?.weights;
    if (object === undefined || recorded === undefined) return [];
    if (weights !== undefined && sameWeights(weights, recorded)) return [];
    return [{ cluster, object, recorded, found: weights, by: editorOf(object) }];
  });
}

/** `VirtualService … in west holds v1=50,v2=50 instead of v1=80,v2=20 (kubectl-edit at …)`. */
export function describeEdit(edit: WeightEdit): string {
  return inEnglish(editMessage(edit));
}

/** The same within a sentence of any language. */
export function editMessage({ object, ...edit }: WeightEdit): Message {
  return { kind: 'weightEdit', ...edit, object: nameOf(object) };
}

/** How to go on from edits of others, in sentences: back to the recorded weights, or on from those that all of them set. */
export function editRemedy([first, ...others]: readonly WeightEdit[]): string {
  if (first === undefined) return '';
  const { recorded, found } = first;
  const back = `To restore the recorded weights, run the operation rollback with weights: ${formatWeights(recorded)}.`;
  const isOne = others.every((other) => sameWeights(other.found ?? new Map(), found ?? new Map()));
  const isSplit = [...(found?.values() ?? [])].some((weight) => weight > 0);
  return found === undefined || !isOne || !isSplit
    ? back
    : `${back} To go on from the new ones, run the operation rollout with weights: ${formatWeights(found)}.`;
}

/** `kubectl-edit at 2026-11-22T10:00:00Z`; empty where the object does not tell. */
export function lastEditor(object: KubeObject): string {
  const { manager, time = 'an unknown time' } = editorOf(object) ?? {};
  return manager === undefined ? '' : `${manager} at ${time}`;
}

/**
 * Who last wrote an object, and when, by its managed fields; undefined where they do not say. A controller that reports the status of
 * the object has changed nothing of it.
 */
export function editorOf({ metadata }: KubeObject): Editor | undefined {
  const [last] = (metadata.managedFields ?? [])
    .filter(({ subresource }) => subresource !== 'status')
    .toSorted((a, b) => compareTexts(b.time ?? '', a.time ?? ''));
  return last?.manager === undefined ? undefined : { manager: last.manager, time: last.time };
}
