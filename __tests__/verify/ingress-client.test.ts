import type { LookupAddress } from 'node:dns';
import { createSecureServer } from 'node:http2';
import { createServer } from 'node:https';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { setImmediate, setTimeout as delay } from 'node:timers/promises';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import { IngressClient } from '../../src/verify/ingress-client.ts';
import type { Reply } from '../../src/verify/ingress-client.ts';
import type { Target } from '../../src/verify/target.ts';
import { CanaryError } from '../../src/core/errors.ts';
import '../support/one-realm.ts';
import { selfSigned } from '../support/certificate.ts';
import { Opened, deadUrl, serve } from '../support/server.ts';
import type { Handler, LocalServer } from '../support/server.ts';

const opened = new Opened();
afterEach(() => opened.close());

const trusted = getCACertificates('default');
afterEach(() => {
  setDefaultCACertificates(trusted);
});
const trustAlso = (certificate: string): void => {
  setDefaultCACertificates([...trusted, certificate]);
};

const { signal } = new AbortController();

async function clientTo(url: string, rest: Partial<Target> = {}): Promise<IngressClient> {
  return opened.add(
    await IngressClient.open({
      cluster: 'east',
      url,
      path: '/hello?a=b',
      host: undefined,
      headers: {},
      ...rest,
    }),
  );
}

async function both(
  handler: Handler,
  rest: Partial<Target> = {},
): Promise<{ readonly client: IngressClient; readonly server: LocalServer }> {
  const server = opened.add(await serve(handler));
  return { server, client: await clientTo(server.url, rest) };
}

const ok: Handler = (_asked, response) => response.end('ok');

describe('a request', () => {
  test('is a GET of the path', async () => {
    const { client, server } = await both(ok);
    await client.send({ signal });
    expect(server.asked).toMatchObject([{ method: 'GET', path: '/hello?a=b' }]);
  });

  test("asks for the URL's own host", async () => {
    const { client, server } = await both(ok);
    await client.send({ signal });
    expect(server.asked[0]?.headers.host).toBe(server.url.replace('http://', ''));
  });

  test('uses the given host', async () => {
    const { client, server } = await both(ok, { host: 'hello.example' });
    await client.send({ signal });
    expect(server.asked[0]?.headers.host).toBe('hello.example');
  });

  test('has the headers of the target and its own', async () => {
    const { client, server } = await both(ok, { headers: { 'x-a': '1', 'x-b': '2' } });
    await client.send({ signal, headers: { 'x-b': '3' } });
    expect(server.asked[0]?.headers).toMatchObject({ 'x-a': '1', 'x-b': '3' });
  });

  test('uses the host in the headers once', async () => {
    const { client, server } = await both(ok, { headers: { Host: 'hello.example' } });
    const reply = await client.send({ signal });
    const hosts = server.asked.map(({ rawHeaders }) =>
      rawHeaders.filter((_, i) => rawHeaders[i - 1]?.toLowerCase() === 'host'),
    );
    expect([reply, hosts]).toMatchObject([{ kind: 'answer' }, [['hello.example']]]);
  });

  test('uses one of at most sixteen connections at a time', async () => {
    const { client, server } = await both(ok);
    await Promise.all(Array.from({ length: 40 }, () => client.send({ signal })));
    expect(new Set(server.asked.map(({ connection }) => connection)).size).toBeLessThanOrEqual(16);
  });

  test('uses a new connection if asked to', async () => {
    const { client, server } = await both(ok);
    for (let i = 0; i < 3; i += 1) await client.send({ signal, fresh: true });
    expect(server.asked.map(({ connection }) => connection)).toEqual([0, 1, 2]);
  });

  test('never hits a server that closes an idle connection', async () => {
    const { client, server } = await both(ok);
    await client.send({ signal });
    // Longer than the client keeps it, shorter than servers do.
    await delay(700);
    await client.send({ signal });
    expect(server.asked.map(({ connection }) => connection)).toEqual([0, 1]);
  });

  test('shares its connection with at most nine others, so that the next may reach another replica', async () => {
    const { client, server } = await both(ok);
    for (let i = 0; i < 100; i += 1) await client.send({ signal });
    const perConnection = Object.values(Object.groupBy(server.asked, ({ connection }) => connection)).map(
      (asked) => asked?.length ?? 0,
    );
    expect(Math.max(...perConnection)).toBeLessThanOrEqual(10);
  });
});

