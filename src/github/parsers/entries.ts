/** Splits the text of an input into entries and pairs, and reads the YAML forms of both. */

export type Scalar = string | number;
export type ListForm = Scalar | readonly Scalar[];
export type MapForm = string | Readonly<Record<string, Scalar>>;

/** More than any release has of anything. */
const MOST_ENTRIES = 10_000;

/** Entries on separate lines, or separated by commas. @throws Error for too many of them */
export function entries(text: string, separator = /[\n,]/): readonly string[] {
  const found = text
    .split(separator)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  assertFew(found.length);
  return found;
}

function assertFew(number: number): void {
  if (number > MOST_ENTRIES)
    throw new Error(
      `${number.toLocaleString('en')} entries, of which at most ${MOST_ENTRIES.toLocaleString('en')} are accepted`,
    );
}

/** An item of a YAML list is one entry, even where it contains a comma. @throws as `entries` does */
export function entriesOf(given: ListForm): readonly string[] {
  if (typeof given !== 'object') return entries(String(given));
  assertFew(given.length);
  return given.map((entry) => String(entry).trim());
}

/** @throws Error that names an entry which occurs more than once */
export function assertDistinct(found: readonly string[]): void {
  const seen = new Set<string>();
  const repeated = found.find((entry) => seen.size === seen.add(entry).size);
  if (repeated !== undefined) throw new Error(`"${repeated}" is listed twice`);
}

/** `key=value` or `key: value`, whichever separator comes first; a colon counts only before a space. */
const PAIR = /(?<=.)(?:=|:\s)/s;
/** `name: value` or `name=value`: a header's name contains neither separator, so the colon needs no space. */
export const HEADER = /(?<=.)[:=]/s;

/** @param separator does not begin with something that may repeat, which would take long in a long text */
export function pair(entry: string, separator = PAIR): readonly [string, string] | undefined {
  const at = entry.search(separator);
  const value = entry.slice(at + 1).trim();
  return at < 0 || value === '' ? undefined : [entry.slice(0, at).trim(), value];
}

/**
 * @param complaint about an entry that is no pair
 * @throws Error for an entry that is no pair, or a key that occurs twice
 */
export function pairs(
  list: readonly string[],
  separator = PAIR,
  complaint = (entry: string, _i: number): string => `"${entry}" is not key=value`,
): ReadonlyMap<string, string> {
  const found = list.map((entry, i) => {
    const read = pair(entry, separator);
    if (read === undefined) throw new Error(complaint(entry, i));
    return read;
  });
  assertDistinct(found.map(([key]) => key));
  return new Map(found);
}

/** The pairs of a YAML mapping. @throws Error where a key or a value is empty, and as `entries` does */
export function pairsOf(given: Readonly<Record<string, Scalar>>): ReadonlyMap<string, string> {
  assertFew(Object.keys(given).length);
  const found = Object.entries(given).map(([key, value]) => [key.trim(), String(value).trim()] as const);
  const bare = found.find(([key, value]) => key === '' || value === '');
  if (bare !== undefined) throw new Error(`"${bare[0]}" has no value`);
  return new Map(found);
}
