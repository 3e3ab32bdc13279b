import { CanaryError } from '../core/errors.ts';
import type { Release } from '../release/release.ts';
import { accessFor, missingOf } from './access.ts';
import type { Access } from './access.ts';
import type { TriedChange } from './dry-run.ts';
import type { Fleet } from './fleet.ts';

/**
 * Checks that the user of the kubeconfig may make the changes, and take the lock around them. What a server has tried, it has
 * also allowed; about the rest it is asked.
 *
 * @throws CanaryError that lists every missing permission: nothing has been written then
 */
export async function preflight(
  fleet: Fleet,
  release: Release,
  changes: readonly TriedChange[],
): Promise<void> {
  const refused = changes.flatMap(({ missing }) => missing);
  const missing = withoutRepeats([...(await missingOf(fleet, neededAccess(release, changes))), ...refused]);
  if (missing.length === 0) return;
  const lines = missing.map(
    ({ cluster, verb, kind, namespace }) =>
      `- ${cluster}: ${verb} ${kind}${namespace === undefined ? '' : ` in ${namespace}`}`,
  );
  throw new CanaryError(
    [
      'The user of the kubeconfig lacks these permissions. Grant them, and run again; nothing has been written:',
      ...lines,
    ].join('\n'),
  );
}

/** The permissions that no dry run has shown, each once: for the lock, and for changes that could not be tried. */
export function neededAccess(release: Release, changes: readonly TriedChange[]): readonly Access[] {
  const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace: release.namespace };
  const locks = release.configClusters.flatMap((cluster) =>
    ['get', 'create', 'update'].map((verb): Access => ({ cluster, verb, ...lease })),
  );
  const untried = changes.filter(({ tried, missing }) => !tried && missing.length === 0);
  return withoutRepeats([...locks, ...untried.flatMap(accessFor)]);
}

function withoutRepeats(access: readonly Access[]): readonly Access[] {
  return [...new Map(access.map((one) => [JSON.stringify(one), one])).values()];
}
