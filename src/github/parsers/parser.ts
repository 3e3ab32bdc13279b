import { z } from 'zod';
import { entries, entriesOf, pairs, pairsOf } from './entries.ts';
import type { ListForm, MapForm, Scalar } from './entries.ts';

/**
 * Builds the schema of a value from what it may look like and how it is read. A value comes from an input, as text, or from
 * the release file, as text or as YAML. The JSON Schema of the release file is generated from the same schemas.
 */

type DescribeIssue = (issue: { readonly input?: unknown }) => string;

/** What an editor learns about a value from the JSON Schema. */
interface Hints {
  readonly text?: { readonly pattern?: string; readonly enum?: readonly string[] };
  /** Where a bare number makes sense. */
  readonly number?: { readonly type?: 'integer'; readonly minimum?: number; readonly maximum?: number };
}

/** A value of a list or a map. */
export const scalar = ({ text, number }: Hints = {}, describe?: { error: DescribeIssue }) =>
  z.union([z.string().meta({ ...text }), z.number().meta({ ...number })], describe);

/**
 * A schema that reads a value with `parse`; the value is refused where that returns `undefined` or throws. The message names
 * what was given, the reason where `parse` threw one, and what was expected.
 *
 * @param expected completes the words "expected …"
 * @param show how a message quotes a refused value
 */
export function parser<Form, T>(
  expected: string,
  form: (describe: { error: DescribeIssue }) => z.ZodType<Form, Form>,
  parse: (given: Form) => T | undefined,
  show: (given: unknown) => string = quoted,
): z.ZodType<T, Form> {
  const refusal = (given: unknown, reason = ''): string =>
    given === undefined
      ? `is required; expected ${expected}`
      : `got ${show(given)}${reason}; expected ${expected}`;
  return form({ error: ({ input }) => refusal(input) }).transform((given, context): T => {
    let reason = '';
    try {
      const parsed = parse(given);
      if (parsed !== undefined) return parsed;
    } catch (error) {
      reason = error instanceof Error ? ` (${withoutCredentials(error.message)})` : '';
    }
    context.addIssue({ code: 'custom', message: refusal(given, reason) });
    return z.NEVER;
  });
}

const LONGEST_QUOTE = 120;

function quoted(given: unknown): string {
  const text = withoutCredentials(typeof given === 'string' ? given.trim() : JSON.stringify(given));
  const short = text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text;
  return typeof given === 'string' ? JSON.stringify(short) : short;
}

/** A text without the user names and passwords of the URLs in it, and without their queries. */
function withoutCredentials(text: string): string {
  return text.replaceAll(/(?<=:\/\/)\S+/g, (rest) => {
    const user = rest.lastIndexOf('@');
    const shown = user < 0 ? rest : `…${rest.slice(user)}`;
    return shown.replace(/\?.*/, '?…');
  });
}

/** One value, read as text, so that a bare number means the same as a quoted one. */
export function text<T>(
  expected: string,
  parse: (text: string) => T | undefined,
  hints: Hints = {},
): z.ZodType<T, Scalar> {
  return parser<Scalar, T>(
    expected,
    (describe) =>
      hints.number === undefined ? z.string(describe).meta({ ...hints.text }) : scalar(hints, describe),
    (given) => parse(String(given).trim()),
  );
}

/** A YAML list, or text with one entry per line or entries separated by commas. */
export function listOf<T>(
  expected: string,
  parse: (entries: readonly string[]) => T | undefined,
  hints: Hints = {},
): z.ZodType<T, ListForm> {
  return parser(
    expected,
    (describe) => z.union([scalar(), z.array(scalar(hints))], describe),
    (given) => parse(entriesOf(given)),
  );
}

interface MapOptions extends Hints {
  /** Reads the text form; by default one pair per line, or pairs separated by commas. */
  readonly read?: (text: string) => ReadonlyMap<string, string>;
  /** How a message quotes a refused value. */
  readonly show?: (given: unknown) => string;
}

/** A YAML mapping, or pairs as text. */
export function mapOf<T>(
  expected: string,
  parse: (pairs: ReadonlyMap<string, string>) => T | undefined,
  { read = (given) => pairs(entries(given)), show, ...hints }: MapOptions = {},
): z.ZodType<T, MapForm> {
  return parser(
    expected,
    (describe) => z.union([z.string(), z.record(z.string(), scalar(hints))], describe),
    (given) => parse(typeof given === 'string' ? read(given) : pairsOf(given)),
    show,
  );
}
