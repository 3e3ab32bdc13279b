import { closestMatch } from 'leven';
import { LineCounter, isMap, isScalar, parseAllDocuments, visit } from 'yaml';
import type { Document, ParseOptions, DocumentOptions, SchemaOptions } from 'yaml';
import { z } from 'zod';
import { CanaryError, messageOf } from '../core/errors.ts';
import { FILE_LIMITS, readBoundedFile } from '../core/read-file.ts';
import { confinedPath, isPresent } from '../core/workspace.ts';
import { INPUTS } from './inputs.ts';
import { jobWorkspace } from './job-workspace.ts';
import type { FileValue } from './inputs.ts';

/** Where the release file is expected when the input config is not given; this file may be missing. */
export const DEFAULT_FILE = '.github/canary.yml';

/** Finding the anchor of each goes through the document. */
const MOST_ALIASES = 100;

/** Inputs that are not allowed in the file, and what to do instead. */
const NOT_IN_FILE = {
  kubeconfig: 'it is a secret, which does not belong in the repository; use the input kubeconfig',
  'github-token': 'it is a secret, which does not belong in the repository; use the input github-token',
  config: 'it names this file; use the input config',
  operation: 'the job decides what to do, not the release; use the input operation',
} as const;

const REFUSED: ReadonlyMap<string, string> = new Map(Object.entries(NOT_IN_FILE));

/** What the file may contain: every other input. None is required, because an input may give it. */
export const RELEASE_FILE = z.strictObject(
  INPUTS.omit({ kubeconfig: true, 'github-token': true, config: true, operation: true }).partial().shape,
);

const KEYS = Object.keys(RELEASE_FILE.shape);

/**
 * Scalars stay text, as written: as a number, the version 1.10 would become 1.1. The parser of each key decides what the text
 * means.
 */
const YAML_OPTIONS: ParseOptions & DocumentOptions & SchemaOptions = {
  schema: 'failsafe',
  customTags: ['null'],
  merge: true,
  prettyErrors: false,
  logLevel: 'error',
};

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
      `Input config: got "${path}", which does not exist; expected the path of the release file in the workspace. Does a checkout come before this step?`,
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
  const lineCounter = new LineCounter();
  const documents = [...parseAllDocuments(source, { ...YAML_OPTIONS, lineCounter })];
  const lineAt = (offset: number): string => `${path}:${String(lineCounter.linePos(offset).line)}`;
  const [first] = documents;
  if (first === undefined) return EMPTY;
  const wrong = documents.map(syntaxError).find((error) => error !== undefined);
  if (wrong !== undefined) return failed(`${lineAt(wrong.offset)} does not parse: ${wrong.reason}.`);
  if (documents.length > 1)
    return failed(`${path} contains ${String(documents.length)} YAML documents; expected one.`);
  const read = valueOf(first);
  if ('reason' in read) return failed(`${path} does not parse: ${read.reason}.`);
  const { value } = read;
  if (value === null) return EMPTY;
  if (!mapping.safeParse(value).success) {
    return failed(
      `${path} contains ${Array.isArray(value) ? 'a list' : 'text'}; expected inputs by name, such as app: helloworld.`,
    );
  }
  const offsets = offsetsOfKeys(first);
  const placed = Object.entries(value as object).map(([key, found]: [string, unknown]) => {
    const offset = offsets.get(key);
    return { key, value: found, source: `${offset === undefined ? path : lineAt(offset)}: ${key}` };
  });
  return {
    values: new Map(
      placed
        .filter((entry) => KEYS.includes(entry.key) && !isEmpty(entry.value))
        .map((entry) => [entry.key, { value: entry.value, source: entry.source }]),
    ),
    problems: placed.flatMap((entry) => problemOf(entry.key, entry.source)),
  };
}

/** The library refuses to write out aliases of aliases that express more than some hundred values, and `<<` of what is no mapping. */
function valueOf(document: Document.Parsed): { readonly value: unknown } | { readonly reason: string } {
  try {
    return { value: document.toJS({ maxAliasCount: MOST_ALIASES }) };
  } catch (error) {
    const isTooLarge = error instanceof ReferenceError;
    return { reason: isTooLarge ? 'its aliases express too many values' : messageOf(error) };
  }
}

/** The first reason why a document cannot be read, with its offset in the text. An unknown tag is one too. */
function syntaxError(
  document: Document.Parsed,
): { readonly offset: number; readonly reason: string } | undefined {
  const [error] = [...document.errors, ...document.warnings];
  if (error !== undefined)
    return {
      offset: error.pos[0],
      // The parser calls itself for each level.
      reason: error.message.includes('call stack') ? 'its values are nested too deeply' : error.message,
    };
  let unresolved: { readonly offset: number; readonly reason: string } | undefined;
  let aliases = 0;
  visit(document, {
    Alias(_key, alias) {
      aliases += 1;
      const reason =
        aliases > MOST_ALIASES
          ? `it has more than ${String(MOST_ALIASES)} aliases`
          : alias.resolve(document) === undefined
            ? `the alias *${alias.source} has no anchor`
            : undefined;
      if (reason === undefined) return undefined;
      unresolved = { offset: alias.range?.[0] ?? 0, reason };
      return visit.BREAK;
    },
  });
  return unresolved;
}

/** Where each key of the outermost mapping begins. */
function offsetsOfKeys({ contents }: Document.Parsed): ReadonlyMap<string, number> {
  if (!isMap(contents)) return new Map();
  return new Map(
    contents.items.flatMap(({ key }) => (isScalar(key) ? [[String(key.value), key.range[0]] as const] : [])),
  );
}

/** What is wrong with a key. Its value is not shown: it may be a misplaced secret. */
function problemOf(key: string, source: string): readonly string[] {
  if (KEYS.includes(key)) return [];
  const why = REFUSED.get(key);
  if (why !== undefined) return [`${source}: is not allowed in the release file: ${why}.`];
  return [`${source}: is not a key of the release file; did you mean ${closestMatch(key, KEYS) ?? ''}?`];
}

/** As with inputs, an empty value counts as not given. */
function isEmpty(value: unknown): boolean {
  if (typeof value === 'string') return value.trim() === '';
  return value === null || (typeof value === 'object' && Object.keys(value).length === 0);
}
