import { readFileSync } from 'node:fs';
import { CORE_SCHEMA, YAMLException, intCoreTag, loadAll, mergeTag } from 'js-yaml';
import { globSync } from 'tinyglobby';
import { z } from 'zod';
import type { KubeObject } from '../release/objects.ts';
import type { Manifest } from '../release/release.ts';

/** Integers as kubectl reads them: `defaultMode: 0644` is octal, as in YAML 1.1. */
const intTag: typeof intCoreTag = {
  ...intCoreTag,
  resolve(source, ...rest) {
    return intCoreTag.resolve(source.replace(/^(?<sign>[-+]?)0(?=[0-7]+$)/, '$<sign>0o'), ...rest);
  },
};

const schema = CORE_SCHEMA.withTags(mergeTag, intTag);

const object: z.ZodType<KubeObject> = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
});
const listOf = z.looseObject({ kind: z.string().endsWith('List'), items: z.array(object) });

/**
 * The objects of the manifest files, in the order of the globs and then of the paths, and what is wrong with the rest.
 *
 * @param input how a message names the place where the globs stand
 */
export function readManifests(
  globs: readonly string[],
  input = 'Input manifests',
): {
  readonly manifests: readonly Manifest[];
  readonly problems: readonly string[];
} {
  const manifests: Manifest[] = [];
  const problems: string[] = [];
  const files = new Set<string>();
  for (const glob of globs) {
    const found = globSync(glob, { absolute: false, expandDirectories: false }).toSorted();
    if (found.length === 0) problems.push(`${input}: no file matches ${glob}.`);
    for (const file of found) files.add(file);
  }
  for (const file of files) {
    try {
      for (const [i, document] of loadAll(readFileSync(file, 'utf8'), { schema }).entries()) {
        if (document === null || document === undefined) continue;
        const source = `${file}, document ${String(i + 1)}`;
        const found = objectsIn(document);
        if (found === undefined)
          problems.push(
            `${input}: ${source} is no Kubernetes object (apiVersion, kind and metadata.name are needed).`,
          );
        else manifests.push(...found.map((one) => ({ object: one, source })));
      }
    } catch (error) {
      problems.push(`${input}: ${placeOf(file, error)}.`);
    }
  }
  if (manifests.length === 0 && problems.length === 0)
    problems.push(`${input}: ${[...files].join(', ')} hold no object.`);
  return { manifests, problems };
}

function objectsIn(document: unknown): readonly KubeObject[] | undefined {
  const list = listOf.safeParse(document);
  if (list.success) return list.data.items;
  const one = object.safeParse(document);
  return one.success ? [one.data] : undefined;
}

/** `deploy/app.yaml:12: bad indentation of a mapping entry` */
function placeOf(file: string, error: unknown): string {
  if (error instanceof YAMLException) {
    const line = error.mark === undefined ? '' : `:${String(error.mark.line + 1)}`;
    return `${file}${line} does not parse: ${error.reason}`;
  }
  return `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`;
}
