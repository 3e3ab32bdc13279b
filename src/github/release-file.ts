import { closestMatch } from 'leven';
import { z } from 'zod';
import { CanaryError, messageOf } from '../core/errors.ts';
import { FILE_LIMITS, readBoundedFile } from '../core/read-file.ts';
import { confinedPath, isPresent } from '../core/workspace.ts';
import { INPUTS } from './inputs.ts';
import { jobWorkspace } from './job-workspace.ts';
import type { FileValue } from './inputs.ts';
import { parseLocatedYaml } from './located-yaml.ts';
import type { ValuePath } from './located-yaml.ts';
import { placeIn } from './places.ts';
import { inputPlace, theInput, worded } from '../core/wording.ts';

/** Where the release file is expected when the input config is not given; this file may be missing. */
export const DEFAULT_FILE = '.github/canary.yml';

/** Inputs that are not allowed in the file, and what to do instead. */
const NOT_IN_FILE: Readonly<Record<string, () => string>> = {
  kubeconfig: () => `it is a secret, which does not belong in the repository; use ${theInput('kubeconfig')}`,
  'metrics-headers': () =>
    `they may be secrets, which do not belong in the repository; use ${theInput('metrics-headers')}, or the key headers of a metric for headers without a secret`,
  'github-token': () =>
    `it is a secret, which does not belong in the repository; use ${theInput('github-token')}`,
  config: () => `it names this file; use ${theInput('config')}`,
  operation: () => `each run decides what to do, not the release; use ${theInput('operation')}`,
};

const REFUSED: ReadonlyMap<string, () => string> = new Map(Object.entries(NOT_IN_FILE));

/** What the file may contain: every other input. None is required, because an input may give it. */
export const RELEASE_FILE = z.strictObject(
  INPUTS.omit({
    kubeconfig: true,
    'metrics-headers': true,
    'github-token': true,
    config: true,
    operation: true,
  }).partial().shape,
);

const KEYS = Object.keys(RELEASE_FILE.shape);

const mapping = z.record(z.string(), z.unknown());

/** The values of a release file by key, not yet validated, and what is wrong with its keys. */
export interface ReleaseFile {
  readonly values: ReadonlyMap<string, FileValue>;
  readonly problems: readonly string[];
}

const EMPTY: ReleaseFile = { values: new Map(), problems: [] };

/**
 * Reads the release file.
 *
 * @param given the input config; if it is empty, the default file is read where it exists
 */
export function readReleaseFile(given: string, workspace = jobWorkspace()): ReleaseFile {
  const path = given.trim() === '' ? DEFAULT_FILE : given.trim();
  // A link that leads nowhere is there, and refused.
  if (!isPresent(path)) {
    if (given.trim() === '') return EMPTY;
    return failed(
      `${inputPlace('config')}: got "${path}", which does not exist; expected the path of the release file in ${worded({ step: 'the workspace. Does a checkout come before this step?', command: 'the current folder.' })}`,
    );
  }
  try {
    return parseReleaseFile(path, readBoundedFile(confinedPath(workspace, path), FILE_LIMITS.releaseFile));
  } catch (error) {
    return failed(`The release file ${path} ${reasonOf(error)}.`);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof CanaryError ? error.message : `cannot be read: ${messageOf(error)}`;
}

function failed(problem: string): ReleaseFile {
  return { values: new Map(), problems: [problem] };
}

/** Reads the text of a release file; `path` is for messages. */
export function parseReleaseFile(path: string, source: string): ReleaseFile {
  const parsed = parseLocatedYaml(source);
  if ('problem' in parsed) {
    const { line, reason } = parsed.problem;
    return failed(`${path}${line === undefined ? '' : `:${String(line)}`} does not parse: ${reason}.`);
  }
  const { documents } = parsed;
  const [first] = documents;
  if (first === undefined) return EMPTY;
  if (documents.length > 1)
    return failed(`${path} contains ${String(documents.length)} YAML documents; expected one.`);
  const { value, lineOf } = first;
  if (value === null) return EMPTY;
  if (!mapping.safeParse(value).success) {
    return failed(
      `${path} contains ${Array.isArray(value) ? 'a list' : 'text'}; expected inputs by name, such as app: helloworld.`,
    );
  }
  const place = placeIn(path, lineOf);
  const placed = Object.entries(value as object).map(([key, found]: [string, unknown]) => ({
    key,
    value: found,
    place: (inner: ValuePath) => place([key, ...inner]),
  }));
  return {
    values: new Map(
      placed
        .filter((entry) => KEYS.includes(entry.key) && !isEmpty(entry.value))
        .map((entry) => [entry.key, { value: entry.value, source: entry.place([]), place: entry.place }]),
    ),
    problems: placed.flatMap((entry) => problemOf(entry.key, entry.place([]))),
  };
}

/** What is wrong with a key. Its value is not shown: it may be a misplaced secret. */
function problemOf(key: string, source: string): readonly string[] {
  if (KEYS.includes(key)) return [];
  const why = REFUSED.get(key)?.();
  if (why !== undefined) return [`${source}: is not allowed in the release file: ${why}.`];
  return [`${source}: is not a key of the release file; did you mean ${closestMatch(key, KEYS) ?? ''}?`];
}

/** As with inputs, an empty value counts as not given. */
function isEmpty(value: unknown): boolean {
  if (typeof value === 'string') return value.trim() === '';
  return value === null || (typeof value === 'object' && Object.keys(value).length === 0);
}
