import { versionServiceName } from '../gateway-api/backends.ts';
import type { VersionWay } from '../texts/catalogue/routes.ts';
import { textsIn } from '../texts/texts.ts';
import { nameOf } from '../kubernetes/objects.ts';
import type { Labels, Subset } from '../kubernetes/objects.ts';
import { oncePerCluster } from './route-state.ts';
import type { RouteState } from './route-state.ts';
import type { VersionName } from '../core/weights.ts';
import type { VersionLabels } from '../istio/destination-rule-edits.ts';
import { VERSION_LABEL } from './version-label.ts';

/** The versions that have no subset yet in one config cluster. */
export function missingSubsets(
  { deciding, destinationRule }: Pick<RouteState, 'deciding' | 'destinationRule'>,
  versions: readonly VersionName[],
): readonly VersionName[] {
  const existing = [...deciding.subsets, ...(destinationRule?.spec.subsets ?? [])];
  return versions.filter((version) => !existing.some(({ name }) => name === version));
}

/** The subset of a version in one config cluster, in the rules that decide or in that of the release. */
export function subsetOf(
  { deciding, destinationRule }: Pick<RouteState, 'deciding' | 'destinationRule'>,
  version: VersionName,
): Subset | undefined {
  return [...deciding.subsets, ...(destinationRule?.spec.subsets ?? [])].find(({ name }) => name === version);
}

/**
 * The labels that the pods of a version carry: those that its subsets select by, of all config clusters, since each sends to the
 * pods of all; those that the subset will have where none exists yet.
 */
export function labelsOf(routes: readonly RouteState[], version: VersionName): Labels {
  const subsets = oncePerCluster(routes)
    .map((one) => subsetOf(one, version))
    .filter((subset) => subset !== undefined);
  if (subsets.length === 0) return { [VERSION_LABEL]: version };
  return Object.assign({}, ...subsets.map(({ labels }) => labels)) as Labels;
}

/** The labels of each version. */
export function versionLabels(
  routes: readonly RouteState[],
  versions: readonly VersionName[],
): VersionLabels {
  return new Map(versions.map((version) => [version, labelsOf(routes, version)]));
}

/** What selects the pods of a version, as messages name it: a subset, or beside an HTTPRoute a Service. */
export function wayTo(held: Pick<RouteState, 'choice'>, version: VersionName): string {
  return textsIn('en').routes.way(versionWay(held, version));
}

/** How messages name what gives a version its pods. */
export function versionWay({ choice }: Pick<RouteState, 'choice'>, version: VersionName): VersionWay {
  return choice.versionServices === undefined
    ? { subset: version }
    : { service: versionServiceName(choice.service.app, version) };
}

/** The rule that defines the subset of a version, as messages name it; undefined where none does. */
export function holderOf(
  { deciding, destinationRule }: Pick<RouteState, 'deciding' | 'destinationRule'>,
  version: VersionName,
): string | undefined {
  const all = [...deciding.rules, ...(destinationRule === undefined ? [] : [destinationRule])];
  const holder = all.find(({ spec }) => spec.subsets?.some(({ name }) => name === version));
  return holder && nameOf(holder);
}
