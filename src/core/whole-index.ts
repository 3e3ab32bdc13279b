import { HashFilter, mayHave } from './hash-filter.ts';
import { BASE, powerOf, spanHashOf } from './span-hashes.ts';
import type { SpanHashes } from './span-hashes.ts';
import type { Span } from './spans.ts';

// Jest's globals are slow to reach, and these loops see every character.
const { imul } = Math;

/** Length of the pieces by which a text is looked up: no text is shorter. */
export const PIECE = 8;
/** What the first character of a piece adds to its hash once the next one follows. */
const OUT = powerOf(PIECE);
/** Of so many pieces of a text, the one that the fewest others have is looked up. */
const MOST_CHOICES = 64;
/** Where two hashes are the same, so much of both ends is compared. */
const COMPARED = 256;

/** Texts of one length that have the same piece at the same place. */
interface Group {
  readonly at: number;
  readonly length: number;
  readonly power: number;
  /** Whether no letter or digit may follow. */
  readonly ends: boolean;
  readonly byHash: Map<number, string[]>;
}

/** Finds secrets that are redacted only as a whole. Hashes distinguish those of the same length or with the same beginning. */
export class WholeIndex {
  readonly #groups = new Map<number, Group[]>();
  readonly #filter = new HashFilter();

  /** @param ends whether no letter or digit may follow */
  add(text: string, ends = false): void {
    const { value, length, power } = spanHashOf(text);
    const { at, piece } = this.#leastCommon(text);
    const groups = this.#groups.get(piece) ?? [];
    this.#groups.set(piece, groups);
    this.#filter.add(piece);
    let group = groups.find((one) => one.at === at && one.length === length && one.ends === ends);
    if (group === undefined) groups.push((group = { at, length, power, ends, byHash: new Map() }));
    const same = group.byHash.get(value) ?? [];
    if (!same.includes(text)) group.byHash.set(value, [...same, text]);
  }

  /**
   * Adds the texts that are found by pieces from `from` on, in the order of the pieces.
   *
   * @param work how many texts and characters are looked at
   * @returns where to go on
   */
  find(hashes: SpanHashes, from: number, work: number, spans: Span[]): number {
    const { text } = hashes;
    if (this.#groups.size === 0) return text.length;
    const { words } = this.#filter;
    let left = work;
    let hash = 0;
    for (let i = from; i < text.length; i += 1) {
      const leaving = i - PIECE < from ? 0 : imul(text.charCodeAt(i - PIECE), OUT);
      hash = (imul(hash, BASE) + text.charCodeAt(i) - leaving) | 0;
      const start = i - PIECE + 1;
      left -= 1;
      if (start >= from && mayHave(words, hash)) {
        const groups = this.#groups.get(hash) ?? [];
        left -= groups.length;
        for (const group of groups)
          if (isThere(hashes, start - group.at, group))
            spans.push({ from: start - group.at, to: start - group.at + group.length });
      }
      if (left <= 0) return Math.max(start, from) + 1;
    }
    return text.length;
  }

  /** Of pieces that are equally rare the last: what texts have in common is mostly their beginning. */
  #leastCommon(text: string): { readonly at: number; readonly piece: number } {
    const end = text.length - PIECE;
    const step = Math.max(1, Math.ceil(end / MOST_CHOICES));
    let best = { at: 0, piece: 0, others: Infinity };
    for (let at = end; at >= 0; at -= step) {
      const piece = spanHashOf(text.slice(at, at + PIECE)).value;
      const others = this.#groups.get(piece)?.length ?? 0;
      if (others < best.others) best = { at, piece, others };
      if (others === 0) break;
    }
    return best;
  }
}

function isThere(hashes: SpanHashes, from: number, group: Group): boolean {
  const { text } = hashes;
  const { length, ends, byHash } = group;
  const to = from + length;
  if (from < 0 || to > text.length || (ends && /\w/.test(text[to] ?? ''))) return false;
  const hash = hashes.hashAt(from, group);
  const same = hash === undefined ? undefined : byHash.get(hash);
  return (
    same?.some(
      (whole) =>
        text.startsWith(whole.slice(0, COMPARED), from) &&
        text.startsWith(whole.slice(-COMPARED), Math.max(from, to - COMPARED)),
    ) ?? false
  );
}
