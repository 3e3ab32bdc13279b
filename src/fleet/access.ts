import pLimit from 'p-limit';
import type { Change } from '../kubernetes/change.ts';
import type { ClusterName } from '../core/names.ts';
import { allOf } from './fleet.ts';
import type { Fleet } from './fleet.ts';

/** Reviews in flight at a time. */
const PARALLEL = 16;

/** The permission to do something with objects of a kind. */
export interface Access {
  readonly cluster: ClusterName;
  readonly verb: string;
  readonly apiVersion: string;
  readonly kind: string;
  /** undefined for a cluster-scoped kind */
  readonly namespace: string | undefined;
}

/** The permissions that a change needs: a server-side apply may have to create the object. */
export function accessFor({ cluster, verb, object }: Change): readonly Access[] {
  const { apiVersion, kind, metadata } = object;
  const verbs = verb === 'apply' ? ['patch', 'create'] : [verb];
  return verbs.map((one) => ({ cluster, verb: one, apiVersion, kind, namespace: metadata.namespace }));
}

/** The permissions that the user of the kubeconfig lacks, according to the API servers. */
export async function missingOf(fleet: Fleet, wanted: readonly Access[]): Promise<readonly Access[]> {
  const limit = pLimit(PARALLEL);
  const allowed = await allOf(
    wanted.map((access) => limit(() => fleet.cluster(access.cluster).allows(access))),
  );
  return wanted.filter((_, i) => allowed[i] !== true);
}
