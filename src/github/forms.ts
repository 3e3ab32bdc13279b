import { z } from 'zod';

/**
 * The forms in which a value may stand, in an input (text) or in the release file (text, or what YAML has for it), and how
 * they are read. Each form is a schema of its own, from which the JSON Schema of the release file is made.
 */

type Complain = (issue: { readonly input?: unknown }) => string;
export type Scalar = string | number;
export type ListForm = Scalar | readonly Scalar[];
export type MapForm = string | Readonly<Record<string, Scalar>>;

/** What an editor can be told about a value (JSON Schema). */
interface Hints {
  readonly text?: { readonly pattern?: string; readonly enum?: readonly string[] };
  /** Where a bare number makes sense. */
  readonly number?: { readonly type?: 'integer'; readonly minimum?: number; readonly maximum?: number };
}

/** A value of a list or a map. */
export const scalar = ({ text, number }: Hints = {}, complain?: { error: Complain }) =>
  z.union([z.string().meta({ ...text }), z.number().meta({ ...number })], complain);

/**
 * A schema that reads a form by `parse`; `undefined` from it, or an error it throws, is a problem.
 *
 * @param show what a message tells of the value that was given
 */
export function parser<Form, T>(
  takes: string,
  form: (complain: { error: Complain }) => z.ZodType<Form, Form>,
  parse: (given: Form) => T | undefined,
  show: (given: unknown) => string = shown,
): z.ZodType<T, Form> {
  const complain = (given: unknown, why = ''): string =>
    given === undefined ? `is required; it takes ${takes}` : `got ${show(given)}${why}; it takes ${takes}`;
  return form({ error: ({ input }) => complain(input) }).transform((given, context): T => {
    let why = '';
    try {
      const parsed = parse(given);
      if (parsed !== undefined) return parsed;
    } catch (error) {
      why = error instanceof Error ? ` (${withoutUser(error.message)})` : '';
    }
    context.addIssue({ code: 'custom', message: complain(given, why) });
    return z.NEVER;
  });
}

function shown(given: unknown): string {
  const got = withoutUser(typeof given === 'string' ? given.trim() : JSON.stringify(given));
  const short = got.length > 120 ? `${got.slice(0, 120)}…` : got;
  return typeof given === 'string' ? JSON.stringify(short) : short;
}

/** A text without the user and the password of the URLs in it. */
function withoutUser(text: string): string {
  return text.replaceAll(/(?<=:\/\/)[^\s/@]*@/g, '…@');
}

/** One value, read as its text, so that a bare number and a quoted one are the same. */
export function text<T>(
  takes: string,
  parse: (text: string) => T | undefined,
  hints: Hints = {},
): z.ZodType<T, Scalar> {
  return parser<Scalar, T>(
    takes,
    (complain) =>
      hints.number === undefined ? z.string(complain).meta({ ...hints.text }) : scalar(hints, complain),
    (given) => parse(String(given).trim()),
  );
}

/** Entries in a list, or as text: one a line, or separated by commas. */
export function listOf<T>(
  takes: string,
  parse: (entries: readonly string[]) => T | undefined,
  hints: Hints = {},
): z.ZodType<T, ListForm> {
  return parser(
    takes,
    (complain) => z.union([scalar(), z.array(scalar(hints))], complain),
    (given) => parse(entriesOf(given)),
  );
}

interface MapOptions extends Hints {
  /** Reads the text form; by default one pair a line, or separated by commas. */
  readonly read?: (text: string) => ReadonlyMap<string, string>;
  /** What a message tells of the value that was given. */
  readonly show?: (given: unknown) => string;
}

/** Pairs in a map, or as text. */
export function mapOf<T>(
  takes: string,
  parse: (pairs: ReadonlyMap<string, string>) => T | undefined,
  { read = (text) => pairs(entries(text)), show, ...hints }: MapOptions = {},
): z.ZodType<T, MapForm> {
  return parser(
    takes,
    (complain) => z.union([z.string(), z.record(z.string(), scalar(hints))], complain),
    (given) => parse(typeof given === 'string' ? read(given) : pairsIn(given)),
    show,
  );
}

/** One entry a line, or separated by commas. */
export function entries(value: string, separator = /[\n,]/): readonly string[] {
  return value
    .split(separator)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

/** What stands in a list is one entry, whatever is in it. */
export function entriesOf(given: ListForm): readonly string[] {
  return typeof given === 'object' ? given.map((entry) => String(entry).trim()) : entries(String(given));
}

export function pairsIn(given: Readonly<Record<string, Scalar>>): ReadonlyMap<string, string> {
  const found = Object.entries(given).map(([key, value]) => [key.trim(), String(value).trim()] as const);
  const bare = found.find(([key, value]) => key === '' || value === '');
  if (bare !== undefined) throw new Error(`"${bare[0]}" has no value`);
  return new Map(found);
}

/** `key=value` or `key: value`, whichever separator comes first; a colon counts with a space behind it. */
const PAIR = /^(.+?)(?:\s*=\s*|\s*:\s+)(.+)$/;
/** `name: value` or `name=value`: no header has either separator in its name, so a colon needs no space. */
export const HEADER = /^([^:=]+)[:=](.+)$/;

export function pair(entry: string, form = PAIR): readonly [string, string] | undefined {
  const match = form.exec(entry);
  const [, key, value] = match ?? [];
  return key === undefined || value === undefined ? undefined : [key.trim(), value.trim()];
}

export function pairs(
  list: readonly string[],
  form = PAIR,
  name = (entry: string, _i: number): string => `"${entry}"`,
): ReadonlyMap<string, string> {
  const map = new Map<string, string>();
  for (const [i, entry] of list.entries()) {
    const [key, value] = pair(entry, form) ?? [];
    if (key === undefined || value === undefined) throw new Error(`${name(entry, i)} is not key=value`);
    if (map.has(key)) throw new Error(`"${key}" is listed twice`);
    map.set(key, value);
  }
  return map;
}
