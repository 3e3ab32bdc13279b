import type { KubeObject } from './objects.ts';
import type { Message } from '../texts/message.ts';
import type { ClusterName } from '../core/names.ts';

/** One write to one cluster, with the reason for it. */
export interface Change {
  readonly cluster: ClusterName;
  /** `apply`: server-side apply, which may change nothing; `update` is guarded by resourceVersion. */
  readonly verb: 'apply' | 'create' | 'update' | 'delete';
  readonly object: KubeObject;
  /** The object before an `update`, or before an `apply` that was made from it; undefined for the other verbs. */
  readonly before: KubeObject | undefined;
  readonly reason: Message;
  /** Whether the cluster's ingress does not lead to the service without it: undone, requests get 404 again. */
  readonly isFirstRoute?: true;
}

/** An object to apply, and why. */
export interface WorkloadObject {
  readonly object: KubeObject;
  readonly reason: Message;
}
