import { z } from 'zod';
import { assertDistinct, entries, entriesOf, pair, pairs } from './entries.ts';
import { mapOf, parser, scalar } from './parser.ts';
import { assertVersion } from './versions.ts';
import { theInput } from '../../core/wording.ts';

/** Clusters, by the names of their contexts, and their ingresses. */

/** Every cluster, and the clusters of each version where they are listed by version. */
export interface Placement {
  readonly byVersion: ReadonlyMap<string, readonly string[]>;
  readonly clusters: readonly string[];
}

export const placement = parser(
  'kubeconfig contexts, one per line or separated by commas, or such a list for each version (v1: east)',
  (describe) => {
    const clusters = z.union([scalar(), z.array(scalar())]);
    return z.union([scalar(), z.array(scalar()), z.record(z.string(), clusters)], describe);
  },
  (given): Placement | undefined => {
    const groups =
      typeof given === 'object' && !isList(given)
        ? Object.entries(given).map(([name, found]) => ({ version: name, clusters: entriesOf(found) }))
        : groupByVersion(entriesOf(given));
    const byVersion = new Map<string, readonly string[]>();
    let plain: readonly string[] = [];
    for (const { version, clusters } of groups) {
      if (version !== undefined) assertVersion(version);
      if (version === undefined) plain = clusters;
      else if (byVersion.has(version)) throw new Error(`version "${version}" is listed twice`);
      else if (clusters.length === 0) throw new Error(`version "${version}" has no clusters`);
      else byVersion.set(version, clusters);
      assertDistinct(clusters);
    }
    if (plain.length > 0 && byVersion.size > 0)
      throw new Error(`"${plain.join(', ')}" comes before the first version`);
    const clusters = [...new Set([...plain, ...[...byVersion.values()].flat()])];
    return clusters.length > 0 && !clusters.includes('') ? { byVersion, clusters } : undefined;
  },
);

// Array.isArray does not narrow a readonly array out of a union.
function isList<T>(given: readonly T[] | object): given is readonly T[] {
  return Array.isArray(given);
}

/** The entries before the first version, then those of each version: an entry without a version belongs to the one before it. */
function groupByVersion(
  list: readonly string[],
): readonly { readonly version: string | undefined; readonly clusters: readonly string[] }[] {
  const groups: { version: string | undefined; clusters: string[] }[] = [];
  for (const entry of list) {
    const [version, cluster] = pair(entry) ?? [undefined, entry];
    const last = groups.at(-1);
    if (last === undefined || version !== undefined) groups.push({ version, clusters: [cluster] });
    else last.clusters.push(cluster);
  }
  return groups;
}

/** Key of an ingress that applies to every cluster without an entry. */
export const EVERY_CLUSTER = '*';

/** What an entry may have instead of a URL, and the input instead of entries, for all clusters. */
const WORDS = ['none', 'port-forward'];

/**
 * Base URLs by cluster; `none` for a cluster through which no user enters, `port-forward` for one whose gateway pods are reached through
 * the API server; either alone for all clusters.
 */
export const ingresses = mapOf(
  'cluster=URL, cluster=port-forward or cluster=none, one per line or separated by commas, or port-forward or none for every cluster',
  (found) =>
    new Map(
      [...found].map(
        ([cluster, address]) => [cluster, WORDS.includes(address) ? address : baseUrl(address)] as const,
      ),
    ),
  {
    read: (value) =>
      WORDS.includes(value.trim()) ? new Map([[EVERY_CLUSTER, value.trim()]]) : pairs(entries(value)),
  },
);

function baseUrl(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol))
    throw new Error(`"${address}" is not an http or https URL`);
  if (url.username !== '' || url.password !== '')
    throw new Error(
      `"${address}" contains a user; set an authorization header in ${theInput('headers')} instead`,
    );
  if (url.pathname !== '/' || url.search !== '')
    throw new Error(`"${address}" contains a path; use ${theInput('path')} instead`);
  return url.origin;
}