describe('a response', () => {
  const answered = async (handler: Handler): Promise<Reply> => {
    const { client } = await both(handler);
    return client.send({ signal });
  };

  test('has status, headers in lower case, and body', async () => {
    const reply = await answered((_asked, response) => {
      response.writeHead(418, { 'X-Canary-Version': 'v1' });
      response.end('Hello version: v1');
    });
    expect(reply).toMatchObject({
      kind: 'answer',
      status: 418,
      headers: { 'x-canary-version': 'v1' },
      body: 'Hello version: v1',
    });
  });

  test('lists the values of a repeated header', async () => {
    const reply = await answered((_asked, response) => {
      response.writeHead(200, { 'x-canary-version': ['v1', 'v2'] });
      response.end();
    });
    expect(reply).toMatchObject({ headers: { 'x-canary-version': 'v1, v2' } });
  });

  test('that redirects is not followed', async () => {
    const reply = await answered((_asked, response) => {
      response.writeHead(302, { location: '/elsewhere' });
      response.end();
    });
    expect(reply).toMatchObject({ status: 302 });
  });

  test('is read up to 16 KiB', async () => {
    const reply = await answered((_asked, response) => response.end('x'.repeat(100_000)));
    expect(reply).toMatchObject({ body: 'x'.repeat(16 * 1024) });
  });

  test('is assembled from many chunks', async () => {
    const reply = await answered((_asked, response) => {
      response.write('Hello ver');
      response.end('sion: v1');
    });
    expect(reply).toMatchObject({ body: 'Hello version: v1' });
  });

  test.each([
    ['gzip', gzipSync],
    ['X-Gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ])('with a body compressed by %s is read as text', async (encoding, compress) => {
    const reply = await answered((_asked, response) => {
      response.writeHead(200, { 'content-encoding': encoding });
      response.end(compress('Hello version: v1'));
    });
    expect(reply).toMatchObject({ kind: 'answer', body: 'Hello version: v1' });
  });

  test.each(['zstd-next', 'constructor'])('in the unknown encoding %s is read as it is', async (encoding) => {
    const reply = await answered((_asked, response) => {
      response.writeHead(200, { 'content-encoding': encoding });
      response.end('as it is');
    });
    expect(reply).toMatchObject({ kind: 'answer', body: 'as it is' });
  });

  test.each([
    [200, 'gzip'],
    [200, 'br'],
    [204, 'deflate'],
    [304, 'gzip'],
  ])('%i without a body is read although it names the encoding %s', async (status, encoding) => {
    const reply = await answered((_asked, response) => {
      response.writeHead(status, { 'content-encoding': encoding });
      response.end();
    });
    expect(reply).toMatchObject({ kind: 'answer', status, body: '' });
  });

  test('with a long compressed body is read up to 16 KiB', async () => {
    const reply = await answered((_asked, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      response.end(gzipSync('x'.repeat(10_000_000)));
    });
    expect(reply).toMatchObject({ kind: 'answer', body: 'x'.repeat(16 * 1024) });
  });

  test('with a nearly endless body is released early', async () => {
    const enough = 64 * 1024 * 1024;
    const chunk = Buffer.alloc(64 * 1024, 'x');
    let sent = 0;
    await answered((_asked, response) => {
      const more = (): void => {
        while (sent < enough && !response.destroyed) {
          sent += chunk.length;
          if (!response.write(chunk)) {
            response.once('drain', more);
            return;
          }
        }
        response.end();
      };
      more();
    });
    expect(sent).toBeLessThan(enough);
  });
});

describe('a request without a response is a failure', () => {
  test('if nothing listens', async () => {
    const client = await clientTo(await deadUrl());
    expect(await client.send({ signal })).toMatchObject({ kind: 'failure', what: 'connection refused' });
  });

  test('if the connection is cut before a response', async () => {
    const { client } = await both((_asked, response) => response.destroy());
    expect(await client.send({ signal })).toMatchObject({ kind: 'failure', what: 'connection cut' });
  });

  test.each<[string, Readonly<Record<string, string>>]>([
    ['of a known length', { 'content-length': '100' }],
    ['in chunks', {}],
    ['compressed', { 'content-encoding': 'gzip' }],
    ['of a known length, after which the ingress closes', { 'content-length': '100', connection: 'close' }],
    ['in chunks, after which the ingress closes', { connection: 'close' }],
  ])('if the connection is cut within a body %s, which a version may do', async (_what, headers) => {
    const { client } = await both((_asked, response) => {
      response.writeHead(200, headers);
      response.write(gzipSync('half').subarray(0, 12), () => response.destroy());
    });
    expect(await client.send({ signal })).toMatchObject({ kind: 'failure', what: 'response cut off' });
  });

  test('with the same text each time, so that failures can be counted', async () => {
    const client = await clientTo(await deadUrl());
    const replies = [await client.send({ signal }), await client.send({ signal, fresh: true })];
    expect(new Set(replies.map((reply) => reply.kind === 'failure' && reply.what)).size).toBe(1);
  });

  test('but a cancelled one throws the reason of the cancellation', async () => {
    const controller = new AbortController();
    const { client } = await both(() => {
      controller.abort(new CanaryError('Cancelled by SIGINT.'));
    });
    await expect(client.send({ signal: controller.signal })).rejects.toThrow('Cancelled by SIGINT.');
  });
});

describe('a request that does not end in time', () => {
  const soon = async (handler: Handler): Promise<Reply> => {
    const server = opened.add(await serve(handler));
    const target = { cluster: 'east', url: server.url, path: '/', host: undefined, headers: {} };
    const client = opened.add(await IngressClient.open(target, { timeoutMs: 100 }));
    return client.send({ signal });
  };

  test('is a failure if no response has begun', async () => {
    expect(await soon(() => undefined)).toMatchObject({ kind: 'failure', what: 'no response in time' });
  });

  test('is a response with what has arrived of a slow body', async () => {
    const reply = await soon((_asked, response) => {
      response.writeHead(200, { 'x-canary-version': 'v2' });
      response.write('Hello version: v2');
      const beat = setInterval(() => response.write(' '), 10);
      response.on('close', () => {
        clearInterval(beat);
      });
    });
    expect(reply).toMatchObject({
      kind: 'answer',
      headers: { 'x-canary-version': 'v2' },
      body: expect.stringMatching(/^Hello version: v2 /),
    });
  });

  test('is a response even if nothing of its body arrived', async () => {
    const reply = await soon((_asked, response) => {
      response.writeHead(200, { 'x-canary-version': 'v2' });
      response.flushHeaders();
    });
    expect(reply).toMatchObject({ kind: 'answer', headers: { 'x-canary-version': 'v2' }, body: '' });
  });
});

describe('a host name with several addresses', () => {
  /** No machine gets a connection to a multicast address: the kernel answers ENETUNREACH by itself. */
  const UNREACHABLE = [
    { address: '224.0.0.1', family: 4 },
    { address: '224.0.0.2', family: 4 },
  ];
  const LOCAL = { address: '127.0.0.1', family: 4 };

  const named = async (url: string, addresses: readonly LookupAddress[]): Promise<IngressClient> => {
    const named = new URL(url);
    named.hostname = 'hello.example';
    const target = { cluster: 'east', url: named.origin, path: '/', host: undefined, headers: {} };
    const resolve = (): Promise<readonly LookupAddress[]> => Promise.resolve(addresses);
    return opened.add(await IngressClient.open(target, { resolve }));
  };

  test.each([
    ['pooled', false],
    ['fresh', true],
  ])('uses only those that this machine has a route to (%s)', async (_which, fresh) => {
    const server = opened.add(await serve(ok));
    const client = await named(server.url, [...UNREACHABLE, LOCAL]);
    const replies = await Promise.all(Array.from({ length: 6 }, () => client.send({ signal, fresh })));
    expect(replies.map(({ kind }) => kind)).toEqual(Array.from({ length: 6 }, () => 'answer'));
    expect(server.asked).toHaveLength(6);
    expect([...client.leftOut]).toEqual([
      [server.url.replace('127.0.0.1', '224.0.0.1'), expect.stringContaining('ENETUNREACH')],
      [server.url.replace('127.0.0.1', '224.0.0.2'), expect.stringContaining('ENETUNREACH')],
    ]);
  });

  test('fails if there is a route to none of them', async () => {
    const client = await named('http://hello.example:80', UNREACHABLE);
    expect(await client.send({ signal })).toMatchObject({
      kind: 'failure',
      what: expect.stringContaining('ENETUNREACH'),
    });
  });

  test('fails at the one where nothing listens, as it does for users', async () => {
    const server = opened.add(await serve(ok));
    const client = await named(server.url, [LOCAL, { address: '127.0.0.2', family: 4 }]);
    const replies = [await client.send({ signal }), await client.send({ signal })];
    expect(replies).toMatchObject([{ kind: 'answer' }, { kind: 'failure', what: 'connection refused' }]);
  });
});

test('an ingress whose host name does not resolve is refused with cluster, URL and input', async () => {
  await expect(clientTo('http://no-such-host.invalid')).rejects.toThrow(
    /^The ingress of east, http:\/\/no-such-host\.invalid, has a host name that does not resolve: .*Create its DNS record, or set the input ingress to an address\.$/,
  );
});

describe('over HTTPS', () => {
  /** Has a server listen until the end of the test. */
  const listening = async (server: Server, address = '127.0.0.1'): Promise<string> => {
    server.listen(0, address);
    await once(server, 'listening');
    opened.add({
      async close() {
        server.close();
        await once(server, 'close');
      },
    });
    const host = isIPv6(address) ? `[${address}]` : address;
    return `https://${host}:${String((server.address() as AddressInfo).port)}`;
  };

  const secure = async (): Promise<{ readonly url: string; readonly names: readonly unknown[] }> => {
    const names: unknown[] = [];
    const server = createServer({
      ...(await selfSigned('hello.example')),
      SNICallback: (name, done) => {
        names.push(name);
        done(null);
      },
    });
    return { url: await listening(server), names };
  };

  test('an untrusted certificate is a failure that says how to trust it', async () => {
    const { url } = await secure();
    const client = await clientTo(url, { host: 'hello.example' });
    expect(await client.send({ signal })).toMatchObject({
      kind: 'failure',
      what: expect.stringMatching(/^TLS: .*NODE_EXTRA_CA_CERTS/),
    });
  });

  test.each(['hello.example', 'hello.example:8443'])('the host %s is the server name', async (host) => {
    const { url, names } = await secure();
    const client = await clientTo(url, { host });
    await client.send({ signal });
    expect(names).toEqual(['hello.example']);
  });

  describe.each(['127.0.0.1', '::1'])('by the IP address %s', (address) => {
    /** A server with a certificate for this name, and the server names that clients asked for. */
    const serving = async (name: string): Promise<{ readonly url: string; readonly names: unknown[] }> => {
      const certificate = await selfSigned(name);
      trustAlso(certificate.cert);
      const names: unknown[] = [];
      const server = createServer(certificate, (_request, response) => response.end('ok'));
      server.on('secureConnection', (socket) => names.push(socket.servername));
      return { url: await listening(server, address), names };
    };

    test.each([
      ['pooled', false],
      ['fresh', true],
    ])(
      'a certificate for the address is accepted, and no server name is sent (%s)',
      async (_which, fresh) => {
        const warnings: Error[] = [];
        const warned = (warning: Error): void => {
          warnings.push(warning);
        };
        process.on('warning', warned);
        const { url, names } = await serving(address);
        const client = await clientTo(url);
        const reply = await client.send({ signal, fresh });
        await setImmediate();
        process.off('warning', warned);
        expect([reply, names, warnings]).toMatchObject([{ kind: 'answer', status: 200 }, [false], []]);
      },
    );

    test('a certificate for another name is refused', async () => {
      const { url } = await serving('hello.example');
      const client = await clientTo(url);
      expect(await client.send({ signal })).toMatchObject({
        kind: 'failure',
        what: expect.stringMatching(/^TLS: .*does not match/),
      });
    });

    test('the input host is the server name, and the certificate must name it', async () => {
      const { url, names } = await serving('hello.example');
      const client = await clientTo(url, { host: 'hello.example' });
      expect([await client.send({ signal }), names]).toMatchObject([
        { kind: 'answer', status: 200 },
        ['hello.example'],
      ]);
    });
  });

  describe('with HTTP/2 offered', () => {
    /** By which protocol each request came, and over how many connections. */
    const offering = async (): Promise<{
      readonly url: string;
      readonly protocols: readonly string[];
      readonly connections: ReadonlySet<unknown>;
    }> => {
      const protocols: string[] = [];
      const connections = new Set<unknown>();
      const certificate = await selfSigned('hello.example');
      trustAlso(certificate.cert);
      const server = createSecureServer({ ...certificate, allowHTTP1: true }, (request, response) => {
        protocols.push(request.httpVersion);
        response.end('ok');
      });
      server.on('secureConnection', (socket) => connections.add(socket));
      return { url: await listening(server), protocols, connections };
    };

    test.each([
      ['pooled', false, 10],
      ['fresh', true, 100],
    ])('%s requests still use many HTTP/1.1 connections', async (_which, fresh, fewest) => {
      const { url, protocols, connections } = await offering();
      const client = await clientTo(url, { host: 'hello.example' });
      for (let i = 0; i < 100; i += 1) await client.send({ signal, fresh });
      expect(new Set(protocols)).toEqual(new Set(['1.1']));
      expect(connections.size).toBeGreaterThanOrEqual(fewest);
    });
  });
});
