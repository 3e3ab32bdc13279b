const BITS = 20;

/** Which hashes occur in a set: most of a text needs no other look. */
export class HashFilter {
  readonly words = new Uint32Array(1 << (BITS - 5));

  add(hash: number): void {
    const slot = slotOf(hash);
    this.words[slot >>> 5] = (this.words[slot >>> 5] ?? 0) | (1 << (slot & 31));
  }
}

/** Whether a filter with these words has a hash; false for most that were not added. */
export function mayHave(words: Uint32Array, hash: number): boolean {
  const slot = slotOf(hash);
  return ((words[slot >>> 5] ?? 0) & (1 << (slot & 31))) !== 0;
}

/** The lower bits of a hash depend on few characters. */
function slotOf(hash: number): number {
  return hash >>> (32 - BITS);
}
