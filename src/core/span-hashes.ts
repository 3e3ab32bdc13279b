// Jest's globals are slow to reach, and these loops see every character.
const { imul } = Math;

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
  for (let i = 0; i < text.length; i += 1) value = (imul(value, BASE) + text.charCodeAt(i)) | 0;
  return { length: text.length, value, power: powerOf(text.length) };
}

/** The base to the power of a length. */
export function powerOf(length: number): number {
  let power = 1;
  for (let i = 0; i < length; i += 1) power = imul(power, BASE);
  return power;
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

  /** The hash of what begins here; undefined if the text is not that long. */
  hashAt(from: number, { length, power }: Omit<SpanHash, 'value'>): number | undefined {
    const prefixes = (this.#prefixes ??= prefixesOf(this.text));
    const [before, upTo] = [prefixes[from], prefixes[from + length]];
    return before === undefined || upTo === undefined ? undefined : (upTo - imul(before, power)) | 0;
  }
}

function prefixesOf(text: string): Int32Array {
  const prefixes = new Int32Array(text.length + 1);
  let value = 0;
  for (let i = 0; i < text.length; i += 1) {
    value = (imul(value, BASE) + text.charCodeAt(i)) | 0;
    prefixes[i + 1] = value;
  }
  return prefixes;
}
