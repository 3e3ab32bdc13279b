import type { Inputs, Operation } from './inputs.ts';
import { theInput } from '../core/wording.ts';

const DEPLOYING: readonly Operation[] = ['rollout', 'plan', 'promote'];

/** Clusters that manifests are given for and that have no use for them, and those of the version that have none. */
export function problemsOfManifestClusters(values: Partial<Inputs>): readonly string[] {
  const { manifests, clusters: placement, version, operation } = values;
  if (manifests === undefined || placement === undefined) return [];
  const { clusters, byVersion } = placement;
  const named = [...manifests.keys()].filter((cluster) => cluster !== undefined);
  const unknown = named.filter((name) => !clusters.includes(name));
  if (unknown.length > 0)
    return unknown.map(
      (name) =>
        `got files for "${name}", which is not one of the clusters; ${theInput('clusters')} lists ${clusters.join(', ')}.`,
    );
  // A path may contain the equals sign, so it separates no cluster.
  const pairs = (manifests.get(undefined) ?? []).filter((glob) =>
    clusters.some((name) => glob.startsWith(`${name}=`)),
  );
  if (pairs.length > 0)
    return pairs.map((glob) => `got "${glob}"; for files of one cluster write ${glob.replace('=', ': ')}.`);
  // The others only look for what the manifests brought.
  if (version === undefined || operation === undefined || !DEPLOYING.includes(operation)) return [];
  const own = byVersion.size === 0 ? clusters : byVersion.get(version);
  if (own === undefined) return [];
  return [
    ...named
      .filter((name) => !own.includes(name))
      .map(
        (name) =>
          `got files for ${name}, where ${version} does not run; ${theInput('clusters')} has ${version} in ${own.join(', ')}.`,
      ),
    ...(manifests.has(undefined) ? [] : own)
      .filter((name) => !manifests.has(name))
      .map(
        (name) =>
          `has no files for ${name}, where ${version} runs too. Add them, or globs without a cluster, which are for every cluster.`,
      ),
  ];
}
