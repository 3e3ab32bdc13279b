import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { Agent, Pool } from 'undici';
import type { Dispatcher } from 'undici';
import { CanaryError, messageOf } from '../core/errors.ts';
import type { ClusterName } from '../core/names.ts';
import { INGRESS } from '../core/deadlines.ts';
import { BrokenResponse, decoded, readStart } from './response-body.ts';
import { proxyFor } from '../core/proxy.ts';
import type { Proxy } from '../core/proxy.ts';
import { ProxyError, tunnelConnector } from '../core/tunnel.ts';

/** Connections to one address of an ingress: enough to reach several gateway replicas behind a load balancer. */
export const CONNECTIONS = 16;
/**
 * A connection is closed after this many requests. A load balancer chooses a gateway replica per connection: a run of some
 * hundred requests must open some dozens of them, or it may miss a stale replica.
 */
const REQUESTS_PER_CONNECTION = 10;
/** The kind of failure when the ingress accepted a request and nothing came back in time. */
export const NO_RESPONSE = 'no response in time';
const REFUSED = 'connection refused';
const CUT = 'connection cut';
const NO_CONNECTION = 'no connection in time';
/** Unlike a connection that is cut before a response: a version that breaks off its responses shows in the same way. */
const CUT_OFF = 'response cut off';
/** The same where the ingress has announced that it closes the connection: undici then finds the response incomplete. */
const EARLY_END = /^UND_ERR_RES_CONTENT_LENGTH_MISMATCH|\(Invalid EOF state\)$/;
/** The kinds of failure before anything came back, which an ingress has while it restarts. */
export const UNREACHED: ReadonlySet<string> = new Set([REFUSED, CUT, NO_CONNECTION]);
/** A proxy that refuses is asked again: one refusal among thousands of connections must not end a check. */
const PROXY_ATTEMPTS = 3;

/** Where and how to send requests to one ingress. */
export interface Target {
  readonly cluster: ClusterName;
  readonly url: string;
  readonly path: string;
  /** Host header, and SNI unless it is an IP address; undefined: the URL's own. */
  readonly host: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

/** What came back: a response, or the failure to get one. */
export type Reply =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
      readonly ms: number;
    }
  | { readonly kind: 'failure'; readonly what: string; readonly ms: number };

/**
 * Over HTTP/2, all requests would share one connection, and so one gateway replica. undici sets the server name (SNI): the Host
 * header without its port, and none for an IP address (RFC 6066), whose certificate must name the address.
 */
function connectionOptions(proxy: Proxy | undefined): Pick<Agent.Options, 'allowH2' | 'connect'> {
  const timeoutMs = INGRESS.connectMs;
  return {
    allowH2: false,
    connect: proxy === undefined ? { timeout: timeoutMs } : tunnelConnector(proxy, { timeoutMs }),
  };
}

interface OpenOptions {
  readonly timeoutMs?: number;
  readonly resolve?: Resolve;
  readonly proxy?: Proxy | undefined;
}

type Resolve = (hostname: string, options: { readonly all: true }) => Promise<readonly LookupAddress[]>;

interface SendOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly fresh?: boolean;
  readonly signal: AbortSignal;
}

/** Sends requests to one ingress, through each address of its host name in turn. */
export class IngressClient {
  readonly target: Target;
  readonly #origins: readonly string[];
  readonly #pools: ReadonlyMap<string, Pool>;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #timeoutMs: number;
  readonly #connection: Pick<Agent.Options, 'allowH2' | 'connect'>;
  readonly #leftOut = new Map<string, string>();
  #turn = 0;
  #hasAnswered = false;

