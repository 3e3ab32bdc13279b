import { HashFilter, mayHave } from './hash-filter.ts';
import { BASE, powerOf } from './span-hashes.ts';
import type { Span } from './spans.ts';

// Jest's globals are slow to reach, and these loops see every character.
const { imul } = Math;

/** Spreads hashes over a table. */
const SPREAD = 0x9e37_79b1;
const FIRST_BITS = 10;

/**
 * Finds every part of some texts, from a length on. A longer part consists of parts of just that length, so these are all that is
 * kept: a search takes time in proportion to the text, however many texts there are and whatever they have in common.
 */
export class PartIndex {
  /** How many characters in a row must match. */
  readonly #length: number;
  /** What the first character of a part adds to its hash once the next one follows. */
  readonly #power: number;
  readonly #filter = new HashFilter();
  readonly #texts: { readonly text: string; readonly start: number }[] = [];
  #end = 0;
  /** A hash table: the hash of a part, and its place among all texts, from 1; 0 is a free slot. */
  #bits = FIRST_BITS;
  #hashes = new Int32Array(1 << FIRST_BITS);
  #places = new Uint32Array(1 << FIRST_BITS);
  #count = 0;

  constructor(length: number) {
    this.#length = length;
    this.#power = powerOf(length);
  }

  add(text: string): void {
    const start = this.#end;
    this.#texts.push({ text, start });
    this.#end += text.length;
    let hash = 0;
    for (let i = 0; i < text.length; i += 1) {
      const gone = i - this.#length;
      const leaving = gone < 0 ? 0 : imul(text.charCodeAt(gone), this.#power);
      hash = (imul(hash, BASE) + text.charCodeAt(i) - leaving) | 0;
      const begin = i - this.#length + 1;
      if (begin < 0) continue;
      this.#filter.add(hash);
      this.#insert(hash, start + begin + 1, text, begin);
    }
  }

  /** Adds the longest parts that begin from `from` on and before `until`, in order. Those found before `from` go on. */
  find(text: string, from: number, until: number, spans: Span[]): void {
    if (this.#count === 0) return;
    // Read once: this loop sees every character of every text.
    const [length, power, { words }] = [this.#length, this.#power, this.#filter];
    const last = Math.min(until + length - 1, text.length);
    let hash = 0;
    for (let i = from; i < last; i += 1) {
      const leaving = i - length < from ? 0 : imul(text.charCodeAt(i - length), power);
      hash = (imul(hash, BASE) + text.charCodeAt(i) - leaving) | 0;
      if (!mayHave(words, hash)) continue;
      const begin = i - length + 1;
      if (begin < from || this.#slotOf(hash, text, begin).free) continue;
      const earlier = spans.at(-1);
      const grows = earlier?.to === i;
      if (grows) spans.pop();
      spans.push({ from: grows ? earlier.from : begin, to: i + 1 });
    }
  }

  #insert(hash: number, place: number, text: string, begin: number): void {
    const { slot, free } = this.#slotOf(hash, text, begin);
    if (!free) return;
    this.#hashes[slot] = hash;
    this.#places[slot] = place;
    this.#count += 1;
    if (this.#count * 2 > this.#places.length) this.#grow();
  }

  /** Where the part of a text is in the table, or would be. */
  #slotOf(hash: number, text: string, begin: number): { readonly slot: number; readonly free: boolean } {
    const mask = this.#places.length - 1;
    for (let slot = imul(hash, SPREAD) >>> (32 - this.#bits); ; slot = (slot + 1) & mask) {
      const place = this.#places[slot] ?? 0;
      if (place === 0) return { slot, free: true };
      if (this.#hashes[slot] === hash && this.#isAt(place - 1, text, begin)) return { slot, free: false };
    }
  }

  #isAt(place: number, text: string, begin: number): boolean {
    let [low, high] = [0, this.#texts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#texts[middle]?.start ?? Infinity) <= place) low = middle;
      else high = middle - 1;
    }
    const known = this.#texts[low];
    if (known === undefined) return false;
    const at = place - known.start;
    for (let i = 0; i < this.#length; i += 1)
      if (known.text.charCodeAt(at + i) !== text.charCodeAt(begin + i)) return false;
    return true;
  }

  #grow(): void {
    const [hashes, places] = [this.#hashes, this.#places];
    this.#bits += 1;
    this.#hashes = new Int32Array(1 << this.#bits);
    this.#places = new Uint32Array(1 << this.#bits);
    const mask = this.#places.length - 1;
    for (const [i, place] of places.entries()) {
      if (place === 0) continue;
      const hash = hashes[i] ?? 0;
      let slot = imul(hash, SPREAD) >>> (32 - this.#bits);
      while (this.#places[slot] !== 0) slot = (slot + 1) & mask;
      this.#hashes[slot] = hash;
      this.#places[slot] = place;
    }
  }
}
