import { YAMLException } from 'js-yaml';
import { z } from 'zod';
import { CanaryError, messageOf } from '../core/errors.ts';
import { formatBytes } from '../core/bytes.ts';
import { FILE_LIMITS, readBoundedFile } from '../core/read-file.ts';
import { parseYamlDocuments } from '../core/yaml.ts';
import type { KubeObject } from '../kubernetes/objects.ts';
import type { Manifest } from '../release/release.ts';
import { globFiles } from './glob-files.ts';
import type { FoundFile } from './find-files.ts';
import { jobWorkspace } from './job-workspace.ts';
import type { ManifestGlobs } from './parsers/manifest-globs.ts';
import { KUBECTL_SCHEMA } from './kubectl-yaml.ts';
import { inputPlace } from '../core/wording.ts';

const object: z.ZodType<KubeObject> = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
});
const listOf = z.looseObject({ kind: z.string().endsWith('List'), items: z.array(object) });

const MOST_PROBLEMS = 20;
const MOST_OBJECTS = 1_000;
const MOST_BYTES = 8 * FILE_LIMITS.manifest;

export interface ReadManifests {
  readonly manifests: readonly Manifest[];
  readonly problems: readonly string[];
}

/**
 * The objects of the manifest files, in the order of the globs and then of the paths, and what is wrong with the other documents.
 *
 * @param input how messages name the place of the globs
 * @param confined whether every file must be in the workspace: globs of the release file may come from a pull request
 */
export function readManifests(
  globs: ManifestGlobs,
  { input = inputPlace('manifests'), workspace = jobWorkspace(), confined = false } = {},
): ReadManifests {
  const problems: string[] = [];
  const manifests: Manifest[] = [];
  let bytes = 0;
  for (const [cluster, own] of globs) {
    const found = globFiles(own, workspace, confined ? 'manifests' : undefined);
    const { files } = found;
    const place = cluster === undefined ? input : `${input}: ${cluster}`;
    const report = (problem: string): void => void problems.push(`${place}: ${problem}.`);
    found.problems.forEach(report);
    const before = manifests.length;
    for (const file of files) {
      const read = readManifest(file);
      bytes += read.bytes;
      manifests.push(...read.manifests.map((manifest) => ({ ...manifest, cluster })));
      read.problems.forEach(report);
      if (bytes > MOST_BYTES || manifests.length > MOST_OBJECTS) {
        report(
          `${files.length === 1 ? '1 file contains' : `${String(files.length)} files contain`} more than ${formatBytes(MOST_BYTES)} or ${MOST_OBJECTS.toLocaleString('en')} objects, the most that is read; name only the manifests of this version`,
        );
        return { manifests, problems };
      }
    }
    if (manifests.length === before && problems.length === 0)
      report(`no object found in ${files.map(({ path }) => path).join(', ')}`);
  }
  return { manifests, problems };
}

function readManifest({ path, real }: FoundFile): ReadManifests & { readonly bytes: number } {
  const manifests: Manifest[] = [];
  const problems: string[] = [];
  let bytes = 0;
  try {
    const text = readBoundedFile(real, FILE_LIMITS.manifest);
    bytes = Buffer.byteLength(text);
    for (const [i, document] of parseYamlDocuments(text, KUBECTL_SCHEMA).entries()) {
      if (document === null || document === undefined) continue;
      const source = `${path}, document ${String(i + 1)}`;
      const found = objectsIn(document);
      if (found === undefined) {
        problems.push(
          `${source} is not a Kubernetes object: it needs apiVersion, kind and metadata.name${unquotedName(document)}`,
        );
        // The documents of a file that is no manifest at all are all wrong in the same way.
        if (problems.length === MOST_PROBLEMS) break;
      } else manifests.push(...found.map((item) => ({ object: item, source })));
    }
  } catch (error) {
    problems.push(placeOf(path, error));
  }
  return { manifests, problems, bytes };
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
  if (error instanceof CanaryError) return `${file} ${error.message}`;
  return `${file} cannot be read: ${messageOf(error)}`;
}
