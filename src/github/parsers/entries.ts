/** Splits the text of an input into entries and pairs, and reads the YAML forms of both. */

export type Scalar = string | number;
export type ListForm = Scalar | readonly Scalar[];
export type MapForm = string | Readonly<Record<string, Scalar>>;

/** Entries on separate lines, or separated by commas. */
export function entries(text: string, separator = /[\n,]/): readonly string[] {
  return text
    .split(separator)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

/** An item of a YAML list is one entry, even where it contains a comma. */
export function entriesOf(given: ListForm): readonly string[] {
  return typeof given === 'object' ? given.map((entry) => String(entry).trim()) : entries(String(given));
}

/** @throws Error that names an entry which occurs more than once */
export function assertDistinct(found: readonly string[]): void {
  const repeated = found.find((entry, i) => found.indexOf(entry) !== i);
  if (repeated !== undefined) throw new Error(`"${repeated}" is listed twice`);
}

/** `key=value` or `key: value`, whichever separator comes first; a colon counts only before a space. */
const PAIR = /^(.+?)(?:\s*=\s*|\s*:\s+)(.+)$/;
/** `name: value` or `name=value`: a header's name contains neither separator, so the colon needs no space. */
export const HEADER = /^([^:=]+)[:=](.+)$/;

export function pair(entry: string, form = PAIR): readonly [string, string] | undefined {
  const [, key, value] = form.exec(entry) ?? [];
  return key === undefined || value === undefined ? undefined : [key.trim(), value.trim()];
}

/**
 * @param complaint about an entry that is no pair
 * @throws Error for an entry that is no pair, or a key that occurs twice
 */
export function pairs(
  list: readonly string[],
  form = PAIR,
  complaint = (entry: string, _i: number): string => `"${entry}" is not key=value`,
): ReadonlyMap<string, string> {
  const found = list.map((entry, i) => {
    const read = pair(entry, form);
    if (read === undefined) throw new Error(complaint(entry, i));
    return read;
  });
  assertDistinct(found.map(([key]) => key));
  return new Map(found);
}

/** The pairs of a YAML mapping. @throws Error where a key or a value is empty */
export function pairsOf(given: Readonly<Record<string, Scalar>>): ReadonlyMap<string, string> {
  const found = Object.entries(given).map(([key, value]) => [key.trim(), String(value).trim()] as const);
  const bare = found.find(([key, value]) => key === '' || value === '');
  if (bare !== undefined) throw new Error(`"${bare[0]}" has no value`);
  return new Map(found);
}
