import { FILE_HEADERS_ONLY, createTwoFilesPatch, diffArrays, formatPatch } from 'diff';
import type { StructuredPatchHunk } from 'diff';
import type { Pieces } from '../core/pieces.ts';

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

/** Up to this length, both texts together are compared in one go. */
const SHORT = 100_000;
/** As many lines are compared in a row. */
const LINES_IN_A_ROW = 2_000;

/** The unified diff of two texts that end with a line break, with `context` lines around each change. */
export function* unifiedDiff(names: Sides, before: string, after: string, context: number): Pieces<string> {
  if (before.length + after.length <= SHORT) {
    const shortest = createTwoFilesPatch(names.before, names.after, before, after, undefined, undefined, {
      context,
      headerOptions: FILE_HEADERS_ONLY,
      maxEditLength: MOST_EDITS,
    });
    if (shortest !== undefined) return shortest;
  }
  const lines = yield* compareLines(linesOf(before), linesOf(after));
  yield;
  const hunks = hunksOf(lines, context);
  yield;
  return formatPatch(
    {
      oldFileName: names.before,
      newFileName: names.after,
      oldHeader: undefined,
      newHeader: undefined,
      hunks,
    },
    FILE_HEADERS_ONLY,
  );
}

function linesOf(text: string): readonly string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

/** Each line of both texts with its sign: a space, `-` or `+`. */
function* compareLines(before: readonly string[], after: readonly string[]): Pieces<readonly string[]> {
  yield;
  const ahead = commonLines(before, after, (i) => i);
  const most = Math.min(before.length, after.length) - ahead;
  const behind = Math.min(
    most,
    commonLines(before, after, (i, { length }) => length - 1 - i),
  );
  const [old, young] = [
    before.slice(ahead, before.length - behind),
    after.slice(ahead, after.length - behind),
  ];
  yield;
  const changed = shortest(old, young, MOST_EDITS) ?? (yield* alignedLines(old, young));
  yield;
  const same = (from: number, to: number): readonly string[] =>
    before.slice(from, to).map((line) => ` ${line}`);
  return [...same(0, ahead), ...changed, ...same(before.length - behind, before.length)];
}

/** How many lines in a row are the same, from one end. */
function commonLines(
  a: readonly string[],
  b: readonly string[],
  place: (i: number, lines: readonly string[]) => number,
): number {
  const most = Math.min(a.length, b.length);
  let count = 0;
  while (count < most && a[place(count, a)] === b[place(count, b)]) count += 1;
  return count;
}

/** The lines with their signs, where anchors align them. */
function* alignedLines(before: readonly string[], after: readonly string[]): Pieces<readonly string[]> {
  const result: string[] = [];
  let [from, to] = [0, 0];
  let room = LINES_IN_A_ROW;
  const between = (endBefore: number, endAfter: number): void => {
    const [old, young] = [before.slice(from, endBefore), after.slice(to, endAfter)];
    for (const line of compareGap(old, young)) result.push(line);
    room -= old.length + young.length + 1;
  };
  for (const [inBefore, inAfter] of yield* anchorsOf(before, after)) {
    between(inBefore, inAfter);
    result.push(` ${before[inBefore] ?? ''}`);
    [from, to] = [inBefore + 1, inAfter + 1];
    if (room > 0) continue;
    yield;
    room = LINES_IN_A_ROW;
  }
  between(before.length, after.length);
  return result;
}

/** Without a short difference, all lines before are replaced by all after. */
function compareGap(before: readonly string[], after: readonly string[]): readonly string[] {
  if (before.length === 0 && after.length === 0) return [];
  return (
    shortest(before, after, MOST_EDITS_BETWEEN) ?? [
      ...before.map((line) => `-${line}`),
      ...after.map((line) => `+${line}`),
    ]
  );
}

/** The lines with their signs, by the shortest difference; undefined if it takes more edits. */
function shortest(
  before: readonly string[],
  after: readonly string[],
  edits: number,
): readonly string[] | undefined {
  if (Math.abs(before.length - after.length) > edits) return undefined;
  const parts = diffArrays([...before], [...after], { maxEditLength: edits });
  return parts?.flatMap(({ value, added, removed }) =>
    value.map((line) => `${added ? '+' : removed ? '-' : ' '}${line}`),
  );
}

/**
 * The places of lines that occur once in both texts, as far as both have them in the same order: the longest such series, as in a
 * patience diff (https://bramcohen.livejournal.com/73318.html).
 */
function* anchorsOf(
  before: readonly string[],
  after: readonly string[],
): Pieces<readonly (readonly [number, number])[]> {
  const inAfter = placesOfUnique(after);
  yield;
  const inBefore = placesOfUnique(before);
  yield;
  const pairs = [...inBefore].flatMap(([line, place]) => {
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
