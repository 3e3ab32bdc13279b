import { GATEWAY_API_GROUP } from './objects.ts';
import type { ReferenceGrant } from './objects.ts';

/** An object that refers to one of another namespace. */
export interface ForeignReference {
  readonly from: { readonly kind: 'HTTPRoute' | 'Gateway'; readonly namespace: string };
  /** Of the core group. */
  readonly to: { readonly kind: 'Service' | 'Secret'; readonly namespace: string; readonly name: string };
}

/**
 * Whether a reference may be followed: within a namespace always, into another one where a ReferenceGrant there says so.
 * Source: https://gateway-api.sigs.k8s.io/api-types/referencegrant/
 */
export function isReferenceGranted(
  grants: readonly ReferenceGrant[],
  { from, to }: ForeignReference,
): boolean {
  if (from.namespace === to.namespace) return true;
  return grants.some(
    ({ metadata, spec }) =>
      metadata.namespace === to.namespace &&
      spec.from?.some(
        ({ group, kind, namespace }) =>
          group === GATEWAY_API_GROUP && kind === from.kind && namespace === from.namespace,
      ) === true &&
      spec.to?.some(
        ({ group, kind, name }) =>
          group === '' && kind === to.kind && (name === undefined || name === '' || name === to.name),
      ) === true,
  );
}

/** The ReferenceGrant that is missing, as a message asks for it. */
export function describeGrant({ from, to }: ForeignReference): string {
  return `a ReferenceGrant in namespace ${to.namespace} from kind ${from.kind} of namespace ${from.namespace} to ${to.kind} ${to.name}`;
}
