import type { VirtualService } from '../kubernetes/objects.ts';

/** Annotation of a VirtualService: the transaction that was last recovered without a change of its weights. */
const RECOVERY_ANNOTATION = 'multicluster-canary/recovered';

/**
 * The VirtualService marked as recovered; its routes stay. The mark gives it a new resourceVersion, so that a write which the dead run
 * sent, and which a server has not carried out yet, is refused from then on.
 */
export function withRecoveryMark(vs: VirtualService, transaction: string): VirtualService {
  const annotations = { ...vs.metadata.annotations, [RECOVERY_ANNOTATION]: transaction };
  return { ...vs, metadata: { ...vs.metadata, annotations } };
}
