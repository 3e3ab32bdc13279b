import type { ClusterName } from '../core/names.ts';
import type { RecordedChange } from './run-record.ts';

/** What a whole run made of one object. */
export interface NetChange {
  readonly cluster: ClusterName;
  /** `VirtualService gray-demo/helloworld` */
  readonly object: string;
  /** Of each write, in order, each once. */
  readonly reasons: readonly string[];
  readonly writes: readonly RecordedChange[];
  /** YAML before the first write and after the last one; undefined where there was no such object. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** The objects that were written, each once, in the order of the first write. */
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
