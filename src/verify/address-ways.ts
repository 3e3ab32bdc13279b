import type { LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import { Pool } from 'undici';
import { INGRESS } from '../core/deadlines.ts';
import { CanaryError, messageOf } from '../core/errors.ts';
import type { Proxy } from '../core/proxy.ts';
import { ProxyError, tunnelConnector } from '../core/tunnel.ts';
import { theInput, thisMachine } from '../core/wording.ts';
import type { Target } from './target.ts';
import { CONNECTIONS, REQUESTS_PER_CONNECTION } from './ways.ts';
import type { Excuse, Failed, IngressPod, Way, WayOptions, Ways } from './ways.ts';

/** A proxy that refuses is asked again: one refusal among thousands of connections must not end a check. */
const PROXY_ATTEMPTS = 3;

export type Resolve = (
  hostname: string,
  options: { readonly all: true },
) => Promise<readonly LookupAddress[]>;

/** The addresses of an ingress: one, or those of its host name. */
export class AddressWays implements Ways {
  readonly pods: ReadonlySet<string> = new Set();
  readonly shown: readonly IngressPod[] = [];
  readonly leftOut = new Map<string, string>();
  readonly #target: Target;
  readonly #ways: readonly (Way & { readonly dispatcher: Pool })[];
  #turn = 0;

  private constructor(target: Target, origins: readonly string[], proxy: Proxy | undefined) {
    this.#target = target;
    const timeoutMs = INGRESS.connectMs;
    const options: WayOptions = {
      allowH2: false,
      connect: proxy === undefined ? { timeout: timeoutMs } : tunnelConnector(proxy, { timeoutMs }),
    };
    this.#ways = origins.map((origin) => ({
      origin,
      options,
      dispatcher: poolOf(origin, options),
      pod: undefined,
      // Nothing is shared: how long a connection takes to open is part of what users see.
      open: () => Promise.resolve(),
    }));
  }

  /** @throws CanaryError if the host name has no address */
  static async open(target: Target, proxy: Proxy | undefined, resolve: Resolve): Promise<AddressWays> {
    // A name that only the proxy can resolve is left to it.
    const origins = proxy === undefined ? await originsOf(target, resolve) : [new URL(target.url).origin];
    return new AddressWays(target, origins, proxy);
  }

  next(): Promise<Way | undefined> {
    const open = this.#ways.filter(({ origin }) => !this.leftOut.has(origin));
    return Promise.resolve(open[this.#turn++ % open.length]);
  }

  answered(): void {
    // Every address stays in use.
  }

  excuse({ origin }: Way, error: unknown, { attempt }: Failed): Promise<Excuse> {
    if (error instanceof ProxyError) {
      if (attempt < PROXY_ATTEMPTS) return Promise.resolve('again');
      throw this.#blocked(error);
    }
    const others = this.#ways.some((one) => one.origin !== origin && !this.leftOut.has(one.origin));
    if (!(others && isOutOfReach(error))) return Promise.resolve('none');
    this.leftOut.set(origin, `${thisMachine()} has no route to it (${messageOf(error)})`);
    return Promise.resolve('again');
  }

  async close(): Promise<void> {
    await Promise.all(this.#ways.map(({ dispatcher }) => dispatcher.destroy()));
  }

  #blocked({ message, proxy: { exclusion } }: ProxyError): CanaryError {
    const { cluster, url } = this.#target;
    const orExclude = exclusion === undefined ? '' : `, or exclude it with ${exclusion}`;
    return new CanaryError(
      `The ingress of ${cluster}, ${url}, cannot be sampled: ${message}. This says nothing about the service. Let the proxy open connections (CONNECT) to that address${orExclude}.`,
    );
  }
}

/** Connections that requests share, each for a few of them. */
export function poolOf(origin: string, options: WayOptions): Pool {
  return new Pool(origin, {
    ...options,
    connections: CONNECTIONS,
    maxRequestsPerClient: REQUESTS_PER_CONNECTION,
    keepAliveTimeout: INGRESS.idleMs,
    keepAliveMaxTimeout: INGRESS.idleMs,
  });
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
      `The ingress of ${target.cluster}, ${target.url}, has a host name that does not resolve: ${messageOf(error)}. Create its DNS record, or set ${theInput('ingress')} to an address.`,
      { cause: error },
    );
  }
}

/** Whether this machine has no route to an address, such as to an IPv6 address without IPv6. */
function isOutOfReach(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    ['ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(String(error.code))
  );
}
