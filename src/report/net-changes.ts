import type { ClusterName } from '../core/names.ts';
import type { RecordedChange } from './run-record.ts';

/** The effect of a whole run on one object. */
export interface NetChange {
  readonly cluster: ClusterName;
  /** `VirtualService gray-demo/helloworld` */
  readonly object: string;
  /** Distinct reasons of the writes, in order. */
  readonly reasons: readonly string[];
  readonly writes: readonly RecordedChange[];
  /** YAML before the first write and after the last one; undefined if the object did not exist. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** The objects that were written, in the order of their first writes. */
export function netChanges(changes: readonly RecordedChange[]): readonly NetChange[] {
  const groups = Map.groupBy(changes, ({ cluster, object }) => JSON.stringify([cluster, object]));
  return [...groups.values()].flatMap((writes) => {
    const [first] = writes;
    if (first === undefined) return [];
    const { cluster, object, before } = first;
    const reasons = [...new Set(writes.map(({ reason }) => reason))];
    return [{ cluster, object, reasons, writes, before, after: writes.at(-1)?.after }];
  });
}
