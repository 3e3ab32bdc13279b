import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { MIB, formatBytes } from './bytes.ts';
import { CanaryError, messageOf } from './errors.ts';

/**
 * The largest file of each kind, in bytes. What is read must fit into memory many times over: a parser needs up to 150 bytes for
 * each byte of YAML.
 */
export const FILE_LIMITS = {
  kubeconfig: 2 * MIB,
  /** Certificates, keys and tokens have some KiB; a bundle of all public authorities has 250. */
  credential: 2 * MIB,
  /** The parser that keeps line numbers takes long for large files. */
  releaseFile: MIB / 16,
  /** An API server accepts objects of at most 1.5 MiB. */
  manifest: 2 * MIB,
  /** GitHub's payloads of the events that name a commit have some 30 KiB. */
  event: 4 * MIB,
} as const;

/**
 * The text of a file that a user names. Only a regular file is read, and no more of it than the limit: a device never ends, and a
 * named pipe may never begin.
 *
 * @throws CanaryError whose message says what the path is, without naming the path: `is a directory; expected a regular file`
 */
export function readBoundedFile(path: string, limit: number): string {
  let file: number;
  try {
    // Opening a named pipe would wait for a writer; a terminal must not become that of this process.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (error) {
    throw new CanaryError(`cannot be read: ${messageOf(error)}`, { cause: error });
  }
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) throw new CanaryError(`is ${kindOf(stats)}; expected a regular file`);
    return readStartOf(file, stats, limit);
  } finally {
    closeSync(file);
  }
}

function readStartOf(file: number, { size }: Stats, limit: number): string {
  // Files of /proc have no size, and any file may grow: the limit holds for what is read.
  const buffer = Buffer.alloc(Math.min(size, limit) + 1);
  const chunks: Buffer[] = [];
  let total = 0;
  for (;;) {
    const read = readSync(file, buffer);
    if (read === 0) return Buffer.concat(chunks).toString('utf8');
    total += read;
    if (total > limit) throw new CanaryError(`has more than ${formatBytes(limit)}, the most that is read`);
    chunks.push(Buffer.from(buffer.subarray(0, read)));
  }
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a directory';
  if (stats.isFIFO()) return 'a named pipe';
  if (stats.isSocket()) return 'a socket';
  return 'a device';
}
