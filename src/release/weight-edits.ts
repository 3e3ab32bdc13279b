import type { ClusterName } from '../core/names.ts';
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
  /** `kubectl-edit at 2026-11-22T10:00:00Z`; empty where the object does not tell. */
  readonly by: string;
}

/** The config clusters where someone else changed the weights since the action wrote them. */
export function editsOf(routes: readonly RouteState[]): readonly WeightEdit[] {
  return routes.flatMap(({ cluster, object, record, weights }) => {
    const recorded = record?.weights;
    if (object === undefined || recorded === undefined) return [];
    if (weights !== undefined && sameWeights(weights, recorded)) return [];
    return [{ cluster, object, recorded, found: weights, by: lastEditor(object) }];
  });
}

/** `VirtualService … in west holds v1=50,v2=50 instead of v1=80,v2=20 (kubectl-edit at …)`. */
export function describeEdit(edit: WeightEdit): string {
  const found = edit.found === undefined ? 'no weights' : formatWeights(edit.found);
  const by = edit.by === '' ? '' : ` (last written by ${edit.by})`;
  return `${nameOf(edit.object)} in ${edit.cluster} holds ${found} instead of the ${formatWeights(edit.recorded)} that the last release step wrote${by}`;
}

/**
 * Who last wrote an object, and when, by its managed fields; empty where they do not say. A controller that reports the status of the object
 * has changed nothing of it.
 */
export function lastEditor({ metadata }: KubeObject): string {
  const [last] = (metadata.managedFields ?? [])
    .filter(({ subresource }) => subresource !== 'status')
    .toSorted((a, b) => (b.time ?? '').localeCompare(a.time ?? ''));
  return last?.manager === undefined ? '' : `${last.manager} at ${last.time ?? 'an unknown time'}`;
}
