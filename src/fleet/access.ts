import pLimit from 'p-limit';
import type { Change } from '../kubernetes/change.ts';
import type { ClusterName } from '../core/names.ts';
import { allOf } from './fleet.ts';
import type { Fleet } from './fleet.ts';

/** Reviews under way at a time. */
const PARALLEL = 16;

/** The right to do something to objects of a kind. */
export interface Access {
  readonly cluster: ClusterName;
  readonly verb: string;
  readonly apiVersion: string;
  readonly kind: string;
  /** undefined for a kind without namespaces */
  readonly namespace: string | undefined;
}

/** The rights that a change needs: a server-side apply may have to create. */
export function accessFor({ cluster, verb, object }: Change): readonly Access[] {
  const { apiVersion, kind, metadata } = object;
  const verbs = verb === 'apply' ? ['patch', 'create'] : [verb];
  return verbs.map((one) => ({ cluster, verb: one, apiVersion, kind, namespace: metadata.namespace }));
}

/** Those of the rights that the user of the kubeconfig does not have, as the API servers tell it. */
export async function missingOf(fleet: Fleet, wanted: readonly Access[]): Promise<readonly Access[]> {
  const limit = pLimit(PARALLEL);
  const allowed = await allOf(
    wanted.map((access) => limit(() => fleet.cluster(access.cluster).allows(access))),
  );
  return wanted.filter((_, i) => allowed[i] !== true);
}
