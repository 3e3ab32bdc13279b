import { once } from 'node:events';
import { createSecureServer } from 'node:http2';
import type { Http2ServerRequest, Http2ServerResponse, Settings } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { Cluster } from '../../src/kubernetes/client/cluster.ts';
import { readKubeconfig } from '../../src/kubernetes/client/kubeconfig.ts';
import { selfSigned } from './certificate.ts';
import type { Opened } from './server.ts';

export type Answering = (request: Http2ServerRequest, response: Http2ServerResponse, asked: number) => void;

const NODE = JSON.stringify({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } });
/** Answers with a Node. */
export const answer = (response: Http2ServerResponse): void => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(NODE);
};

interface Http2Options {
  readonly settings?: Settings;
  /** Ends the calls to the cluster. */
  readonly signal?: AbortSignal;
}

/** An API server over HTTP/2, and a cluster that reaches it. */
export async function overHttp2(
  opened: Opened,
  answering: Answering,
  { settings = {}, signal = new AbortController().signal }: Http2Options = {},
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
  const cluster = opened.add(Cluster.open('west', config, signal));
  return { cluster, handshakes: () => handshakes };
}
