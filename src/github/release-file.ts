import { existsSync, readFileSync } from 'node:fs';
import { diffChars } from 'diff';
import {
  EVENT_ID,
  FAILSAFE_SCHEMA,
  YAMLException,
  constructFromEvents,
  getScalarValue,
  mergeTag,
  nullCoreTag,
  parseEvents,
} from 'js-yaml';
import type { Event } from 'js-yaml';
import { z } from 'zod';
import { messageOf } from '../core/errors.ts';
import { INPUTS } from './inputs.ts';
import type { FileValue } from './inputs.ts';

/** Where the release file is looked for when the input config is not given; it may be missing then. */
export const DEFAULT_FILE = '.github/canary.yml';

/** Inputs that the file may not hold, and what to do instead. */
const NOT_IN_FILE = {
  kubeconfig: 'it is a secret, and has no place in a file of the repository; give it by the input kubeconfig',
  'github-token':
    'it is a secret, and has no place in a file of the repository; give it by the input github-token',
  config: 'it names this file; give it by the input config',
  operation: 'what to do is told by the job, not by the release; give it by the input operation',
} as const;

const REFUSED: ReadonlyMap<string, string> = new Map(Object.entries(NOT_IN_FILE));

/** What the file takes: the inputs but those, none of them required, since an input may give it. */
export const RELEASE_FILE = z.strictObject(
  INPUTS.omit({ kubeconfig: true, 'github-token': true, config: true, operation: true }).partial().shape,
);

const KEYS = Object.keys(RELEASE_FILE.shape);

/**
 * Every scalar stays the text that stands there: a version 1.10 would be 1.1 as a number. Each key's own parser tells what
 * the text means.
 */
const schema = FAILSAFE_SCHEMA.withTags(nullCoreTag, mergeTag);

const document = z.record(z.string(), z.unknown());

/** The values of a release file by key, and what is wrong with its keys; the values are not judged yet. */
export interface ReleaseFile {
  readonly values: ReadonlyMap<string, FileValue>;
  readonly problems: readonly string[];
}

const EMPTY: ReleaseFile = { values: new Map(), problems: [] };

/**
 * Reads the release file.
 *
 * @param given the input config; empty: the default file, which may be missing
 */
export function readReleaseFile(given: string): ReleaseFile {
  const path = given.trim() === '' ? DEFAULT_FILE : given.trim();
  if (!existsSync(path)) {
    if (given.trim() === '') return EMPTY;
    return failed(
      `Input config: got "${path}", which is no file; it takes the path of the release file in the workspace. Is there a checkout before this step?`,
    );
  }
  try {
    return parseReleaseFile(path, readFileSync(path, 'utf8'));
  } catch (error) {
    return failed(`The release file ${path} cannot be read: ${messageOf(error)}.`);
  }
}

function failed(problem: string): ReleaseFile {
  return { values: new Map(), problems: [problem] };
}

/** Reads the text of a release file; `path` is for messages. */
export function parseReleaseFile(path: string, source: string): ReleaseFile {
  let documents: readonly unknown[];
  let lines: ReadonlyMap<string, number>;
  try {
    const events = parseEvents(source, { filename: path });
    documents = constructFromEvents(events, { source, filename: path, schema });
    lines = linesOfKeys(source, events);
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const at = error.mark === undefined ? path : `${path}:${String(error.mark.line + 1)}`;
    return failed(`${at} does not parse: ${error.reason}.`);
  }
  const [first, ...others] = documents;
  if (others.length > 0)
    return failed(`${path} holds ${String(documents.length)} YAML documents; it takes one.`);
  if (first === undefined || first === null) return EMPTY;
  const content = document.safeParse(first);
  if (!content.success) {
    return failed(
      `${path} holds ${Array.isArray(first) ? 'a list' : 'a text'}; it takes the inputs by name, such as app: helloworld.`,
    );
  }
  const placed = Object.entries(content.data).map(([key, value]) => {
    const line = lines.get(key);
    return { key, value, source: `${path}${line === undefined ? '' : `:${String(line)}`}: ${key}` };
  });
  return {
    values: new Map(
      placed
        .filter(({ key, value }) => KEYS.includes(key) && !isEmpty(value))
        .map(({ key, value, source }) => [key, { value, source }]),
    ),
    problems: placed.flatMap(({ key, source }) => problemOf(key, source)),
  };
}

/** What is wrong with a key. Its value is not shown: it may be a secret that stands in the wrong place. */
function problemOf(key: string, source: string): readonly string[] {
  if (KEYS.includes(key)) return [];
  const why = REFUSED.get(key);
  if (why !== undefined) return [`${source}: is not allowed in the release file: ${why}.`];
  return [`${source}: is not a key of the release file; did you mean ${nearest(key)}?`];
}

/** The known key with the fewest characters to change. */
function nearest(key: string): string {
  const distance = (candidate: string): number =>
    diffChars(key, candidate)
      .filter(({ added, removed }) => added || removed)
      .reduce((sum, { count }) => sum + count, 0);
  return KEYS.reduce((best, candidate) => (distance(candidate) < distance(best) ? candidate : best));
}

/** As with inputs, what is empty counts as not given. */
function isEmpty(value: unknown): boolean {
  if (typeof value === 'string') return value.trim() === '';
  return value === null || (typeof value === 'object' && Object.keys(value).length === 0);
}

/** The line, from 1, on which each key of the outermost mapping stands. */
function linesOfKeys(source: string, events: readonly Event[]): ReadonlyMap<string, number> {
  const lines = new Map<string, number>();
  let depth = 0;
  let nodes = 0;
  for (const event of events) {
    // Document and mapping are open: keys and values follow each other.
    if (depth === 2 && event.type !== EVENT_ID.POP) {
      if (nodes % 2 === 0 && event.type === EVENT_ID.SCALAR)
        lines.set(getScalarValue(source, event), source.slice(0, event.valueStart).split('\n').length);
      nodes += 1;
    }
    if (event.type === EVENT_ID.POP) depth -= 1;
    else if (event.type !== EVENT_ID.SCALAR && event.type !== EVENT_ID.ALIAS) depth += 1;
  }
  return lines;
}
