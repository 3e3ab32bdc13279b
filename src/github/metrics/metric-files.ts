import { messageOf } from '../../core/errors.ts';
import { FILE_LIMITS, readBoundedFile } from '../../core/read-file.ts';
import type { Workspace } from '../../core/workspace.ts';
import { CanaryError } from '../../core/errors.ts';
import { globFiles } from '../glob-files.ts';
import { parseLocatedYaml } from '../located-yaml.ts';
import { readMetricDocument } from '../parsers/metrics.ts';
import type { MetricItem } from '../parsers/metrics.ts';
import { placeIn } from '../places.ts';
import type { Place } from '../places.ts';

export interface FileInputs {
  readonly workspace: Workspace;
  /** Whether every file must be in the workspace: globs of the release file may come from a pull request. */
  readonly confined: boolean;
}

/** A metric, and how messages name the places in its file. */
export interface PlacedItem {
  readonly item: MetricItem;
  readonly place: Place;
}

/** The metrics in the files that globs match. */
export function readMetricFiles(
  globs: readonly { readonly glob: string; readonly origin: string }[],
  { workspace, confined }: FileInputs,
): { readonly items: readonly PlacedItem[]; readonly problems: readonly string[] } {
  const items: PlacedItem[] = [];
  const problems: string[] = [];
  for (const { glob, origin } of globs) {
    const found = globFiles([glob], workspace, confined ? 'metrics' : undefined);
    problems.push(...found.problems.map((problem) => `${origin}: ${problem}.`));
    for (const { path, real } of found.files) {
      try {
        const read = readFile(path, readBoundedFile(real, FILE_LIMITS.releaseFile));
        items.push(...read.items);
        problems.push(...read.problems);
      } catch (error) {
        problems.push(
          `${origin}: ${path} ${error instanceof CanaryError ? error.message : `cannot be read: ${messageOf(error)}`}.`,
        );
      }
    }
  }
  return { items, problems };
}

function readFile(
  path: string,
  text: string,
): { readonly items: readonly PlacedItem[]; readonly problems: readonly string[] } {
  const parsed = parseLocatedYaml(text);
  if ('problem' in parsed) {
    const { line, reason } = parsed.problem;
    return {
      items: [],
      problems: [`${path}${line === undefined ? '' : `:${String(line)}`} does not parse: ${reason}.`],
    };
  }
  const items: PlacedItem[] = [];
  const problems: string[] = [];
  for (const document of parsed.documents) {
    const place = placeIn(path, document.lineOf);
    const read = readMetricDocument(document);
    problems.push(...read.problems.map((problem) => `${place(problem.path)}: ${problem.message}.`));
    for (const item of read.items)
      if (item.form === 'files')
        problems.push(`${place(item.path)}: a file of metrics cannot name other files.`);
      else items.push({ item, place });
  }
  return { items, problems };
}
