import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { SpdyServer } from '../../testbed/embedded/api/spdy.ts';
import { ServerBytes, acceptOf } from '../../testbed/embedded/api/web-socket.ts';

/** How an API server answers a request for an upgrade: `forward` it, with `silence`, or with this text. */
export type Answering = (request: IncomingMessage) => string | Promise<string>;

export interface ForwardingServer {
  readonly url: string;
  /** The upgrades asked for, as `GET websocket`. */
  readonly asked: readonly string[];
  /** The connections that were upgraded. */
  readonly upgraded: ReadonlySet<Duplex>;
  /** What speaks the protocol on the last of them. */
  readonly last: SpdyServer | undefined;
  close(): Promise<void>;
}

/** An API server that forwards connections to this machine, whatever the pod, and nothing else. */
export async function forwardingServer(answering: Answering = () => 'forward'): Promise<ForwardingServer> {
  const asked: string[] = [];
  const upgraded = new Set<Duplex>();
  const sockets = new Set<Duplex>();
  let last: SpdyServer | undefined;
  const server = createServer();
  server.on('connection', (socket) => sockets.add(socket));
  const upgrade = async (request: IncomingMessage, socket: Duplex): Promise<void> => {
    const protocol = request.headers.upgrade ?? '';
    asked.push(`${request.method ?? ''} ${protocol}`);
    socket.on('error', () => undefined);
    const answer = await answering(request);
    if (answer !== 'forward') {
      if (answer !== 'silence') socket.end(answer);
      return;
    }
    upgraded.add(socket);
    socket.once('close', () => upgraded.delete(socket));
    const isWebSocket = protocol === 'websocket';
    const accept = acceptOf(String(request.headers['sec-websocket-key']));
    const own = isWebSocket ? `websocket\r\nSec-WebSocket-Accept: ${accept}` : 'SPDY/3.1';
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${own}\r\n\r\n`);
    last = new SpdyServer(isWebSocket ? new ServerBytes(socket) : socket, forward);
  };
  server.on('upgrade', (request, socket) => void upgrade(request, socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}`,
    asked,
    upgraded,
    get last() {
      return last;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function forward(port: number, data: Duplex, report: (text: string) => void): void {
  const target = connect(port, '127.0.0.1');
  target.on('error', (error) => {
    report(
      `error forwarding port ${String(port)} to pod: ${error.message.replace('ECONNREFUSED', 'connection refused')}`,
    );
  });
  data.on('error', () => target.destroy());
  data.on('close', () => target.destroy());
  // What is still on its way comes first.
  data.once('finish', () => data.destroy());
  target.on('close', () => data.end());
  data.pipe(target).pipe(data);
}

/** A refusal as an API server words it. */
export function refusal(status: number, message: string): string {
  const body = JSON.stringify({ kind: 'Status', message, reason: 'Forbidden', code: status });
  return `HTTP/1.1 ${String(status)} Refused\r\nContent-Length: ${String(body.length)}\r\nConnection: close\r\n\r\n${body}`;
}
