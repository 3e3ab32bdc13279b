import { numberAt } from '../json.ts';
import { NAMESPACE, POD, type Kind } from './kinds.ts';
import type { KubeObject } from './objects.ts';
import { conflict } from './status.ts';

export interface DeleteOptions {
  readonly dryRun?: boolean;
  readonly preconditions?: {
    readonly uid?: string | undefined;
    readonly resourceVersion?: string | undefined;
  };
}

/** @throws StatusError 409 where the object is not the one that the client means to delete. */
export function checkPreconditions(kind: Kind, live: KubeObject, options: DeleteOptions): void {
  const { name, uid, resourceVersion } = live.metadata;
  const wanted = options.preconditions ?? {};
  // Here the server names the kind; in a conflict of writes it names the resource.
  const byKind = { ...kind, plural: kind.kind };
  if (wanted.uid !== undefined && wanted.uid !== uid) {
    throw conflict(
      byKind,
      name,
      `the UID in the precondition (${wanted.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
    );
  }
  if (wanted.resourceVersion !== undefined && wanted.resourceVersion !== resourceVersion) {
    throw conflict(
      byKind,
      name,
      `the ResourceVersion in the precondition (${wanted.resourceVersion}) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`,
    );
  }
}

/** What the deletion of an object waits for. A namespace waits for its contents. */
export function finalizersFor(kind: Kind, live: KubeObject): string[] {
  return kind === NAMESPACE ? ['kubernetes'] : (live.metadata.finalizers ?? []);
}

/** Seconds that a pod may take to end. */
export function gracePeriod(pod: KubeObject): number {
  return numberAt(pod, 'spec', 'terminationGracePeriodSeconds') ?? 30;
}

/** Whether nothing delays the deletion of an object any longer. A pod is removed once its node has ended it. */
export function isDone(kind: Kind, object: KubeObject): boolean {
  const { deletionTimestamp, finalizers = [] } = object.metadata;
  return deletionTimestamp !== undefined && finalizers.length === 0 && kind !== POD && kind !== NAMESPACE;
}
