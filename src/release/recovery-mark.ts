import type { KubeObject } from '../kubernetes/objects.ts';

/** Annotation: the transaction in whose recovery the object was last left as it was. */
const RECOVERY_ANNOTATION = 'multicluster-canary/recovered';

/**
 * The object marked as recovered; all else stays. The mark gives it a new resourceVersion, so that a write which the dead run sent, and
 * which a server has not carried out yet, is refused from then on.
 */
export function withRecoveryMark<T extends KubeObject>(object: T, transaction: string): T {
  const annotations = { ...object.metadata.annotations, [RECOVERY_ANNOTATION]: transaction };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

/** The transaction in whose recovery an object was last marked. */
export function recoveryMarkOf({ metadata }: KubeObject): string | undefined {
  return metadata.annotations?.[RECOVERY_ANNOTATION];
}
