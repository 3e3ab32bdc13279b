import { FILE_LIMITS, readBoundedFile } from '../../core/read-file.ts';
import type { Workspace } from '../../core/workspace.ts';
import { CanaryError, messageOf } from '../../core/errors.ts';
import { globFiles } from '../glob-files.ts';
import { parseLocatedYaml } from '../located-yaml.ts';
import type { LocatedDocument } from '../located-yaml.ts';
import { readMetricDocument } from '../parsers/metrics.ts';
import type { MetricItem } from '../parsers/metrics.ts';
import { placeIn } from '../places.ts';
import type { Place } from '../places.ts';

export interface FileInputs {
  readonly workspace: Workspace;
  /** Whether every file must be in the workspace: globs of the release file may come from a pull request. */
  readonly confined: boolean;
}

/** What Helm replaces, which is no YAML. */
const HELM = /\{\{-|\{\{\s*(?:\.(?:Values|Release|Chart)\b|include\b|if\b|")/;

/** A metric, and how messages name the places in its file. */
export interface PlacedItem {
  readonly item: MetricItem;
  readonly place: Place;
}

/** The metrics in the files that globs match. */
export function readMetricFiles(
  globs: readonly { readonly glob: string; readonly origin: string }[],
  inputs: FileInputs,
): { readonly items: readonly PlacedItem[]; readonly problems: readonly string[] } {
  const files = readDocuments(globs, inputs);
  const { items, problems } = itemsOf(files.documents);
  return { items, problems: [...files.problems, ...problems] };
}

/** A document of a file, and how messages name the places in it. */
export interface PlacedDocument {
  readonly document: LocatedDocument;
  readonly place: Place;
  /** For messages. */
  readonly file: string;
}

/** The documents of the files that globs match. */
export function readDocuments(
  globs: readonly { readonly glob: string; readonly origin: string }[],
  { workspace, confined }: FileInputs,
): { readonly documents: readonly PlacedDocument[]; readonly problems: readonly string[] } {
  const documents: PlacedDocument[] = [];
  const problems: string[] = [];
  for (const { glob, origin } of globs) {
    const found = globFiles([glob], workspace, confined ? 'metrics' : undefined);
    problems.push(...found.problems.map((problem) => `${origin}: ${problem}.`));
    for (const { path, real } of found.files) {
      try {
        const text = readBoundedFile(real, FILE_LIMITS.releaseFile);
        const parsed = parseLocatedYaml(text);
        if ('problem' in parsed) {
          const { line, reason } = parsed.problem;
          const remedy = HELM.test(text) ? ' It is a template of Helm: render it first (helm template).' : '';
          problems.push(
            `${path}${line === undefined ? '' : `:${String(line)}`} does not parse: ${reason}.${remedy}`,
          );
        } else if (parsed.documents.length === 0) problems.push(`${origin}: ${path} is empty.`);
        else
          for (const document of parsed.documents)
            documents.push({ document, place: placeIn(path, document.lineOf), file: path });
      } catch (error) {
        problems.push(
          `${origin}: ${path} ${error instanceof CanaryError ? error.message : `cannot be read: ${messageOf(error)}`}.`,
        );
      }
    }
  }
  return { documents, problems };
}

function itemsOf(documents: readonly PlacedDocument[]): {
  readonly items: readonly PlacedItem[];
  readonly problems: readonly string[];
} {
  const items: PlacedItem[] = [];
  const problems: string[] = [];
  for (const { document, place } of documents) {
    const read = readMetricDocument(document);
    problems.push(...read.problems.map((problem) => `${place(problem.path)}: ${problem.message}.`));
    for (const item of read.items)
      if (item.form === 'files')
        problems.push(`${place(item.path)}: a file of metrics cannot name other files.`);
      else items.push({ item, place });
  }
  return { items, problems };
}
