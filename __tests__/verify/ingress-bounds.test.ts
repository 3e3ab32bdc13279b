import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import { IngressClient } from '../../src/verify/ingress-client.ts';
import type { Reply } from '../../src/verify/ingress-client.ts';
import '../support/one-realm.ts';
import { Opened, serve } from '../support/server.ts';

const opened = new Opened();
afterEach(() => opened.close());

const { signal } = new AbortController();
const MIB = 1024 * 1024;
const BODY = 16 * 1024;

async function ask(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Reply> {
  const target = { cluster: 'east', url, path: '/', host: undefined, headers };
  return opened.add(await IngressClient.open(target, { timeoutMs: 2_000 })).send({ signal });
}

/** A server that sends pieces as long as anybody reads them. */
async function endless(head: string, piece: string): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write(head);
      const send = (): void => {
        while (!socket.destroyed && socket.write(piece));
      };
      socket.on('drain', send);
      send();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  opened.add({
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  });
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

describe('of a response, the client reads only the beginning', () => {
  test.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ] as const)('where a few bytes decompress to many: %s', async (encoding, compress) => {
    const bomb = compress(Buffer.alloc(64 * MIB, 'a'));
    const server = opened.add(
      await serve((_asked, response) => {
        response.setHeader('content-encoding', encoding);
        response.end(bomb);
      }),
    );
    expect(await ask(server.url)).toMatchObject({ kind: 'answer', status: 200, body: 'a'.repeat(BODY) });
  });

  test('where the body never ends', async () => {
    const url = await endless('HTTP/1.1 200 OK\r\n\r\n', 'a'.repeat(MIB));
    expect(await ask(url)).toMatchObject({ kind: 'answer', status: 200, body: 'a'.repeat(BODY) });
  });

  test.each([
    ['headers never end', `x-flood: ${'a'.repeat(1_000)}\r\n`],
    ['a header never ends', 'a'.repeat(10_000)],
  ])('where %s', async (_what, piece) => {
    const url = await endless('HTTP/1.1 200 OK\r\nx-flood: ', piece);
    expect(await ask(url)).toMatchObject({
      kind: 'failure',
      what: expect.stringContaining('HEADERS_OVERFLOW'),
    });
  });

  test('where trailers never end', async () => {
    const url = await endless(
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-flood\r\n\r\n2\r\nok\r\n0\r\n',
      `x-flood: ${'a'.repeat(1_000)}\r\n`,
    );
    expect(await ask(url)).toMatchObject({ kind: 'failure' });
  });

  test('where interim responses never end', async () => {
    const url = await endless('', 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n');
    expect(await ask(url)).toMatchObject({ kind: 'failure' });
  });
});

test.each([301, 302, 303, 307, 308])(
  'a redirect of status %d is a response, and not followed with the headers of the samples',
  async (status) => {
    const elsewhere = opened.add(await serve((_asked, response) => response.end('ok')));
    const server = opened.add(
      await serve((_asked, response) => {
        response.writeHead(status, { location: elsewhere.url }).end();
      }),
    );
    expect(await ask(server.url, { authorization: 'Bearer a-secret' })).toMatchObject({
      kind: 'answer',
      status,
    });
    expect(elsewhere.asked).toEqual([]);
  },
);
