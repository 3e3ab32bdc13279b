/** What the hash of a text is multiplied by for each further character. */
export const BASE = 0x0100_0193;

/** The hash of a text, and what it takes to cut texts of its length out of longer ones. */
export interface SpanHash {
  readonly length: number;
  readonly value: number;
  /** The base to the power of the length. */
  readonly power: number;
}

export function spanHashOf(text: string): SpanHash {
  let value = 0;
  let power = 1;
  for (let i = 0; i < text.length; i += 1) {
    value = (Math.imul(value, BASE) + text.charCodeAt(i)) | 0;
    power = Math.imul(power, BASE);
  }
  return { length: text.length, value, power };
}

/**
 * The hashes of everything in a text. To compare a long secret at each place where it may begin takes minutes if both consist of the
 * same few characters; to compare its hash does not.
 */
export class SpanHashes {
  readonly text: string;
  /** Of what precedes each place; made when it is needed, which is seldom. */
  #prefixes: Int32Array | undefined;

  constructor(text: string) {
    this.text = text;
  }

  /** Whether what begins here has this hash. Then it is almost certainly the same text. */
  fits(from: number, { length, value, power }: SpanHash): boolean {
    const prefixes = (this.#prefixes ??= prefixesOf(this.text));
    const [before, upTo] = [prefixes[from], prefixes[from + length]];
    if (before === undefined || upTo === undefined) return false;
    return ((upTo - Math.imul(before, power)) | 0) === value;
  }
}

function prefixesOf(text: string): Int32Array {
  const prefixes = new Int32Array(text.length + 1);
  let value = 0;
  for (let i = 0; i < text.length; i += 1) {
    value = (Math.imul(value, BASE) + text.charCodeAt(i)) | 0;
    prefixes[i + 1] = value;
  }
  return prefixes;
}
