import type { IncomingMessage } from 'node:http';
import {
  constants,
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { CallAction, Faults } from '../faults.ts';
import { textAt, type Json, type JsonObject } from '../json.ts';
import type { Port } from '../ports.ts';
import type { Timers } from '../timers.ts';
import { Authorization } from './authorization.ts';
import { discover } from './discovery.ts';
import { Handler, isDryRun, parseBody, type Content, type PodServers, type Reply } from './handler.ts';
import { GATEWAY_API, type Kind } from './kinds.ts';
import { describeApi } from './openapi.ts';
import { ADMIN, type User } from './rbac.ts';
import { PortForwardServer, type Dial } from './port-forward.ts';
import { parseRequest, type ResourceRequest } from './request.ts';
import type { Resources } from './resources.ts';
import { internalError, StatusError, unauthorized } from './status.ts';
import { Tokens } from './tokens.ts';

export interface ApiServerOptions {
  readonly cluster: string;
  readonly resources: Resources;
  readonly faults: Faults;
  readonly timers: Timers;
  readonly port: Port;
  readonly tls: { readonly certificate: string; readonly key: string };
  /** Bearer token of the user `admin`. */
  readonly token: string;
  readonly podServers: PodServers;
}

const GATEWAY_API_VERSIONS: ReadonlySet<string> = new Set(['v1', 'v1beta1']);

/** Who makes a call, and the bearer token that says so. */
interface Caller {
  readonly user: User;
  readonly token: string;
}

/** One cluster's Kubernetes API over HTTPS: HTTP/2, or HTTP/1.1 for clients that want that. */
export class ApiServer {
  readonly #options: ApiServerOptions;
  readonly #handler: Handler;
  readonly #tokens: Tokens;
  readonly #portForward: PortForwardServer;
  #server: Http2SecureServer | undefined;
  readonly #connections = new Set<Duplex>();
  #handshakes = 0;
  /** The versions of the Gateway API that it offers. */
  #gatewayApi: ReadonlySet<string> = GATEWAY_API_VERSIONS;

  constructor(options: ApiServerOptions) {
    this.#options = options;
    const { cluster, resources, faults, podServers } = options;
    this.#tokens = new Tokens(options.token);
    const authorization = new Authorization(cluster, resources.store, faults);
    this.#handler = new Handler(resources, authorization, this.#tokens, podServers);
    this.#portForward = new PortForwardServer(cluster, {
      resources,
      faults,
      authorization,
      tokens: this.#tokens,
    });
  }

  /** @param dial opens a connection to a port of a pod; undefined where nothing listens */
  forwardTo(dial: Dial): void {
    this.#portForward.dial = dial;
  }

  /** Offers only some versions of the Gateway API, or none, as where its definitions are older or missing. */
  serveGatewayApi(versions: ReadonlySet<string> = GATEWAY_API_VERSIONS): void {
    this.#gatewayApi = versions;
  }

  /** Another token of the user `admin`. */
  renewToken(): string {
    return this.#tokens.issue(ADMIN);
  }

  /** How many TLS connections clients have opened so far. */
  get handshakes(): number {
    return this.#handshakes;
  }

  /** Accepts connections. Does nothing if it already does. */
  async open(): Promise<void> {
    if (this.#server !== undefined) return;
    const { certificate: cert, key } = this.#options.tls;
    const server = createSecureServer({ cert, key, allowHTTP1: true }, (request, response) => {
      this.#serve(request, response).catch(() => {
        cut(response);
      });
    });
    server.on('secureConnection', (socket: Duplex) => {
      this.#handshakes += 1;
      this.#connections.add(socket);
      socket.once('close', () => this.#connections.delete(socket));
    });
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.#portForward.serve(request, socket, head);
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#options.port.number, '127.0.0.1', resolve);
    });
    server.unref();
  }

  /** Refuses new connections and cuts existing ones. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise<void>((resolve) => {
      server.close(() => {
        resolve();
      });
    });
    for (const socket of this.#connections) socket.destroy();
    this.#portForward.cut();
    await closed;
  }

  async #serve(request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> {
    const content: Content = {
      type: (request.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '',
      text: await text(request),
      userAgent: request.headers['user-agent'] ?? '',
    };
    try {
      const user = this.#tokens.userOf(request.headers.authorization);
      if (user === undefined) throw unauthorized();
      const token = request.headers.authorization?.replace('Bearer ', '') ?? '';
      await this.#answer({ user, token }, request, content, response);
    } catch (error) {
      sendError(response, error);
    }
  }

  async #answer(
    caller: Caller,
    request: Http2ServerRequest,
    content: Content,
    response: Http2ServerResponse,
  ): Promise<void> {
    const url = new URL(request.url, 'https://localhost');
    const method = request.method;
    const isServed = ({ group }: Kind, version: string): boolean =>
      group !== GATEWAY_API || this.#gatewayApi.has(version);
    const found = discover(url.pathname, isServed) ?? describeApi(url.pathname);
    const resource = found === undefined ? parseRequest(method, url, isServed) : undefined;
    if (found === undefined && resource === undefined) {
      // A real server answers an unknown path with text, not with a Status.
      response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end('404 page not found\n');
      return;
    }
    const body = method === 'GET' ? undefined : parseBody(content);
    const action = this.#receive(caller, url, { found, resource, body });
    if (action === 'hang') return;
    if (action === 'cut') {
      cut(response);
      return;
    }
    if (action === 'malformed') {
      sendNoJson(response);
      return;
    }
    if (typeof action === 'object') {
      if ('status' in action) {
        sendAction(response, action);
        return;
      }
      await ('after' in action ? action.after : this.#delay(action.delayMs));
    }
    const reply: Reply =
      resource === undefined
        ? { status: 200, body: found ?? {} }
        : this.#handler.handle({ user: caller.user, isStale: action === 'stale' }, resource, content, body);
    if (action === 'cut-after') cut(response);
    else if (action === 'garbled') sendNoJson(response);
    else if (action === 'truncated') sendHalf(response, reply);
    else if (reply.text !== undefined)
      response.writeHead(reply.status, { 'content-type': 'text/plain; charset=utf-8' }).end(reply.text);
    else send(response, reply.status, reply.body);
  }

  #receive(
    { user, token }: Caller,
    url: URL,
    {
      found,
      resource,
      body,
    }: {
      readonly found: JsonObject | undefined;
      readonly resource: ResourceRequest | undefined;
      readonly body: Json | undefined;
    },
  ): CallAction | undefined {
    const { cluster, faults } = this.#options;
    if (resource === undefined) {
      const kind = textAt(found, 'kind') ?? '';
      const none = {
        group: '',
        namespace: undefined,
        subresource: undefined,
        dryRun: false,
        write: false,
        body,
        token,
      };
      return faults.receive({ ...none, cluster, user: user.name, verb: 'get', kind, name: url.pathname });
    }
    const { kind, verb, namespace, name, subresource, query } = resource;
    const dryRun = isDryRun(query);
    const write = !['get', 'list', 'watch'].includes(verb) && !dryRun && !kind.virtual;
    return faults.receive({
      cluster,
      user: user.name,
      verb,
      kind: kind.kind,
      group: kind.group,
      namespace,
      name,
      subresource,
      dryRun,
      body,
      write,
      token,
    });
  }

  #delay(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#options.timers.after(ms, resolve);
    });
  }
}

/** Ends an exchange without an answer: its stream, or over HTTP/1.1 its connection. */
function cut(response: Http2ServerResponse): void {
  const { stream } = response as Partial<Http2ServerResponse>;
  if (stream === undefined) response.destroy();
  else stream.close(constants.NGHTTP2_INTERNAL_ERROR);
}

