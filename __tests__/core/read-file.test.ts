import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { readBoundedFile } from '../../src/core/read-file.ts';
import '../support/one-realm.ts';

const LIMIT = 1024;
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'read-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function file(bytes: number): string {
  const path = join(folder, 'file');
  writeFileSync(path, '');
  truncateSync(path, bytes);
  return path;
}

test('a file is read up to the limit', () => {
  expect(readBoundedFile(file(LIMIT), LIMIT)).toHaveLength(LIMIT);
});

test.each([LIMIT + 1, 2 * 1024 ** 3])('a file of %d bytes is refused', (bytes) => {
  expect(() => readBoundedFile(file(bytes), LIMIT)).toThrow('has more than 1 KiB, the most that is read');
});

test('a file without a size is read as far as it goes', () => {
  expect(readBoundedFile('/proc/self/comm', LIMIT)).toMatch(/\n$/);
  expect(() => readBoundedFile('/proc/self/maps', LIMIT)).toThrow('has more than 1 KiB');
});

test.each([
  ['/dev/zero', 'is a device; expected a regular file'],
  ['/dev/null', 'is a device; expected a regular file'],
  ['/', 'is a directory; expected a regular file'],
  ['/nothing/here', "cannot be read: ENOENT: no such file or directory, open '/nothing/here'"],
])('%s is refused', (path, problem) => {
  expect(() => readBoundedFile(path, LIMIT)).toThrow(problem);
});

test('a named pipe that nobody writes to is refused without waiting', () => {
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', [path]);
  expect(() => readBoundedFile(path, LIMIT)).toThrow('is a named pipe; expected a regular file');
});

test('a socket is refused', async () => {
  const path = join(folder, 'socket');
  const server = createServer();
  await new Promise<void>((listening) => server.listen(path, listening));
  try {
    expect(() => readBoundedFile(path, LIMIT)).toThrow(/^cannot be read: ENXIO/);
  } finally {
    await new Promise((closed) => server.close(closed));
  }
});
