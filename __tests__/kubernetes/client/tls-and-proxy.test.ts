import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Cluster } from '../../../src/kubernetes/client/cluster.ts';
import { readKubeconfig } from '../../../src/kubernetes/client/kubeconfig.ts';
import { insecurityOf } from '../../../src/kubernetes/client/route.ts';
import '../../support/one-realm.ts';
import { selfSigned } from '../../support/certificate.ts';
import { connectProxy } from '../../support/proxy.ts';
import type { ConnectProxy } from '../../support/proxy.ts';
import { Opened } from '../../support/server.ts';

const opened = new Opened();
afterEach(() => opened.close());

type Part = Readonly<Record<string, unknown>>;

const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');

function kubeconfig(cluster: Part, user: Part = { token: 'a-token' }): ReturnType<typeof readKubeconfig> {
  return readKubeconfig(
    JSON.stringify({
      clusters: [{ name: 'west', cluster }],
      users: [{ name: 'ci', user }],
      contexts: [{ name: 'west', context: { cluster: 'west', user: 'ci' } }],
    }),
    {},
  );
}

interface TlsApi {
  readonly port: number;
  readonly certificate: string;
  /** The names of client certificates that came in, and the names of servers that were asked for. */
  readonly clients: readonly string[];
  readonly names: readonly TLSSocket['servername'][];
}

const API_NAME = 'api.internal';

