import type { KubeObject } from './objects.ts';
import type { ClusterName } from '../core/names.ts';

/** One write to one cluster, with the reason for it. */
export interface Change {
  readonly cluster: ClusterName;
  /** `apply`: server-side apply, which may turn out to change nothing; `update` is guarded by resourceVersion. */
  readonly verb: 'apply' | 'create' | 'update' | 'delete';
  readonly object: KubeObject;
  /** What stands there; undefined for `create`, and for `apply` and `delete`. */
  readonly before: KubeObject | undefined;
  readonly reason: string;
}

/** An object to apply, and why. */
export interface WorkloadObject {
  readonly object: KubeObject;
  readonly reason: string;
}
