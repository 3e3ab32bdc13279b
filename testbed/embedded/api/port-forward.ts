import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Faults } from '../faults.ts';
import type { Authorization } from './authorization.ts';
import { POD } from './kinds.ts';
import { parseRequest, type ResourceRequest } from './request.ts';
import type { Resources } from './resources.ts';
import { SpdyServer } from './spdy.ts';
import { StatusError, unauthorized } from './status.ts';
import type { Tokens } from './tokens.ts';
import { acceptOf, ServerBytes } from './web-socket.ts';

/** Opens a connection to a port of a pod; undefined where nothing listens. */
export type Dial = (pod: string, port: number) => Duplex | undefined;

export interface PortForwardParts {
  readonly resources: Resources;
  readonly faults: Faults;
  readonly authorization: Authorization;
  readonly tokens: Tokens;
}

const PROTOCOL = 'SPDY/3.1+portforward.k8s.io';

/** The subresource `portforward` of pods, as API servers from Kubernetes 1.35 on have it: within a WebSocket, or by SPDY/3.1 itself. */
export class PortForwardServer {
  dial: Dial = () => undefined;
  readonly #cluster: string;
  readonly #parts: PortForwardParts;
  readonly #sockets = new Set<Duplex>();

  constructor(cluster: string, parts: PortForwardParts) {
    this.#cluster = cluster;
    this.#parts = parts;
  }

  serve(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => undefined);
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    const name = this.#admit(request, socket);
    if (name === undefined) return;
    const isWebSocket = request.headers.upgrade?.toLowerCase() === 'websocket';
    const accept = acceptOf(String(request.headers['sec-websocket-key']));
    const answer = isWebSocket
      ? ['Upgrade: websocket', `Sec-WebSocket-Accept: ${accept}`, `Sec-WebSocket-Protocol: ${PROTOCOL}`]
      : ['Upgrade: SPDY/3.1', 'X-Stream-Protocol-Version: portforward.k8s.io'];
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n${answer.join('\r\n')}\r\n\r\n`);
    if (head.length > 0) socket.unshift(head);
    this.#forward(name, isWebSocket ? new ServerBytes(socket) : socket);
  }

  /** Cuts all connections. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** The name of the pod; undefined where the request has been refused. */
  #admit(request: IncomingMessage, socket: Duplex): string | undefined {
    try {
      const { tokens, authorization, resources } = this.#parts;
      const user = tokens.userOf(request.headers.authorization);
      if (user === undefined) throw unauthorized();
      const url = new URL(request.url ?? '/', 'https://localhost');
      const found = parseRequest(request.method ?? 'GET', url);
      if (found?.kind !== POD || found.subresource !== 'portforward') {
        refuse(socket, 404, { message: 'not found' });
        return undefined;
      }
      const action = this.#receive(found, user.name, request);
      if (typeof action === 'object' && 'status' in action) {
        refuse(socket, action.status, {
          kind: 'Status',
          message: action.message ?? 'refused',
          code: action.status,
        });
        return undefined;
      }
      if (action === 'hang') return undefined;
      if (action !== undefined) {
        socket.destroy();
        return undefined;
      }
      authorization.check(user, found);
      // A WebSocket is asked for by GET, and needs the permission for what it does as well.
      authorization.check(user, { ...found, verb: 'create' });
      return resources.get(POD, found.namespace, found.name).metadata.name;
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      refuse(socket, error.code, error.status);
      return undefined;
    }
  }

  #receive(
    { verb, kind, namespace, name, subresource }: ResourceRequest,
    user: string,
    { headers }: IncomingMessage,
  ): ReturnType<Faults['receive']> {
    return this.#parts.faults.receive({
      cluster: this.#cluster,
      user,
      verb,
      kind: kind.kind,
      group: kind.group,
      namespace,
      name,
      subresource,
      dryRun: false,
      body: undefined,
      write: false,
      token: headers.authorization?.replace('Bearer ', '') ?? '',
    });
  }

  #forward(name: string, transport: Duplex): void {
    new SpdyServer(transport, (port, data, report) => {
      const target = this.dial(name, port);
      const refused = `error forwarding port ${String(port)} to pod ${name}: dial tcp 127.0.0.1:${String(port)}: connect: connection refused`;
      if (target === undefined) {
        report(refused);
        return;
      }
      target.on('error', (error) => {
        report('code' in error && error.code === 'ECONNREFUSED' ? refused : error.message);
      });
      // Data that the action has given up on lead nowhere.
      data.on('error', () => target.destroy());
      data.on('close', () => target.destroy());
      // What is still on its way comes first.
      data.once('finish', () => data.destroy());
      target.on('close', () => data.end());
      data.pipe(target).pipe(data);
    });
  }
}

function refuse(socket: Duplex, code: number, body: object): void {
  const text = JSON.stringify(body);
  socket.end(
    `HTTP/1.1 ${String(code)} ${STATUS_CODES[code] ?? ''}\r\nContent-Type: application/json\r\nContent-Length: ${String(Buffer.byteLength(text))}\r\nConnection: close\r\n\r\n${text}`,
  );
}
