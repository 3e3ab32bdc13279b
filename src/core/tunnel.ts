import http from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';
import type { Socket } from 'node:net';
import { SocksClient } from 'socks';
import { buildConnector } from 'undici';
import { credentialsOf, encodeBasic } from './basic-credentials.ts';
import { hostOf, nameOfProxy } from './proxy.ts';
import type { Proxy } from './proxy.ts';
import { secrets } from './secrets.ts';

/** How the connection to the target is secured, once a proxy has opened it. */
export interface TunnelOptions {
  /** For the connection to the proxy and the proxy's connection to the target, and then for TLS. */
  readonly timeoutMs: number;
  readonly tls?: buildConnector.BuildOptions;
}

/** A proxy did not open a connection: what it answered says nothing about the target. */
export class ProxyError extends Error {
  override readonly name = 'ProxyError';
  readonly code = 'PROXY';
  readonly proxy: Proxy;

  constructor(proxy: Proxy, problem: string) {
    super(`the proxy ${nameOfProxy(proxy)} ${problem}`);
    this.proxy = proxy;
  }
}

/**
 * Opens connections through a proxy. Every one is a tunnel of its own, also for http: the proxy can neither answer in the target's
 * name, nor change the Host header, nor share its connections among requests.
 */
export function tunnelConnector(proxy: Proxy, { timeoutMs, tls }: TunnelOptions): buildConnector.connector {
  const secure = buildConnector({ ...tls, allowH2: false, timeout: timeoutMs });
  return (options, callback) => {
    openTunnel(proxy, options, timeoutMs).then(
      (socket) => {
        if (options.protocol === 'https:') secure({ ...options, httpSocket: socket }, callback);
        else callback(null, socket);
      },
      (error: unknown) => {
        callback(error instanceof ProxyError ? error : notOpened(proxy, error), null);
      },
    );
  };
}

async function openTunnel(
  proxy: Proxy,
  { hostname, port, protocol }: buildConnector.Options,
  timeoutMs: number,
): Promise<Socket> {
  const host = hostname.replace(/^\[|\]$/g, '');
  const target = { host, port: Number(port) || (protocol === 'https:' ? 443 : 80) };
  const socket = await (proxy.url.protocol.startsWith('socks') ? openSocks : openHttp)(
    proxy,
    target,
    timeoutMs,
  );
  return socket.setNoDelay(true);
}

interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** `CONNECT` (RFC 9110, section 9.3.6). */
function openHttp(proxy: Proxy, { host, port }: Endpoint, timeoutMs: number): Promise<Socket> {
  const { url } = proxy;
  const authority = `${isIP(host) === 6 ? `[${host}]` : host}:${String(port)}`;
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const request = (url.protocol === 'https:' ? https : http).request({
    host: hostOf(url),
    port: url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port),
    method: 'CONNECT',
    path: authority,
    agent: false,
    headers: { host: authority, ...authorizationOf(url) },
  });
  const timer = setTimeout(() => {
    request.destroy(new Error(`no connection within ${String(timeoutMs / 1000)} s`));
  }, timeoutMs);
  request.once('connect', (response, socket, head) => {
    clearTimeout(timer);
    const { statusCode = 0, statusMessage = '' } = response;
    if (statusCode === 200) {
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    } else {
      socket.destroy();
      const answered = `${String(statusCode)} ${secrets.redact(statusMessage).slice(0, 100)}`.trim();
      reject(new ProxyError(proxy, `refused a connection to ${authority}: ${answered}`));
    }
  });
  request.once('error', (error) => {
    clearTimeout(timer);
    reject(error);
  });
  request.end();
  return promise;
}

function authorizationOf(url: URL): Readonly<Record<string, string>> {
  const [user, password] = credentialsOf(url);
  if (user === '' && password === '') return {};
  return { 'proxy-authorization': `Basic ${encodeBasic(user, password)}` };
}

async function openSocks(proxy: Proxy, destination: Endpoint, timeoutMs: number): Promise<Socket> {
  const { url } = proxy;
  const [user, password] = credentialsOf(url);
  const { socket } = await SocksClient.createConnection({
    command: 'connect',
    destination,
    proxy: {
      host: hostOf(url),
      port: Number(url.port) || 1080,
      type: 5,
      ...(user === '' ? {} : { userId: user, password }),
    },
    timeout: timeoutMs,
  });
  return socket;
}

function notOpened(proxy: Proxy, error: unknown): ProxyError {
  const reason = error instanceof Error ? error.message : String(error);
  return new ProxyError(proxy, `did not open a connection: ${reason}`);
}
