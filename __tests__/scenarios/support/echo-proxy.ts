import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request as forward } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { KubeConfig } from '@kubernetes/client-node';
import type { TestFleet } from '../../../testbed/fleet.ts';
import { selfSigned } from '../../support/certificate.ts';

/** How a server that tells everything refuses a request: as a Kubernetes `Status`, as text, or as a page. */
export const FORMS = ['status', 'text', 'html'] as const;
export interface Refusal {
  readonly status: number;
  readonly form: (typeof FORMS)[number];
}

/** A request to an API server, as the proxy in front of it sees it. */
export interface Proxied {
  readonly cluster: string;
  readonly method: string;
  readonly path: string;
}

/** Decides which requests are refused; the others are forwarded. */
export type Script = (request: Proxied) => Refusal | undefined;

interface Served {
  readonly name: string;
  readonly url: string;
  readonly close: () => Promise<void>;
}

/**
 * Proxies in front of a fleet's API servers. They take every credential, and repeat a request that they refuse: its headers in the body and in
 * headers of their own, in the spellings that servers use, and then its body.
 */
export class EchoProxies {
  script: Script = () => undefined;
  /** Header `authorization` of every request. */
  readonly authorizations = new Set<string>();
  readonly #servers: Served[] = [];
  #authority = '';

  static async start(fleet: TestFleet): Promise<EchoProxies> {
    const proxies = new EchoProxies();
    const { cert, key } = await selfSigned('127.0.0.1');
    proxies.#authority = cert;
    for (const { name } of fleet.clusters)
      proxies.#servers.push(await proxies.#serve(fleet, name, cert, key));
    return proxies;
  }

  /** A kubeconfig whose contexts lead through the proxies, with this user. */
  kubeconfig(user: Readonly<Record<string, unknown>>): string {
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: this.#servers.map(({ name, url }) => ({
        name,
        cluster: { server: url, 'certificate-authority-data': btoa(this.#authority) },
      })),
      users: [{ name: 'ci', user }],
      contexts: this.#servers.map(({ name }) => ({ name, context: { cluster: name, user: 'ci' } })),
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.#servers.map(({ close }) => close()));
  }

  async #serve(fleet: TestFleet, name: string, cert: string, key: string): Promise<Served> {
    const config = new KubeConfig();
    config.loadFromString(fleet.kubeconfig);
    config.setCurrentContext(name);
    const target = config.getCurrentCluster();
    const options = {
      ca: Buffer.from(target?.caData ?? '', 'base64'),
      token: config.getCurrentUser()?.token ?? '',
    };
    const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      const { method = '', url: path = '', headers } = request;
      this.authorizations.add(headers.authorization ?? '');
      const body = await text(request);
      const refusal = this.script({ cluster: name, method, path });
      if (refusal === undefined) await pass(new URL(path, target?.server), request, body, response, options);
      else refuse(refusal, request, body, response);
    };
    const server = createServer({ cert, key }, (request, response) => {
      handle(request, response).catch(() => response.destroy());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return {
      name,
      url: `https://127.0.0.1:${String(port)}`,
      close: async () => {
        server.closeAllConnections();
        server.close();
        await once(server, 'close');
      },
    };
  }
}

async function pass(
  url: URL,
  { method, headers }: IncomingMessage,
  body: string,
  response: ServerResponse,
  { ca, token }: { readonly ca: Buffer; readonly token: string },
): Promise<void> {
  const sent = forward(url, { method, ca, headers: { ...headers, authorization: `Bearer ${token}` } });
  sent.end(body);
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  response.writeHead(answer.statusCode ?? 502, answer.headers);
  answer.pipe(response);
}

const REASONS: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  422: 'Invalid',
  500: 'InternalError',
};

function refuse(
  { status, form }: Refusal,
  request: IncomingMessage,
  body: string,
  response: ServerResponse,
): void {
  const echo = `${echoOf(request.headers)}\n${body}`;
  response.writeHead(status, {
    'content-type': { status: 'application/json', text: 'text/plain', html: 'text/html' }[form],
    'www-authenticate': `Bearer error="invalid_token", error_description=${JSON.stringify(request.headers.authorization)}`,
    'x-request-headers': JSON.stringify(request.headers),
    location: `https://login.example.com/?${new URLSearchParams({ token: String(request.headers.authorization) }).toString()}`,
  });
  if (form === 'text') response.end(echo);
  else if (form === 'html')
    response.end(`<html><pre>${echo.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</pre></html>`);
  else {
    const reason = REASONS[status] ?? 'Unknown';
    const causes = [{ reason: 'FieldManagerConflict', field: 'spec', message: `conflict with ${echo}` }];
    const details = status === 409 ? { details: { causes } } : {};
    response.end(
      JSON.stringify({ kind: 'Status', status: 'Failure', code: status, reason, message: echo, ...details }),
    );
  }
}

/** What a debugging server repeats of a request. */
export function echoOf(headers: Readonly<Record<string, string | readonly string[] | undefined>>): string {
  const { authorization = '', ...others } = headers;
  const [, credential = ''] = String(authorization).split(' ');
  return [
    `refused: authorization: ${String(authorization)}`,
    JSON.stringify({ headers: { authorization } }),
    `AUTHORIZATION=${encodeURIComponent(String(authorization))}`,
    Buffer.from(`authorization: ${String(authorization)}`).toString('base64'),
    Buffer.from(credential, 'base64')
      .toString('latin1')
      .replaceAll(/[^ -~]/g, '.'),
    JSON.stringify(others),
  ].join('\n');
}
