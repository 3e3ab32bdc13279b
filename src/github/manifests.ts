import { readFileSync } from 'node:fs';
import { YAMLException, loadAll } from 'js-yaml';
import { globSync } from 'tinyglobby';
import { z } from 'zod';
import type { KubeObject } from '../kubernetes/objects.ts';
import type { Manifest } from '../release/release.ts';
import { KUBECTL_SCHEMA } from './kubectl-yaml.ts';

const object: z.ZodType<KubeObject> = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
});
const listOf = z.looseObject({ kind: z.string().endsWith('List'), items: z.array(object) });

/**
 * The objects of the manifest files, in the order of the globs and then of the paths, and what is wrong with the other documents.
 *
 * @param input how messages name the place of the globs
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
      for (const [i, document] of loadAll(readFileSync(file, 'utf8'), { schema: KUBECTL_SCHEMA }).entries()) {
        if (document === null || document === undefined) continue;
        const source = `${file}, document ${String(i + 1)}`;
        const found = objectsIn(document);
        if (found === undefined)
          problems.push(
            `${input}: ${source} is not a Kubernetes object: it needs apiVersion, kind and metadata.name${unquotedName(document)}.`,
          );
        else manifests.push(...found.map((item) => ({ object: item, source })));
      }
    } catch (error) {
      problems.push(`${input}: ${placeOf(file, error)}.`);
    }
  }
  if (manifests.length === 0 && problems.length === 0)
    problems.push(`${input}: no object found in ${[...files].join(', ')}.`);
  return { manifests, problems };
}

function objectsIn(document: unknown): readonly KubeObject[] | undefined {
  const list = listOf.safeParse(document);
  if (list.success) return list.data.items;
  const single = object.safeParse(document);
  return single.success ? [single.data] : undefined;
}

const misnamed = z.object({ metadata: z.object({ name: z.union([z.boolean(), z.number()]) }) });

/** How to fix a name such as `on` or `0644`, which YAML does not read as text. */
function unquotedName(document: unknown): string {
  const name = misnamed.safeParse(document).data?.metadata.name;
  return name === undefined
    ? ''
    : `; metadata.name is the ${typeof name} ${String(name)}, so put it in quotes to make it text`;
}

/** `deploy/app.yaml:12: bad indentation of a mapping entry` */
function placeOf(file: string, error: unknown): string {
  if (error instanceof YAMLException) {
    const line = error.mark === undefined ? '' : `:${String(error.mark.line + 1)}`;
    return `${file}${line} does not parse: ${error.reason}`;
  }
  return `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`;
}
