import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** An HTTP proxy on 127.0.0.1 that opens tunnels (CONNECT) and nothing else. */
export interface ConnectProxy {
  readonly url: string;
  /** What it was asked to connect to, as `host:port`. */
  readonly asked: readonly string[];
  /** The `Proxy-Authorization` of each request. */
  readonly credentials: readonly (string | undefined)[];
  /** Requests that were not CONNECT. */
  readonly forwarded: readonly string[];
  close(): Promise<void>;
}

export interface ProxyOptions {
  /** Where names lead that exist only behind the proxy, as `host:port`. */
  readonly routes?: Readonly<Record<string, string>>;
  /** The status with which a request is refused, from 0; undefined: it is not. */
  readonly refuse?: (request: number) => number | undefined;
  /** The address on which it listens. */
  readonly host?: string;
}

export async function connectProxy({
  routes = {},
  refuse = () => undefined,
  host = '127.0.0.1',
}: ProxyOptions = {}): Promise<ConnectProxy> {
  const asked: string[] = [];
  const credentials: (string | undefined)[] = [];
  const forwarded: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    forwarded.push(`${request.method ?? ''} ${request.url ?? ''}`);
    response.writeHead(502).end('answered by the proxy');
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('connect', (request, client: Socket) => {
    const authority = request.url ?? '';
    asked.push(authority);
    credentials.push(request.headers['proxy-authorization']);
    client.on('error', () => undefined);
    const status = refuse(asked.length - 1);
    if (status !== undefined) {
      client.end(`HTTP/1.1 ${String(status)} Refused by the proxy\r\nContent-Length: 2\r\n\r\nno`);
      return;
    }
    const { hostname, port } = new URL(`tcp://${routes[authority] ?? authority}`);
    const target = connect(Number(port), hostname.replace(/^\[|\]$/g, ''), () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      target.pipe(client).pipe(target);
    });
    target.on('error', () => {
      client.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n');
    });
    client.on('close', () => target.destroy());
  });
  server.listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${host}:${String(port)}`,
    asked,
    credentials,
    forwarded,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
