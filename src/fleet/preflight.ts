import { CanaryError } from '../core/errors.ts';
import type { Release } from '../release/release.ts';
import { accessFor, missingOf } from './access.ts';
import type { Access } from './access.ts';
import type { TriedChange } from './dry-run.ts';
import type { Fleet } from './fleet.ts';

/**
 * Whether the changes, and the lock around them, are allowed to the user of the kubeconfig. What a server has tried it has
 * also allowed; for the rest it is asked.
 *
 * @throws CanaryError that lists every right that is missing: nothing has been written then
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
      'The user of the kubeconfig may not do all that is needed. Grant it, and run again; nothing has been written:',
      ...lines,
    ].join('\n'),
  );
}

/** The rights that no dry run has shown, each once: those for the lock, and for changes that could not be tried. */
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
