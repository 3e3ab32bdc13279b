import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a request asked for, as it came in. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  /** Names and values in turn, nothing joined or dropped. */
  readonly rawHeaders: readonly string[];
  readonly body: string;
  /** Number of the connection that it came over, from 0. */
  readonly connection: number;
}

export type Handler = (asked: Asked, response: ServerResponse) => void;

export interface LocalServer {
  readonly url: string;
  /** All that was asked so far. */
  readonly asked: readonly Asked[];
  close(): Promise<void>;
}

/** A server on 127.0.0.1, on a port of its own. */
export async function serve(handler: Handler): Promise<LocalServer> {
  const asked: Asked[] = [];
  const connections = new Map<unknown, number>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers, rawHeaders, socket } = request;
      const connection = connections.get(socket) ?? connections.size;
      connections.set(socket, connection);
      const one = {
        method,
        path: url,
        headers,
        rawHeaders,
        body: Buffer.concat(chunks).toString('utf8'),
        connection,
      };
      asked.push(one);
      handler(one, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}`,
    asked,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Answers as a managed route does: version and revision in the headers. */
export function answer(
  response: ServerResponse,
  {
    version,
    revision = '4',
    status = 200,
    body = 'ok',
  }: {
    readonly version?: string;
    readonly revision?: string;
    readonly status?: number;
    readonly body?: string;
  },
): void {
  response.writeHead(status, {
    ...(version === undefined ? {} : { 'x-canary-version': version }),
    ...(version === undefined || revision === '' ? {} : { 'x-canary-revision': revision }),
  });
  response.end(body);
}

/** The address of a port of this machine on which nobody listens. */
export async function deadUrl(): Promise<string> {
  const server = await serve(() => undefined);
  await server.close();
  return server.url;
}

/** Keeps what a test opened, and closes all of it, the latest first. */
export class Opened {
  readonly #open: { close(): Promise<void> }[] = [];

  add<T extends { close(): Promise<void> }>(one: T): T {
    this.#open.push(one);
    return one;
  }

  async close(): Promise<void> {
    for (const one of this.#open.splice(0).reverse()) await one.close();
  }
}
