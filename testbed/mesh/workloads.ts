// The applications of a cluster's pods, each with its sidecar, as servers within one process.
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import type { Serving } from './pod-status.ts';

const USUAL_MS = 5;
const SLOW_MS = 1_200;
const PATHS: ReadonlySet<string> = new Set(['/hello', '/orders']);
/** The first byte of a TLS connection is the type of the record: https://www.rfc-editor.org/rfc/rfc8446#section-5.1 */
const TLS_HANDSHAKE = 22;

export interface Identity {
  readonly certificate: string;
  readonly key: string;
  /** The authority that must have issued the certificates of clients. */
  readonly root: string;
}

/** What a pod serves, where, and under which identity; without an identity it speaks only plain HTTP. */
export interface Workload extends Serving {
  readonly id: string;
  readonly pod: string;
  readonly address: string;
  readonly identity: Identity | undefined;
}

export type WorkloadsRequest = { readonly start: Workload } | { readonly stop: string };
/** Sent once the workload listens, or has ended, or failed to. */
export interface WorkloadsAnswer {
  readonly id: string;
  readonly error?: string;
}

const running = new Map<string, { close: () => Promise<void> }>();

process.on('message', (request: WorkloadsRequest) => {
  void answer(request);
});
process.on('disconnect', () => {
  process.exit(0);
});

async function answer(request: WorkloadsRequest): Promise<void> {
  const id = 'start' in request ? request.start.id : request.stop;
  let answer: WorkloadsAnswer = { id };
  try {
    if ('start' in request) running.set(id, await start(request.start));
    else await running.get(id)?.close();
  } catch (error) {
    answer = { id, error: String(error) };
  }
  process.send?.(answer);
}

async function start(workload: Workload): Promise<{ close: () => Promise<void> }> {
  const sockets = new Set<Socket>();
  const servers = await Promise.all(workload.ports.map((port) => listen(workload, port, sockets)));
  return {
    close: async () => {
      running.delete(workload.id);
      const closed = servers.map((server) => new Promise((resolve) => server.close(resolve)));
      for (const socket of sockets) socket.destroy();
      await Promise.all(closed);
    },
  };
}

/** A server as with a sidecar under Istio's default, PERMISSIVE: mutual TLS and plain text on the same port. */
async function listen(workload: Workload, port: number, sockets: Set<Socket>): Promise<Server> {
  const { identity, address } = workload;
  const application = applicationOf(workload);
  // Clients keep connections open; a server that closes one just when it is used would cause errors that no rollout causes.
  const open = { keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 };
  const plain = createServer(open, application);
  const secure =
    identity &&
    createTlsServer(
      {
        ...open,
        cert: identity.certificate,
        key: identity.key,
        ca: identity.root,
        requestCert: true,
        rejectUnauthorized: true,
        ALPNProtocols: ['istio', 'istio-http/1.1', 'http/1.1'],
      },
      application,
    );
  const server = createTcpServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.once('data', (chunk) => {
      socket.pause();
      socket.unshift(chunk);
      (secure && chunk[0] === TLS_HANDSHAKE ? secure : plain).emit('connection', socket);
      process.nextTick(() => socket.resume());
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host: address, backlog: 1024 }, resolve);
  });
  return server;
}

function applicationOf({ version, pod, fault }: Workload): RequestListener {
  let answers = 0;
  let orders = 0;
  const usual = fault === 'slow' ? 3 * USUAL_MS : USUAL_MS;
  return (request: IncomingMessage, response: ServerResponse) => {
    request.resume();
    if (fault === 'silent') return;
    const path = request.url?.split('?')[0] ?? '';
    if (path === '/orders') orders += 1;
    const delay = fault === 'slow-orders' && path === '/orders' && orders % 5 === 0 ? SLOW_MS : usual;
    const failed = fault === 'order-errors' && path === '/orders' && orders % 10 === 0;
    setTimeout(() => {
      answers += 1;
      response.setHeader('content-type', 'text/html; charset=utf-8');
      if (version === undefined || !PATHS.has(path)) response.writeHead(404).end('Not Found\n');
      else if (failed || (fault === 'errors' && answers % 10 === 0))
        response.writeHead(500).end('Internal Server Error\n');
      else if (fault === 'broken' && answers % 30 === 0)
        response.writeHead(200, { 'content-length': '100' }).write('Hello', () => response.destroy());
      else response.end(`Hello version: ${version}, instance: ${pod}\n`);
    }, delay);
  };
}
