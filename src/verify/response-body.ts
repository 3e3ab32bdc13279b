import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';

/** Only the beginning of a body is read: that is where the version is. */
const BODY_LIMIT = 16 * 1024;

const DECODERS: ReadonlyMap<string, () => Transform> = new Map([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
  ['deflate', createInflate],
  ['br', createBrotliDecompress],
]);

interface Outcome {
  /** All of the body has arrived, or as much as is read of one. */
  readonly complete: () => void;
  readonly failed: (error: Error) => void;
}

/** The beginning of a body, decompressed: a server may compress it without being asked. An unknown encoding is left as it is. */
export class BodyStart {
  readonly #outcome: Outcome;
  readonly #newDecoder: (() => Transform) | undefined;
  /** Made for the first bytes: a response without a body may name an encoding too, and nothing is no compressed text. */
  #decoder: Transform | undefined;
  readonly #chunks: Uint8Array[] = [];
  #size = 0;

  constructor(encoding: string | undefined, outcome: Outcome) {
    this.#outcome = outcome;
    this.#newDecoder = encoding === undefined ? undefined : DECODERS.get(encoding.trim().toLowerCase());
  }

  /**
   * Takes the next bytes as they arrived.
   *
   * @param onDrain called once more of them may come, if they must not come now
   * @returns whether more of them may come
   */
  add(chunk: Uint8Array, onDrain: () => void): boolean {
    this.#decoder ??= this.#newDecoder?.()
      .on('data', (decoded: Uint8Array) => {
        this.#keep(decoded);
      })
      .on('end', this.#outcome.complete)
      .on('error', this.#outcome.failed);
    if (this.#decoder === undefined) {
      this.#keep(chunk);
      return true;
    }
    const more = this.#decoder.write(chunk);
    if (!more) this.#decoder.once('drain', onDrain);
    return more;
  }

  /** No more bytes come. */
  end(): void {
    if (this.#decoder === undefined) this.#outcome.complete();
    else this.#decoder.end();
  }

  /** What has arrived so far. */
  text(): string {
    const [first] = this.#chunks;
    const all = first !== undefined && this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks);
    return Buffer.from(all.buffer, all.byteOffset, Math.min(all.length, BODY_LIMIT)).toString('utf8');
  }

  destroy(): void {
    this.#decoder?.destroy();
  }

  #keep(chunk: Uint8Array): void {
    if (this.#size >= BODY_LIMIT) return;
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#size >= BODY_LIMIT) this.#outcome.complete();
  }
}
