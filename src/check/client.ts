import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { Agent, Pool } from 'undici';
import type { Dispatcher } from 'undici';
import { CanaryError, messageOf } from '../release/errors.ts';
import type { ClusterName } from '../release/release.ts';

/** Connections to one address of an ingress: enough to meet several gateway replicas behind a load balancer. */
export const CONNECTIONS = 16;
/**
 * A connection is given up after this many requests. A load balancer chooses a gateway replica for each connection: a run of
 * some hundred requests has to make some dozens of them, or a replica that stays behind is not met.
 */
const REQUESTS_PER_CONNECTION = 10;
/** How long a request may take until the end of its body. */
const REQUEST_TIMEOUT_MS = 10_000;
/** More of a body is not read: a version stands at its beginning. */
const BODY_LIMIT = 16 * 1024;

/** Where and how to send requests to one ingress. */
export interface Target {
  readonly cluster: ClusterName;
  readonly url: string;
  readonly path: string;
  /** Host header and SNI; undefined: the URL's own. */
  readonly host: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

/** What came back: an answer, or the failure to get one. */
export type Reply =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
      readonly ms: number;
    }
  | { readonly kind: 'failure'; readonly what: string; readonly ms: number };

/** Sends requests to one ingress, through every address that its host name has, in turn. */
export class IngressClient {
  readonly target: Target;
  readonly #origins: readonly string[];
  readonly #pools: readonly Pool[];
  readonly #connection: Pick<Agent.Options, 'allowH2' | 'connect'>;
  readonly #headers: Readonly<Record<string, string>>;
  #turn = 0;

  private constructor(target: Target, origins: readonly string[]) {
    const url = new URL(target.url);
    this.target = target;
    this.#origins = origins;
    const given = lowerCased(target.headers);
    const host = target.host ?? given['host'];
    this.#headers = { ...given, host: host ?? url.host };
    this.#connection = {
      connect: { servername: (host ?? url.hostname).replace(/:\d+$/, '') },
      // Over HTTP/2 all requests would share one connection, and so one replica of the gateway.
      allowH2: false,
    };
    this.#pools = origins.map(
      (origin) =>
        new Pool(origin, {
          ...this.#connection,
          connections: CONNECTIONS,
          maxRequestsPerClient: REQUESTS_PER_CONNECTION,
        }),
    );
  }

  /** @throws CanaryError where the host name has no address */
  static async open(target: Target): Promise<IngressClient> {
    return new IngressClient(target, await originsOf(target));
  }

  /** One request; never throws but for the signal. `fresh`: over a connection of its own. */
  async send(options: {
    readonly headers?: Readonly<Record<string, string>>;
    readonly fresh?: boolean;
    readonly signal: AbortSignal;
  }): Promise<Reply> {
    const start = performance.now();
    const index = this.#turn++ % this.#origins.length;
    const agent = options.fresh === true ? new Agent({ ...this.#connection, pipelining: 0 }) : undefined;
    const dispatcher: Dispatcher | undefined = agent ?? this.#pools[index];
    const elapsed = (): number => performance.now() - start;
    try {
      if (dispatcher === undefined) throw new Error('the client has no address');
      const response = await dispatcher.request({
        origin: this.#origins[index] ?? this.target.url,
        path: this.target.path,
        method: 'GET',
        headers: { ...this.#headers, ...options.headers },
        headersTimeout: REQUEST_TIMEOUT_MS,
        bodyTimeout: REQUEST_TIMEOUT_MS,
        signal: options.signal,
      });
      const body = await readStart(response.body);
      return {
        kind: 'answer',
        status: response.statusCode,
        headers: single(response.headers),
        body,
        ms: elapsed(),
      };
    } catch (error) {
      options.signal.throwIfAborted();
      return { kind: 'failure', what: kindOf(error), ms: elapsed() };
    } finally {
      await agent?.destroy();
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#pools.map((pool) => pool.destroy()));
  }
}

/** Headers by their names in lower case, so that one given twice in different cases is one. */
function lowerCased(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

async function originsOf(target: Target): Promise<readonly string[]> {
  const url = new URL(target.url);
  const hostname = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(hostname) !== 0) return [url.origin];
  try {
    const addresses = await lookup(hostname, { all: true });
    return addresses.map(({ address, family }) => {
      const own = new URL(url);
      own.hostname = family === 6 ? `[${address}]` : address;
      return own.origin;
    });
  } catch (error) {
    throw new CanaryError(
      `The ingress of ${target.cluster}, ${target.url}, has a host name without an address: ${messageOf(error)}. Is its DNS record there? Otherwise give an address with the input ingress.`,
      { cause: error },
    );
  }
}

async function readStart(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    // Leaving the loop lets go of the connection: a body without an end must not hold a sample up.
    if (size >= BODY_LIMIT) break;
  }
  return Buffer.concat(chunks).subarray(0, BODY_LIMIT).toString('utf8');
}

function single(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );
}

/** A failure by its kind, without what differs from one request to the next, so that equal ones can be counted. */
function kindOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  switch (code) {
    case 'ECONNREFUSED':
      return 'connection refused';
    case 'ECONNRESET':
    case 'UND_ERR_SOCKET':
      return 'connection cut';
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
    case 'ETIMEDOUT':
      return 'no answer in time';
    default:
      return /certificate|CERT/.test(`${code} ${error.message}`)
        ? `TLS: ${error.message} (a private certificate authority is named by the environment variable NODE_EXTRA_CA_CERTS)`
        : `${code}: ${error.message}`;
  }
}
