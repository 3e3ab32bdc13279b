import type { Pieces } from './pieces.ts';
import { formatYaml } from './yaml.ts';

const MOST_AT_ONCE = 500;

/**
 * Values as YAML with the keys of every object sorted. A large value is written
 * part by part, since all of it takes long.
 *
 * @param most how many values are written at a time
 */
export function* sortedYaml(value: unknown, most = MOST_AT_ONCE): Pieces<string> {
  if (!isLarge(value, most)) return blockOf(sorted(value));
  if (Array.isArray(value)) return yield* arrayYaml(value, most);
  return isRecord(value) ? yield* recordYaml(value, most) : blockOf(value);
}

function* arrayYaml(items: readonly unknown[], most: number): Pieces<string> {
  let text = '';
  for (const part of parts(items, (item) => item, most)) {
    yield;
    const [only] = part;
    text +=
      part.length === 1 && isLarge(only, most)
        ? `- ${indented(yield* sortedYaml(only, most)).slice(2)}`
        : blockOf(sorted(part));
  }
  return text;
}

function* recordYaml(record: Readonly<Record<string, unknown>>, most: number): Pieces<string> {
  const keys = Object.keys(sortedKeys(record));
  let text = '';
  for (const part of parts(keys, (key) => record[key], most)) {
    yield;
    const [only = ''] = part;
    const title = titleOf(only);
    text +=
      part.length === 1 && title !== undefined && isLarge(record[only], most)
        ? `${title}\n${indented(yield* sortedYaml(record[only], most))}`
        : blockOf(sorted(Object.fromEntries(part.map((key) => [key, record[key]]))));
  }
  return text;
}

/** Without the mark of the end that follows a text with line breaks at its end. */
function blockOf(value: unknown): string {
  return formatYaml(value).replace(/^\.{3}\n$(?![^])/m, '');
}

/** `key:`; undefined for a key that needs more than a line. */
function titleOf(key: string): string | undefined {
  return /^(?!\? )(.*:) null\n$/.exec(formatYaml({ [key]: null }))?.[1];
}

/** Neighbours that are small enough together to be written at once; a large one is alone. */
function parts<T>(
  items: readonly T[],
  valueOf: (item: T) => unknown,
  most: number,
): readonly (readonly T[])[] {
  const all: T[][] = [];
  let room = 0;
  for (const item of items) {
    const size = sizeOf(valueOf(item), most);
    const part = all.at(-1);
    if (part === undefined || size > room) {
      all.push([item]);
      room = most - size;
    } else {
      part.push(item);
      room -= size;
    }
  }
  return all;
}

function isLarge(value: unknown, most: number): boolean {
  return sizeOf(value, most) > most;
}

/** How many values a value consists of; no more than about `most` are counted. */
function sizeOf(value: unknown, most: number): number {
  if (typeof value !== 'object' || value === null) return 1;
  let size = 1;
  for (const item of Object.values(value)) {
    size += sizeOf(item, most - size);
    if (size > most) break;
  }
  return size;
}

/** Empty lines, such as those of a text in several lines, get no white space. */
function indented(text: string): string {
  return text.replaceAll(/^(?=[^\n])/gm, '  ');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(sortedKeys(value)).map(([key, item]) => [key, sorted(item)]));
}

function sortedKeys(record: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.keys(record)
      .toSorted()
      .map((key) => [key, record[key]]),
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