  private constructor(
    target: Target,
    origins: readonly string[],
    timeoutMs: number,
    proxy: Proxy | undefined,
  ) {
    const url = new URL(target.url);
    this.#connection = connectionOptions(proxy);
    this.target = target;
    this.#timeoutMs = timeoutMs;
    this.#origins = origins;
    const given = lowerCased(target.headers);
    const host = target.host ?? given['host'];
    this.#headers = { ...given, host: host ?? url.host };
    this.#pools = new Map(
      origins.map((origin) => [
        origin,
        new Pool(origin, {
          ...this.#connection,
          connections: CONNECTIONS,
          maxRequestsPerClient: REQUESTS_PER_CONNECTION,
          keepAliveTimeout: INGRESS.idleMs,
          keepAliveMaxTimeout: INGRESS.idleMs,
        }),
      ]),
    );
  }

  /**
   * @param options `timeoutMs`: how long a request may take, until the end of its body; `resolve`: the addresses of a host name;
   * `proxy`: instead of the one that the environment names
   * @throws CanaryError if the host name has no address
   */
  static async open(
    target: Target,
    {
      timeoutMs = INGRESS.requestMs,
      resolve = lookup,
      proxy = proxyFor(new URL(target.url)),
    }: OpenOptions = {},
  ): Promise<IngressClient> {
    // A name that only the proxy can resolve is left to it.
    const origins = proxy === undefined ? await originsOf(target, resolve) : [new URL(target.url).origin];
    return new IngressClient(target, origins, timeoutMs, proxy);
  }

  /** The addresses that this machine has no route to, and why: users do not see such a failure, so requests go to the others. */
  get leftOut(): ReadonlyMap<string, string> {
    return this.#leftOut;
  }

  /** Whether any request so far got a response. */
  get hasAnswered(): boolean {
    return this.#hasAnswered;
  }

  /**
   * One request. A body that does not end in time counts with what has arrived.
   *
   * @param options `fresh`: over a new connection
   * @throws CanaryError if a proxy lets no request through, which says nothing about the service; the signal's reason
   */
  async send(options: SendOptions): Promise<Reply> {
    const limit = AbortSignal.timeout(this.#timeoutMs);
    for (let refusals = 0; ;) {
      const open = this.#origins.filter((origin) => !this.#leftOut.has(origin));
      const origin = open[this.#turn++ % open.length] ?? this.target.url;
      const start = performance.now();
      const elapsed = (): number => performance.now() - start;
      try {
        const answer = await this.#ask(origin, options, limit);
        this.#hasAnswered = true;
        return { kind: 'answer', ...answer, ms: elapsed() };
      } catch (error) {
        options.signal.throwIfAborted();
        if (error instanceof ProxyError) {
          refusals += 1;
          if (refusals < PROXY_ATTEMPTS) continue;
          throw this.#blocked(error);
        }
        const others = this.#origins.some((one) => one !== origin && !this.#leftOut.has(one));
        if (!(others && isOutOfReach(error)))
          return { kind: 'failure', what: limit.aborted ? NO_RESPONSE : failureKind(error), ms: elapsed() };
        this.#leftOut.set(origin, messageOf(error));
      }
    }
  }

  #blocked({ message }: ProxyError): CanaryError {
    const { cluster, url } = this.target;
    return new CanaryError(
      `The ingress of ${cluster}, ${url}, cannot be sampled: ${message}. This says nothing about the service. Let the proxy open connections (CONNECT) to that address, or exclude it with NO_PROXY.`,
    );
  }

  async #ask(
    origin: string,
    { headers, fresh = false, signal }: SendOptions,
    limit: AbortSignal,
  ): Promise<Omit<Extract<Reply, { kind: 'answer' }>, 'kind' | 'ms'>> {
    const agent = fresh ? new Agent({ ...this.#connection, pipelining: 0 }) : undefined;
    const dispatcher: Dispatcher | undefined = agent ?? this.#pools.get(origin);
    try {
      if (dispatcher === undefined) throw new Error('the client has no address');
      const response = await dispatcher.request({
        origin,
        path: this.target.path,
        method: 'GET',
        headers: { ...this.#headers, ...headers },
        signal: AbortSignal.any([signal, limit]),
      });
      const answered = single(response.headers);
      const body = await readStart(decoded(response.body, answered['content-encoding']), limit);
      return { status: response.statusCode, headers: answered, body };
    } finally {
      await agent?.destroy();
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()));
  }
}

/** Headers by their names in lower case, so that a name in two spellings is one header. */
function lowerCased(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

async function originsOf(target: Target, resolve: Resolve): Promise<readonly string[]> {
  const url = new URL(target.url);
  const hostname = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(hostname) !== 0) return [url.origin];
  try {
    const addresses = await resolve(hostname, { all: true });
    return addresses.map(({ address, family }) => {
      const own = new URL(url);
      own.hostname = family === 6 ? `[${address}]` : address;
      return own.origin;
    });
  } catch (error) {
    throw new CanaryError(
      `The ingress of ${target.cluster}, ${target.url}, has a host name that does not resolve: ${messageOf(error)}. Create its DNS record, or set the input ingress to an address.`,
      { cause: error },
    );
  }
}

function single(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );
}

/** Whether this machine has no route to an address, such as to an IPv6 address without IPv6. */
function isOutOfReach(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    ['ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(String(error.code))
  );
}

/** The kind of a failure, without what differs between requests, so that equal ones can be counted. */
function failureKind(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof BrokenResponse) {
    const what = failureKind(error.cause);
    return UNREACHED.has(what) || EARLY_END.test(what) ? CUT_OFF : what;
  }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  switch (code) {
    case 'ECONNREFUSED':
      return REFUSED;
    case 'ECONNRESET':
    case 'UND_ERR_SOCKET':
      return CUT;
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
      return NO_CONNECTION;
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
      return NO_RESPONSE;
    default:
      return /certificate|CERT/.test(`${code} ${error.message}`)
        ? `TLS: ${error.message} (to trust a private certificate authority, set the environment variable NODE_EXTRA_CA_CERTS)`
        : `${code}: ${error.message}`;
  }
}
