import { once } from 'node:events';
import { constants, createSecureServer } from 'node:http2';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Cluster } from '../../../src/kubernetes/client/cluster.ts';
import { readKubeconfig } from '../../../src/kubernetes/client/kubeconfig.ts';
import '../../support/one-realm.ts';
import { selfSigned } from '../../support/certificate.ts';
import { Opened } from '../../support/server.ts';

const opened = new Opened();
afterEach(() => opened.close());

type Answering = (request: Http2ServerRequest, response: Http2ServerResponse, asked: number) => void;

const NODE = JSON.stringify({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } });
const answer = (response: Http2ServerResponse): void => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(NODE);
};

/** An API server over HTTP/2, and a cluster that reaches it. */
async function stage(
  answering: Answering,
  settings = {},
): Promise<{ readonly cluster: Cluster; readonly handshakes: () => number }> {
  const { cert, key } = await selfSigned('localhost');
  let [handshakes, asked] = [0, 0];
  const sessions = new Set<{ destroy(): void }>();
  const server = createSecureServer({ cert, key, settings }, (request, response) => {
    asked += 1;
    answering(request, response, asked);
  });
  server.on('secureConnection', () => (handshakes += 1));
  server.on('session', (session) => sessions.add(session));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  opened.add({
    async close() {
      for (const session of sessions) session.destroy();
      server.close();
      await once(server, 'close');
    },
  });
  const { port } = server.address() as AddressInfo;
  const config = readKubeconfig(
    JSON.stringify({
      clusters: [
        {
          name: 'west',
          cluster: { server: `https://127.0.0.1:${String(port)}`, 'insecure-skip-tls-verify': true },
        },
      ],
      users: [{ name: 'ci', user: { token: 'a-token' } }],
      contexts: [{ name: 'west', context: { cluster: 'west', user: 'ci' } }],
    }),
    {},
  );
  const cluster = opened.add(Cluster.open('west', config, new AbortController().signal));
  return { cluster, handshakes: () => handshakes };
}

const readMany = (cluster: Cluster, number: number): Promise<readonly unknown[]> =>
  Promise.all(Array.from({ length: number }, (_, i) => cluster.read('v1', 'Node', `n${String(i)}`)));

describe('an API server over HTTP/2', () => {
  test('gets one connection for all calls', async () => {
    const { cluster, handshakes } = await stage((_, response) => {
      answer(response);
    });
    expect(await readMany(cluster, 50)).toHaveLength(50);
    expect(handshakes()).toBe(1);
  });

  test('may allow few calls at a time', async () => {
    const { cluster } = await stage(
      (_, response) => {
        setImmediate(() => {
          answer(response);
        });
      },
      { maxConcurrentStreams: 3 },
    );
    expect(await readMany(cluster, 20)).toHaveLength(20);
  });

  test('may send clients away between two calls (GOAWAY), as behind a load balancer', async () => {
    const { cluster, handshakes } = await stage((request, response, asked) => {
      answer(response);
      if (asked % 5 === 0) request.stream.session?.goaway(constants.NGHTTP2_NO_ERROR);
    });
    for (let i = 0; i < 20; i += 1) await cluster.read('v1', 'Node', 'n1');
    expect(handshakes()).toBeGreaterThan(1);
  });

  test('may reset single calls, which are repeated', async () => {
    const { cluster, handshakes } = await stage((_, response, asked) => {
      if (asked % 2 === 1) response.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
      else answer(response);
    });
    await cluster.read('v1', 'Node', 'n1');
    expect(handshakes()).toBe(1);
  });
});
