import { createServer } from 'node:https';
import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, describe, expect, test } from '@jest/globals';
import { CanaryError } from '../../src/core/errors.ts';
import { proxyAt } from '../../src/core/proxy.ts';
import { IngressClient } from '../../src/verify/ingress-client.ts';
import type { Target } from '../../src/verify/target.ts';
import '../support/one-realm.ts';
import { selfSigned } from '../support/certificate.ts';
import { connectProxy } from '../support/proxy.ts';
import type { ConnectProxy, ProxyOptions } from '../support/proxy.ts';
import { Opened, serve } from '../support/server.ts';
import type { LocalServer } from '../support/server.ts';

const opened = new Opened();
afterEach(() => opened.close());

const { signal } = new AbortController();
const SHOP = 'shop.test:80';

interface Stage {
  readonly proxy: ConnectProxy;
  readonly server: LocalServer;
  readonly client: IngressClient;
}

/** An ingress that only the proxy can reach, since its name does not resolve here. */
async function stage(options: ProxyOptions = {}, rest: Partial<Target> = {}): Promise<Stage> {
  const server = opened.add(
    await serve((asked, response) => {
      response.end(asked.headers.host);
    }),
  );
  const routes = { [SHOP]: new URL(server.url).host };
  const proxy = opened.add(await connectProxy({ routes, ...options }));
  const target = {
    cluster: 'east',
    url: 'http://shop.test',
    path: '/hello',
    host: undefined,
    headers: {},
    ...rest,
  };
  const at = proxy.url.replace('//', '//anna:a%20secret@');
  const client = opened.add(
    await IngressClient.open(target, { proxy: proxyAt(at, 'HTTP_PROXY', 'NO_PROXY') }),
  );
  return { proxy, server, client };
}

test('samples go through a tunnel, with their own Host header and path', async () => {
  const { proxy, server, client } = await stage({}, { host: 'shop.example' });
  expect(await client.send({ signal })).toMatchObject({ kind: 'answer', status: 200, body: 'shop.example' });
  expect(proxy.asked).toEqual([SHOP]);
  expect(proxy.forwarded).toEqual([]);
  expect(server.asked.map(({ path }) => path)).toEqual(['/hello']);
});

test('each connection has a tunnel of its own, so that load balancers see as many as without a proxy', async () => {
  const { proxy, server, client } = await stage();
  for (let i = 0; i < 25; i += 1) await client.send({ signal });
  await client.send({ signal, fresh: true });
  const connections = new Set(server.asked.map(({ connection }) => connection)).size;
  expect(proxy.asked).toHaveLength(connections);
  // One for each 10 requests, and the fresh one.
  expect(connections).toBeGreaterThanOrEqual(4);
});

test('only the proxy gets its credentials', async () => {
  const { proxy, server, client } = await stage();
  await client.send({ signal });
  expect(proxy.credentials).toEqual([`Basic ${Buffer.from('anna:a secret').toString('base64')}`]);
  expect(server.asked[0]?.headers['proxy-authorization']).toBeUndefined();
});

test('TLS is with the ingress, by the name that is asked for', async () => {
  const { cert, key } = await selfSigned('shop.example');
  const trusted = getCACertificates('default');
  setDefaultCACertificates([...trusted, cert]);
  try {
    const names: (string | false | null)[] = [];
    const server: Server = createServer({ cert, key }, (request, response) => {
      names.push((request.socket as { servername?: string } & typeof request.socket).servername ?? null);
      response.end('ok');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const proxy = opened.add(
      await connectProxy({ routes: { '203.0.113.7:443': `127.0.0.1:${String(port)}` } }),
    );
    const target = {
      cluster: 'east',
      url: 'https://203.0.113.7',
      path: '/',
      host: 'shop.example',
      headers: {},
    };
    const client = opened.add(await IngressClient.open(target, { proxy: proxyAt(proxy.url, 'HTTPS_PROXY') }));
    expect(await client.send({ signal })).toMatchObject({ kind: 'answer', status: 200 });
    expect(names).toEqual(['shop.example']);
    await client.close();
    server.close();
  } finally {
    setDefaultCACertificates(trusted);
  }
});

describe("a proxy's refusal is never a response of the service", () => {
  test.each([403, 407, 502, 503])('of status %d', async (status) => {
    const { proxy, client } = await stage({ refuse: () => status });
    const sent = client.send({ signal });
    await expect(sent).rejects.toThrow(CanaryError);
    await expect(sent).rejects.toThrow(
      `The ingress of east, http://shop.test, cannot be sampled: the proxy ${new URL(proxy.url).host} (HTTP_PROXY) refused a connection to shop.test:80: ${String(status)} Refused by the proxy. This says nothing about the service. Let the proxy open connections (CONNECT) to that address, or exclude it with NO_PROXY.`,
    );
    expect(proxy.asked).toHaveLength(3);
  });

  test('and a refusal now and then is no failure', async () => {
    const { client } = await stage({ refuse: (request) => (request === 0 ? 503 : undefined) });
    expect(await client.send({ signal })).toMatchObject({ kind: 'answer', status: 200 });
  });

  test('where nothing listens', async () => {
    const proxy = await connectProxy();
    await proxy.close();
    const target = { cluster: 'east', url: 'http://shop.test', path: '/', host: undefined, headers: {} };
    const client = opened.add(await IngressClient.open(target, { proxy: proxyAt(proxy.url, 'HTTP_PROXY') }));
    await expect(client.send({ signal })).rejects.toThrow('did not open a connection: connect ECONNREFUSED');
  });
});

test('responses of the service through a proxy stay its own, errors included', async () => {
  const server = opened.add(
    await serve((_asked, response) => {
      response.writeHead(502).end();
    }),
  );
  const proxy = opened.add(await connectProxy({ routes: { [SHOP]: new URL(server.url).host } }));
  const target = { cluster: 'east', url: 'http://shop.test', path: '/', host: undefined, headers: {} };
  const client = opened.add(await IngressClient.open(target, { proxy: proxyAt(proxy.url, 'HTTP_PROXY') }));
  expect(await client.send({ signal })).toMatchObject({ kind: 'answer', status: 502 });
});
