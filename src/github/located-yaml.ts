import { LineCounter, isMap, isScalar, isSeq, parseAllDocuments, visit } from 'yaml';
import type { Document, DocumentOptions, Node, ParseOptions, SchemaOptions } from 'yaml';
import { messageOf } from '../core/errors.ts';

/** The keys and indexes that lead to a value. */
export type ValuePath = readonly PropertyKey[];

/** A YAML document as plain values, and the lines on which they are. */
export interface LocatedDocument {
  readonly value: unknown;
  /** The line of a value, or of the key that leads to it, from 1; the nearest one around it if it has none. */
  readonly lineOf: (path: ValuePath) => number;
}

/** Why a text does not parse, as a sentence without its full stop; the line is not always known. */
export interface YamlProblem {
  readonly line: number | undefined;
  readonly reason: string;
}

/** Finding the anchor of each goes through the document. */
const MOST_ALIASES = 100;

/**
 * Scalars stay text, as written: as a number, the version 1.10 would become 1.1. Whoever reads a value decides what the text
 * means.
 */
const YAML_OPTIONS: ParseOptions & DocumentOptions & SchemaOptions = {
  schema: 'failsafe',
  customTags: ['null'],
  merge: true,
  prettyErrors: false,
  logLevel: 'error',
};

/** Parses a text that somebody else wrote. */
export function parseLocatedYaml(
  source: string,
): { readonly documents: readonly LocatedDocument[] } | { readonly problem: YamlProblem } {
  const lineCounter = new LineCounter();
  const parsed = [...parseAllDocuments(source, { ...YAML_OPTIONS, lineCounter })];
  const lineAt = (offset: number): number => lineCounter.linePos(offset).line;
  const documents: LocatedDocument[] = [];
  for (const document of parsed) {
    const wrong = syntaxError(document);
    if (wrong !== undefined) return { problem: { line: lineAt(wrong.offset), reason: wrong.reason } };
    const read = valueOf(document);
    if ('reason' in read) return { problem: { line: undefined, reason: read.reason } };
    documents.push({ value: read.value, lineOf: (path) => lineAt(offsetOf(document, path)) });
  }
  return { documents };
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

function offsetOf({ contents }: Document.Parsed, path: ValuePath): number {
  let node: unknown = contents;
  let offset = contents?.range[0] ?? 0;
  for (const key of path) {
    const next = childOf(node, key);
    if (next === undefined) return offset;
    offset = next.offset ?? offset;
    node = next.node;
  }
  return offset;
}

/** The value at a key, and where it begins: in a mapping, its key. */
function childOf(
  node: unknown,
  key: PropertyKey,
): { readonly node: unknown; readonly offset: number | undefined } | undefined {
  if (isMap<unknown, Node | null>(node)) {
    const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key));
    if (pair === undefined) return undefined;
    return { node: pair.value, offset: isScalar(pair.key) ? pair.key.range?.[0] : undefined };
  }
  if (!isSeq<Node>(node)) return undefined;
  const item = node.items[Number(key)];
  return item === undefined ? undefined : { node: item, offset: item.range?.[0] };
}
