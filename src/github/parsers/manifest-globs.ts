import { z } from 'zod';
import { entries, entriesOf, pair } from './entries.ts';
import type { ListForm, Scalar } from './entries.ts';
import { parser, scalar } from './parser.ts';

/** Globs of manifests for every cluster (key `undefined`), or for one. */
export type ManifestGlobs = ReadonlyMap<string | undefined, readonly string[]>;

type Part = readonly [cluster: string | undefined, globs: readonly string[]];
type Item = Scalar | Readonly<Record<string, ListForm>>;

/** A path may contain the equals sign that separates other pairs. */
const COLON = /(?<=.):\s/s;

/**
 * Files for every cluster: a list, or text. Files for one cluster: `east: GLOB` on a line of its own, as an item of the list or in a
 * mapping. On one line, a glob without a cluster belongs to the cluster before it.
 */
export const manifestGlobs = parser(
  'globs, one per line or separated by commas, or cluster: globs on a line for each cluster',
  (describe) => {
    const byCluster = z.record(z.string(), z.union([scalar(), z.array(scalar())]));
    return z.union([scalar(), z.array(z.union([scalar(), byCluster])), byCluster], describe);
  },
  (given): ManifestGlobs | undefined => {
    const globs = new Map<string | undefined, readonly string[]>();
    for (const [cluster, found] of isList(given) ? given.flatMap(partsOfItem) : partsOf(given)) {
      if (cluster !== undefined && globs.has(cluster))
        throw new Error(`cluster "${cluster}" is listed twice; list all its globs in one place`);
      if (found.length === 0 || found.includes('') || cluster === '') return undefined;
      globs.set(cluster, [...(globs.get(cluster) ?? []), ...found]);
    }
    return globs.size > 0 ? globs : undefined;
  },
);

// Array.isArray does not narrow a readonly array out of a union.
function isList(given: Item | readonly Item[]): given is readonly Item[] {
  return Array.isArray(given);
}

function partsOf(given: Item): readonly Part[] {
  if (typeof given !== 'object') return entries(String(given), /\n/).flatMap(partsOfLine);
  return Object.entries(given).map(([cluster, globs]) => [cluster.trim(), entriesOf(globs)]);
}

/** A glob in a YAML list may contain commas. */
function partsOfItem(given: Item): readonly Part[] {
  if (typeof given === 'object') return partsOf(given);
  const [cluster, glob] = pair(String(given).trim(), COLON) ?? [undefined, String(given).trim()];
  return [[cluster, [glob]]];
}

function partsOfLine(line: string): readonly Part[] {
  const parts: [string | undefined, string[]][] = [];
  for (const entry of entries(line)) {
    const [cluster, glob] = pair(entry, COLON) ?? [undefined, entry];
    const last = parts.at(-1);
    if (last === undefined || cluster !== undefined) parts.push([cluster, [glob]]);
    else last[1].push(glob);
  }
  return parts;
}
