import { pipeline } from 'node:stream';
import type { Duplex, Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { BrokenResponse } from './broken-response.ts';

/** Only the beginning of a body is read: that is where the version is. */
const BODY_LIMIT = 16 * 1024;

const DECODERS: Readonly<Record<string, () => Duplex>> = {
  gzip: createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** The decompressed body: a server may compress it without being asked. An unknown encoding is left as it is. */
export function decoded(body: Readable, encoding = ''): Readable {
  const decoder = DECODERS[encoding.trim().toLowerCase()]?.();
  // Errors of both streams appear when the decoded one is read.
  return decoder === undefined ? body : pipeline(body, decoder, () => undefined);
}

/**
 * The beginning of a body as text; what has arrived of it once the time is up.
 *
 * @throws BrokenResponse
 */
export async function readStart(body: AsyncIterable<Uint8Array>, limit: AbortSignal): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of body) {
      chunks.push(chunk);
      size += chunk.length;
      // Leaving the loop releases the connection: an endless body must not delay a sample.
      if (size >= BODY_LIMIT) break;
    }
  } catch (error) {
    // An event stream is a response although it never ends.
    if (!limit.aborted) throw new BrokenResponse('the body did not end', { cause: error });
  }
  return Buffer.concat(chunks).subarray(0, BODY_LIMIT).toString('utf8');
}