/** An API server with a certificate for a name that does not resolve, and an authority for clients. */
async function tlsApi(clientAuthority?: string): Promise<TlsApi> {
  const { cert, key } = await selfSigned(API_NAME);
  const clients: string[] = [];
  const names: TLSSocket['servername'][] = [];
  const options = {
    cert,
    key,
    requestCert: clientAuthority !== undefined,
    ...(clientAuthority === undefined ? {} : { ca: clientAuthority }),
  };
  const server = createServer(options, (request, response: ServerResponse) => {
    const socket = request.socket as TLSSocket;
    if (options.requestCert) clients.push(String(socket.getPeerCertificate().subject.CN));
    names.push(socket.servername);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  opened.add({
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  });
  return { port: (server.address() as AddressInfo).port, certificate: cert, clients, names };
}

function read(cluster: Part, user?: Part): Promise<unknown> {
  const { signal } = new AbortController();
  return opened.add(Cluster.open('west', kubeconfig(cluster, user), signal)).read('v1', 'Node', 'n1');
}

const at = ({ port, certificate }: TlsApi, rest: Part = {}): Part => ({
  server: `https://127.0.0.1:${String(port)}`,
  'certificate-authority-data': base64(certificate),
  ...rest,
});

describe('the certificate of an API server', () => {
  test('is checked by the name in tls-server-name', async () => {
    const api = await tlsApi();
    await read(at(api, { 'tls-server-name': API_NAME }));
    expect(api.names).toEqual([API_NAME]);
  });

  test('must be for the address otherwise', async () => {
    const api = await tlsApi();
    await expect(read(at(api))).rejects.toThrow(/does not match certificate's altnames/);
    expect(api.names).toEqual([]);
  });

  test('must be from the authority of the cluster', async () => {
    const api = await tlsApi();
    const other = await selfSigned(API_NAME);
    const authority = { 'certificate-authority-data': base64(other.cert), 'tls-server-name': API_NAME };
    await expect(read(at(api, authority))).rejects.toThrow(
      /\. Check certificate-authority-data of this cluster in the input kubeconfig\.$/,
    );
  });

  test('is checked whatever NODE_TLS_REJECT_UNAUTHORIZED says', async () => {
    const api = await tlsApi();
    const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      await expect(read(at(api))).rejects.toThrow(/altnames/);
    } finally {
      if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
      else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
    }
  });

  test('is not checked with insecure-skip-tls-verify', async () => {
    const { port, names } = await tlsApi();
    await read({ server: `https://127.0.0.1:${String(port)}`, 'insecure-skip-tls-verify': true });
    expect(names).toHaveLength(1);
  });
});

describe('a client certificate is presented', () => {
  test('from the kubeconfig', async () => {
    const client = await selfSigned('anna');
    const api = await tlsApi(client.cert);
    await read(at(api, { 'tls-server-name': API_NAME }), {
      'client-certificate-data': base64(client.cert),
      'client-key-data': base64(client.key),
    });
    expect(api.clients).toEqual(['anna']);
  });

  test('from a login command', async () => {
    const client = await selfSigned('from-command');
    const api = await tlsApi(client.cert);
    const apiVersion = 'client.authentication.k8s.io/v1';
    const status = { clientCertificateData: client.cert, clientKeyData: client.key };
    const printed = JSON.stringify({ apiVersion, kind: 'ExecCredential', status });
    await read(at(api, { 'tls-server-name': API_NAME }), {
      exec: { apiVersion, command: 'printf', args: ['%s', printed] },
    });
    expect(api.clients).toEqual(['from-command']);
  });
});

describe('proxy-url of a cluster', () => {
  async function behind(
    refuse?: number,
  ): Promise<{ readonly api: TlsApi; readonly proxy: ConnectProxy; readonly cluster: Part }> {
    const api = await tlsApi();
    const proxy = opened.add(
      await connectProxy({
        routes: { [`${API_NAME}:6443`]: `127.0.0.1:${String(api.port)}` },
        refuse: () => refuse,
      }),
    );
    const cluster = at(api, {
      server: `https://${API_NAME}:6443`,
      'proxy-url': proxy.url.replace('//', '//anna:pa55w0rd-of-the-proxy@'),
    });
    return { api, proxy, cluster };
  }

  test('opens a tunnel to the server, whose certificate is checked', async () => {
    const { api, proxy, cluster } = await behind();
    await expect(read(cluster)).resolves.toMatchObject({ metadata: { name: 'n1' } });
    expect(api.names).toEqual([API_NAME]);
    expect(new Set(proxy.asked)).toEqual(new Set([`${API_NAME}:6443`]));
    expect(proxy.credentials[0]).toBe(`Basic ${base64('anna:pa55w0rd-of-the-proxy')}`);
  });

  test('leaves what it refuses an error of the proxy, without its password', async () => {
    const { proxy, cluster } = await behind(407);
    const message = await read(cluster).then(String, String);
    expect(message).toBe(
      `ClusterError: Reading Node n1 in west: the proxy ${new URL(proxy.url).host} (proxy-url in the input kubeconfig) refused a connection to ${API_NAME}:6443: 407 Refused by the proxy. Check this proxy; NO_PROXY does not apply to proxy-url.`,
    );
  });

  test('that is not a URL is an error', async () => {
    await expect(read({ server: 'https://api.internal', 'proxy-url': 'ftp://a' })).rejects.toThrow(
      'this context has no login: proxy-url in the input kubeconfig is not the URL of a proxy',
    );
  });
});

test('a proxy of the environment is used for a server that is not this machine', async () => {
  const api = await tlsApi();
  const routes = { [`${API_NAME}:443`]: `127.0.0.1:${String(api.port)}` };
  const proxy = opened.add(await connectProxy({ routes }));
  const before = process.env['HTTPS_PROXY'];
  process.env['HTTPS_PROXY'] = proxy.url;
  try {
    await read(at(api, { server: `https://${API_NAME}` }));
    await read(at(api, { 'tls-server-name': API_NAME }));
  } finally {
    if (before === undefined) delete process.env['HTTPS_PROXY'];
    else process.env['HTTPS_PROXY'] = before;
  }
  expect([api.names.length, new Set(proxy.asked)]).toEqual([2, new Set([`${API_NAME}:443`])]);
});

const SECURE = /^$/;

describe('insecure is', () => {
  test.each<[Part, RegExp]>([
    [{ server: 'https://a.example' }, SECURE],
    [{ server: 'https://a.example', 'insecure-skip-tls-verify': false }, SECURE],
    [
      { server: 'https://a.example', 'insecure-skip-tls-verify': true },
      /^insecure-skip-tls-verify is set, so anyone on the network can pose as its server https:\/\/a\.example /,
    ],
    [
      { server: 'http://a.example:8080' },
      /^its server http:\/\/a\.example:8080 is reached without encryption, /,
    ],
    // kubectl proxy
    [{ server: 'http://127.0.0.1:8001' }, SECURE],
    [{ server: 'http://localhost:8001' }, SECURE],
    [{ server: 'http://[::1]:8001' }, SECURE],
    [{ server: 'http://127.0.0.1.example' }, /without encryption/],
    [{ server: 'http://127.0.0.1:8001', 'proxy-url': 'http://a:3128' }, /without encryption/],
    // Behind a tunnel to another machine, nobody knows who answers.
    [{ server: 'https://127.0.0.1:6443', 'insecure-skip-tls-verify': true }, /insecure-skip-tls-verify/],
  ])('%j: %s', (cluster, problem) => {
    expect(insecurityOf(kubeconfig(cluster), 'west') ?? '').toMatch(problem);
  });
});
