import type { KubeObject } from '../kubernetes/objects.ts';

/** Annotation of a route object: the transaction that was last recovered without a change of its weights. */
const RECOVERY_ANNOTATION = 'multicluster-canary/recovered';

/**
 * The object marked as recovered; its routes stay. The mark gives it a new resourceVersion, so that a write which the dead run
 * sent, and which a server has not carried out yet, is refused from then on.
 */
export function withRecoveryMark<T extends KubeObject>(object: T, transaction: string): T {
  const annotations = { ...object.metadata.annotations, [RECOVERY_ANNOTATION]: transaction };
  return { ...object, metadata: { ...object.metadata, annotations } };
}
