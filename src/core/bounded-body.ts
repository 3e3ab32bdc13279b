/** The beginning of a body, and whether that is all of it. */
export interface BoundedBody {
  readonly bytes: Buffer;
  readonly complete: boolean;
}

/**
 * Reads a body, decompressed or not, up to a limit in bytes. Beyond it, nothing more is read and the connection is given up: a few
 * bytes may decompress to gigabytes.
 *
 * @param onChunk sees every chunk in order; an error that it throws ends the reading
 */
export async function readBounded(
  body: AsyncIterable<Uint8Array> | null,
  limit: number,
  onChunk: (chunk: Uint8Array) => void = () => undefined,
): Promise<BoundedBody> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    onChunk(chunk);
    chunks.push(chunk);
    size += chunk.length;
    if (size > limit) return { bytes: Buffer.concat(chunks).subarray(0, limit), complete: false };
  }
  return { bytes: Buffer.concat(chunks), complete: true };
}
