import pLimit from 'p-limit';
import type { Change } from '../release/change.ts';
import { CanaryError } from '../release/errors.ts';
import type { ClusterName, Release } from '../release/release.ts';
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

/**
 * Asks every API server whether the changes, and the lock around them, are allowed to the user of the kubeconfig.
 *
 * @throws CanaryError that lists every right that is missing: nothing has been written then
 */
export async function preflight(fleet: Fleet, release: Release, changes: readonly Change[]): Promise<void> {
  const limit = pLimit(PARALLEL);
  const wanted = neededAccess(release, changes);
  const allowed = await allOf(
    wanted.map((access) => limit(() => fleet.cluster(access.cluster).allows(access))),
  );
  const missing = wanted.filter((_, i) => allowed[i] !== true);
  if (missing.length === 0) return;
  const lines = missing.map(
    ({ cluster, verb, kind, namespace }) =>
      `- ${cluster}: ${verb} ${kind}${namespace === undefined ? '' : ` in ${namespace}`}`,
  );
  throw new CanaryError(
    [
      'The user of the kubeconfig may not do all that is needed. Grant it, and run again; nothing has been written:',
      ...lines,
    ].join('\n'),
  );
}

/** Exactly the rights that the changes need, each once. */
export function neededAccess(release: Release, changes: readonly Change[]): readonly Access[] {
  const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace: release.namespace };
  const locks = release.configClusters.flatMap((cluster) =>
    ['get', 'create', 'update'].map((verb): Access => ({ cluster, verb, ...lease })),
  );
  const writes = changes.flatMap(({ cluster, verb, object }): readonly Access[] => {
    const { apiVersion, kind, metadata } = object;
    return verbsOf(verb).map((one) => ({
      cluster,
      verb: one,
      apiVersion,
      kind,
      namespace: metadata.namespace,
    }));
  });
  const each = new Map([...locks, ...writes].map((access) => [JSON.stringify(access), access]));
  return [...each.values()];
}

/** The verbs of Kubernetes' authorization that a change needs: an apply may have to create. */
function verbsOf(verb: Change['verb']): readonly string[] {
  return verb === 'apply' ? ['patch', 'create'] : [verb];
}
