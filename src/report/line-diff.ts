import { FILE_HEADERS_ONLY, createTwoFilesPatch, diffArrays, formatPatch } from 'diff';
import type { StructuredPatchHunk } from 'diff';

/**
 * The shortest difference of two texts takes time that grows with the square of its length. Up to this many changed lines it is
 * found; beyond, lines that occur once in both texts align the rest, in about linear time.
 */
const MOST_EDITS = 200;
/** Between two lines that are aligned. */
const MOST_EDITS_BETWEEN = 50;

/** Names of both sides in the head of a difference. */
export interface Sides {
  readonly before: string;
  readonly after: string;
}

/** The unified diff of two texts, with `context` lines around each change. */
export function unifiedDiff(names: Sides, before: string, after: string, context: number): string {
  const shortest = createTwoFilesPatch(names.before, names.after, before, after, undefined, undefined, {
    context,
    headerOptions: FILE_HEADERS_ONLY,
    maxEditLength: MOST_EDITS,
  });
  if (shortest !== undefined) return shortest;
  const lines = compareLines(linesOf(before), linesOf(after));
  return formatPatch(
    {
      oldFileName: names.before,
      newFileName: names.after,
      oldHeader: undefined,
      newHeader: undefined,
      hunks: hunksOf(lines, context),
    },
    FILE_HEADERS_ONLY,
  );
}

function linesOf(text: string): readonly string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

/** Each line of both texts with its sign: a space, `-` or `+`. */
function compareLines(before: readonly string[], after: readonly string[]): readonly string[] {
  const result: string[] = [];
  let [from, to] = [0, 0];
  const between = (endBefore: number, endAfter: number): void => {
    for (const line of compareGap(before.slice(from, endBefore), after.slice(to, endAfter)))
      result.push(line);
  };
  for (const [inBefore, inAfter] of anchorsOf(before, after)) {
    between(inBefore, inAfter);
    result.push(` ${before[inBefore] ?? ''}`);
    [from, to] = [inBefore + 1, inAfter + 1];
  }
  between(before.length, after.length);
  return result;
}

/** Without a short difference, all lines before are replaced by all after. */
function compareGap(before: readonly string[], after: readonly string[]): readonly string[] {
  const parts = diffArrays([...before], [...after], { maxEditLength: MOST_EDITS_BETWEEN });
  if (parts === undefined) return [...before.map((line) => `-${line}`), ...after.map((line) => `+${line}`)];
  return parts.flatMap(({ value, added, removed }) =>
    value.map((line) => `${added ? '+' : removed ? '-' : ' '}${line}`),
  );
}

/**
 * The places of lines that occur once in both texts, as far as both have them in the same order: the longest such series, as in a
 * patience diff (https://bramcohen.livejournal.com/73318.html).
 */
function anchorsOf(
  before: readonly string[],
  after: readonly string[],
): readonly (readonly [number, number])[] {
  const inAfter = placesOfUnique(after);
  const pairs = [...placesOfUnique(before)].flatMap(([line, place]) => {
    const other = inAfter.get(line);
    return other === undefined ? [] : [[place, other] as const];
  });
  return longestRising(pairs);
}

function placesOfUnique(lines: readonly string[]): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  const repeated = new Set<string>();
  for (const [place, line] of lines.entries()) {
    if (places.has(line)) repeated.add(line);
    places.set(line, place);
  }
  for (const line of repeated) places.delete(line);
  return places;
}

interface Link {
  readonly pair: readonly [number, number];
  readonly earlier: Link | undefined;
}

/** The longest series of pairs whose second numbers rise, of pairs whose first numbers rise. */
function longestRising(
  pairs: readonly (readonly [number, number])[],
): readonly (readonly [number, number])[] {
  /** For each length, the series that ends lowest. */
  const ends: Link[] = [];
  for (const pair of pairs) {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ends[middle]?.pair[1] ?? Infinity) < pair[1]) low = middle + 1;
      else high = middle;
    }
    ends[low] = { pair, earlier: ends[low - 1] };
  }
  const series: (readonly [number, number])[] = [];
  for (let link = ends.at(-1); link !== undefined; link = link.earlier) series.push(link.pair);
  return series.toReversed();
}

/** Changed lines with `context` lines around them; changes closer than that share a hunk. */
function hunksOf(lines: readonly string[], context: number): StructuredPatchHunk[] {
  const hunks: StructuredPatchHunk[] = [];
  const begin = (place: number): number => Math.max(0, place - context);
  let [oldLine, newLine] = [1, 1];
  let start: { readonly at: number; readonly old: number; readonly new: number } | undefined;
  let lastChange = -Infinity;
  const close = (end: number): void => {
    if (start === undefined) return;
    const own = lines.slice(start.at, end);
    const oldLines = own.filter((line) => !line.startsWith('+')).length;
    const newLines = own.filter((line) => !line.startsWith('-')).length;
    hunks.push({ oldStart: start.old, newStart: start.new, oldLines, newLines, lines: [...own] });
    start = undefined;
  };
  for (const [place, line] of lines.entries()) {
    if (!line.startsWith(' ')) {
      if (start !== undefined && begin(place) > lastChange + context + 1) close(lastChange + context + 1);
      // The lines of context before a change are the same on both sides.
      const shared = place - begin(place);
      start ??= { at: begin(place), old: oldLine - shared, new: newLine - shared };
      lastChange = place;
    }
    if (!line.startsWith('+')) oldLine += 1;
    if (!line.startsWith('-')) newLine += 1;
  }
  close(Math.min(lines.length, lastChange + context + 1));
  return hunks;
}
