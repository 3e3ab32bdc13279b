import http from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { FORWARD } from '../../core/deadlines.ts';
import { parseJson } from '../../core/json.ts';
import { statusOf } from './answer.ts';
import type { Status } from './errors.ts';
import type { Access } from './session.ts';
import { WebSocketBytes, webSocketKey } from './web-socket.ts';

/** The protocol of a port-forward within SPDY/3.1. */
const PROTOCOL = 'portforward.k8s.io';
/** The largest refusal that is read, and quoted. */
const LARGEST_REFUSAL = 64 * 1024;
const LONGEST_QUOTE = 200;

/** Why a server does not upgrade a connection. */
interface Refusal {
  readonly status: number;
  readonly body: Status;
  /** Whether it comes from the API server, and not from something that knows no such upgrade. */
  readonly isOfApi: boolean;
}

/**
 * Upgrades a connection to SPDY/3.1, as kubectl does: within a WebSocket, which proxies and load balancers let through (Kubernetes
 * 1.31 and later), or else directly.
 *
 * @throws Error without any answer; the signal's reason
 */
export async function openUpgraded(
  access: Access,
  path: string,
  stop: AbortSignal,
): Promise<Duplex | Refusal> {
  const url = new URL(`${access.server}${path}`);
  const signal = AbortSignal.any([stop, AbortSignal.timeout(FORWARD.openMs)]);
  const opened = await openWebSocket(url, access, signal);
  if (!('isOfApi' in opened) || opened.isOfApi) return opened;
  const direct = await openDirectly(url, access, signal);
  // Of two refusals, the API server's own says more.
  return 'isOfApi' in direct && !direct.isOfApi ? opened : direct;
}

async function openWebSocket(url: URL, access: Access, signal: AbortSignal): Promise<Duplex | Refusal> {
  const { key, accept } = webSocketKey();
  const opened = await upgrade(url, access, signal, {
    // An API server before 1.31 leaves the subprotocol to the kubelet, which does not know it.
    isWanted: ({ headers }) => headers['sec-websocket-accept'] === accept,
    method: 'GET',
    headers: {
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': key,
      'sec-websocket-protocol': `SPDY/3.1+${PROTOCOL}`,
    },
  });
  return 'isOfApi' in opened ? opened : new WebSocketBytes(opened);
}

async function openDirectly(url: URL, access: Access, signal: AbortSignal): Promise<Duplex | Refusal> {
  return upgrade(url, access, signal, {
    isWanted: ({ headers }) => headers.upgrade?.toUpperCase() === 'SPDY/3.1',
    method: 'POST',
    headers: { upgrade: 'SPDY/3.1', 'x-stream-protocol-version': PROTOCOL, 'content-length': '0' },
  });
}

interface UpgradeRequest {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  /** Whether a connection that was upgraded is what was asked for. */
  readonly isWanted: (response: IncomingMessage) => boolean;
}

async function upgrade(
  url: URL,
  access: Access,
  signal: AbortSignal,
  { method, headers, isWanted }: UpgradeRequest,
): Promise<Duplex | Refusal> {
  const socket = await connectTo(url, access, signal);
  const { promise, resolve, reject } = Promise.withResolvers<Duplex | Refusal>();
  const request = http.request({
    method,
    path: `${url.pathname}${url.search}`,
    headers: {
      ...access.headers,
      ...access.impersonation,
      host: url.host,
      connection: 'Upgrade',
      ...headers,
    },
    createConnection: () => socket,
  });
  request.once('upgrade', (response, upgraded, head) => {
    if (head.length > 0) upgraded.unshift(head);
    const { statusCode: status = 0 } = response;
    const body = { message: 'the server upgrades the connection to something else' };
    resolve(isWanted(response) ? upgraded : { status, body, isOfApi: false });
  });
  request.once('response', (response) => {
    refusalIn(response).then(resolve, reject);
  });
  request.on('error', reject);
  const end = (): void => {
    socket.destroy(reasonOf(signal));
  };
  signal.addEventListener('abort', end, { once: true });
  request.end();
  try {
    const opened = await promise;
    if ('isOfApi' in opened) socket.destroy();
    return opened;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', end);
  }
}

async function connectTo(
  { hostname, host, protocol, port }: URL,
  { connect }: Access,
  signal: AbortSignal,
): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const end = (): void => {
    reject(reasonOf(signal));
  };
  if (signal.aborted) throw reasonOf(signal);
  signal.addEventListener('abort', end, { once: true });
  connect({ hostname, host, protocol, port }, (...[error, socket]) => {
    if (error !== null) reject(error);
    else if (signal.aborted) socket.destroy();
    else resolve(socket);
  });
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', end);
  }
}

function reasonOf({ reason }: AbortSignal): Error {
  if (reason instanceof Error && reason.name !== 'TimeoutError') return reason;
  return new Error(`no answer within ${String(FORWARD.openMs / 1000)} s`);
}

async function refusalIn(response: IncomingMessage): Promise<Refusal> {
  const { statusCode: status = 0, headers } = response;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    if (!(chunk instanceof Buffer)) continue;
    chunks.push(chunk);
    size += chunk.length;
    if (size > LARGEST_REFUSAL) break;
  }
  const text = Buffer.concat(chunks).toString('utf8');
  const body = statusOf(parseJson(text));
  if (body?.message !== undefined) return { status, body, isOfApi: true };
  const location = headers.location ?? '';
  const to = URL.canParse(location) ? `, but redirects to ${new URL(location).origin}` : '';
  const said = text.trim().slice(0, LONGEST_QUOTE);
  const message = `the server does not upgrade the connection${to}${said === '' ? '' : `: ${said}`}`;
  return { status, body: { message }, isOfApi: false };
}
