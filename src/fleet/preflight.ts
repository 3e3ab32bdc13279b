import { CanaryError } from '../core/errors.ts';
import type { ClusterName } from '../core/names.ts';
import { describePermission } from '../kubernetes/access-rules.ts';
import type { KubeObject } from '../kubernetes/objects.ts';
import type { ReadyCheck } from '../kubernetes/readiness.ts';
import { isNamespaceOf } from '../release/namespace.ts';
import type { Release } from '../release/release.ts';
import { accessFor, accessTo, missingOf } from './access.ts';
import type { Access, MissingAccess } from './access.ts';
import type { TriedChange } from './dry-run.ts';
import type { Fleet } from './fleet.ts';
import { LEASE_API_VERSION, leaseName } from './transaction/lease-format.ts';

/** What a run is about to do, as far as it takes permissions. */
export interface Undertaking {
  readonly changes: readonly TriedChange[];
  /** The pods that it waits for. */
  readonly ready?: readonly ReadyCheck[] | undefined;
  /** The objects that it may have to restore first, where an earlier run has left a change unfinished. */
  readonly recovered?: readonly { readonly cluster: ClusterName; readonly object: KubeObject }[] | undefined;
}

/**
 * Checks that the user of the kubeconfig may do all that a run comes to, whatever happens: take the lock, make the changes, wait for
 * pods, read again what an answer was lost about, and restore what was there before.
 *
 * @throws CanaryError that lists every missing permission: nothing has been written then
 */
export async function preflight(fleet: Fleet, release: Release, undertaking: Undertaking): Promise<void> {
  const missing = await missingPermissions(fleet, release, undertaking);
  if (missing.length > 0) throw new CanaryError(describeMissing(missing));
}

export function describeMissing(missing: readonly MissingAccess[]): string {
  return [
    'The user of the kubeconfig lacks these permissions. Grant them, and run again; nothing has been written:',
    ...missing.map((one) => `- ${one.cluster}: ${describePermission(one)}`),
  ].join('\n');
}

/** What the user of the kubeconfig may not do of all that a run comes to, each once. */
export async function missingPermissions(
  fleet: Fleet,
  release: Release,
  undertaking: Undertaking,
): Promise<readonly MissingAccess[]> {
  const refused = undertaking.changes.flatMap(({ missing }) => missing);
  const others = await missingOf(fleet, neededAccess(release, undertaking));
  return withoutRepeats([...others, ...refused]);
}

/** Whether the user lacks every permission to write that an undertaking needs, in every cluster. */
export function isReadOnly(
  release: Release,
  { changes }: Undertaking,
  missing: readonly MissingAccess[],
): boolean {
  const lacks = (cluster: ClusterName, verb: string): boolean =>
    missing.some((one) => one.cluster === cluster && one.verb === verb && one.resource === 'leases');
  return (
    changes.every(({ tried }) => !tried) &&
    release.configClusters.every((cluster) => lacks(cluster, 'create') && lacks(cluster, 'update'))
  );
}

/** The permissions that no dry run has shown, each once. What a server has tried, it has also allowed. */
export function neededAccess(release: Release, undertaking: Undertaking): readonly Access[] {
  const { changes, ready = [], recovered = [] } = undertaking;
  const { namespace } = release;
  const lease = {
    apiVersion: LEASE_API_VERSION,
    kind: 'Lease',
    metadata: { name: leaseName(release), namespace },
  };
  const locks = release.configClusters.flatMap((cluster) =>
    ['get', 'create', 'update'].map((verb) => accessTo(cluster, verb, lease)),
  );
  const restored = recovered.flatMap(({ cluster, object }) =>
    ['get', 'update'].map((verb) => accessTo(cluster, verb, object)),
  );
  const awaited = ready.flatMap(({ cluster, workloads }) =>
    workloads.map(({ kind, name }) =>
      accessTo(cluster, 'get', { apiVersion: 'apps/v1', kind, metadata: { name, namespace } }),
    ),
  );
  const written = changes.flatMap((change) => accessAfterDryRun(release, change));
  return withoutRepeats([...locks, ...restored, ...awaited, ...written]);
}

function accessAfterDryRun(release: Release, change: TriedChange): readonly Access[] {
  const { cluster, verb, object, before, tried, missing } = change;
  // The namespace of the release has been read.
  const again = isNamespaceOf(release, object) ? [] : [accessTo(cluster, 'get', object)];
  if (!tried) return [...again, ...(missing.length > 0 ? [] : accessFor(change))];
  // Its dry run had to create the object, which an earlier stage does.
  const later = verb === 'update' && before === undefined ? [accessTo(cluster, 'update', object)] : [];
  return [...again, ...later];
}

function withoutRepeats<T>(access: readonly T[]): readonly T[] {
  return [...new Map(access.map((one) => [JSON.stringify(one), one])).values()];
}