function send(
  response: Http2ServerResponse,
  status: number,
  body: JsonObject,
  headers: Record<string, string> = {},
): void {
  const content = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(content),
    'cache-control': 'no-cache, private',
    ...headers,
  });
  response.end(content);
}

/** What a proxy between client and server may make of a success. */
function sendNoJson(response: Http2ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end('{"kind":"VirtualSer\u0000');
}

/** The connection breaks in the middle of the answer. */
function sendHalf(response: Http2ServerResponse, { status, body }: Reply): void {
  const content = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(content),
  });
  response.write(content.slice(0, content.length / 2), () => {
    cut(response);
  });
}

function sendError(response: Http2ServerResponse, error: unknown): void {
  if (response.headersSent) {
    cut(response);
    return;
  }
  const refusal =
    error instanceof StatusError
      ? error
      : internalError(error instanceof Error ? (error.stack ?? '') : String(error));
  const { retryAfter } = refusal;
  send(
    response,
    refusal.code,
    refusal.status,
    retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) },
  );
}

/** The API server's reason and message for each code. */
const ANSWERS: Readonly<Record<number, readonly [reason: string, message: string]>> = {
  400: ['BadRequest', 'the server rejected our request for an unknown reason'],
  401: ['Unauthorized', 'Unauthorized'],
  403: ['Forbidden', 'forbidden: User "admin" cannot do this'],
  404: ['NotFound', 'the server could not find the requested resource'],
  409: [
    'Conflict',
    'the object has been modified; please apply your changes to the latest version and try again',
  ],
  410: ['Expired', 'The resourceVersion for the provided list is too old.'],
  422: ['Invalid', 'the server rejected our request due to an error in our request'],
  429: ['TooManyRequests', 'the server has received too many requests and has asked us to try again later'],
  500: ['InternalError', 'Internal error occurred: etcdserver: request timed out'],
  503: ['ServiceUnavailable', 'the server is currently unable to handle the request'],
  504: ['Timeout', 'Timeout: request did not complete within the allotted timeout'],
};

function sendAction(
  response: Http2ServerResponse,
  action: Extract<CallAction, { readonly status: number }>,
): void {
  const headers: Record<string, string> =
    action.retryAfter === undefined ? {} : { 'retry-after': String(action.retryAfter) };
  const [reason, message] = ANSWERS[action.status] ?? [
    '',
    `the server answers with ${String(action.status)}`,
  ];
  const details = action.retryAfter === undefined ? undefined : { retryAfterSeconds: action.retryAfter };
  const error = new StatusError(action.status, action.reason ?? reason, action.message ?? message, details);
  send(response, action.status, error.status, headers);
}
