import { lookup } from 'node:dns/promises';
import { Client } from 'undici';
import { INGRESS } from '../core/deadlines.ts';
import { proxyFor } from '../core/proxy.ts';
import type { Proxy } from '../core/proxy.ts';
import { AddressWays } from './address-ways.ts';
import type { Resolve } from './address-ways.ts';
import { exchange } from './exchange.ts';
import type { Answer } from './exchange.ts';
import { PodWays } from './pod-ways.ts';
import { REFUSED, failureKind } from './failure-kinds.ts';
import type { IngressPod, Way, Ways } from './ways.ts';
import type { Target } from './target.ts';

/** Why a connection of a request's own is closed. One for all of them: Node writes out the stack of each error that closes a socket. */
const ANSWERED = new Error('the request that this connection was for is done');

/** What came back: a response, or the failure to get one. */
export type Reply =
  | (Answer & {
      readonly kind: 'answer';
      readonly ms: number;
      readonly pod?: IngressPod | undefined;
    })
  | {
      readonly kind: 'failure';
      readonly what: string;
      readonly ms: number;
      readonly pod?: IngressPod | undefined;
    };

interface OpenOptions {
  readonly timeoutMs?: number;
  readonly resolve?: Resolve;
  readonly proxy?: Proxy | undefined;
}

interface SendOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly fresh?: boolean;
  readonly signal: AbortSignal;
}

/** Sends requests to one ingress, through each address of its host name, or each pod, in turn. */
export class IngressClient {
  readonly target: Target;
  readonly #ways: Ways;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #timeoutMs: number;
  #hasAnswered = false;

  private constructor(target: Target, ways: Ways, timeoutMs: number) {
    const url = new URL(target.url);
    this.target = target;
    this.#timeoutMs = timeoutMs;
    this.#ways = ways;
    const given = lowerCased(target.headers);
    const host = target.host ?? given['host'];
    this.#headers = { ...given, host: host ?? url.host };
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
    const { gateway } = target;
    const ways =
      gateway === undefined
        ? await AddressWays.open(target, proxy, resolve)
        : await PodWays.open(target, gateway);
    return new IngressClient(target, ways, timeoutMs);
  }

  /** Addresses and pods that requests do not go to, and why: users do not see such a failure, so requests go to the others. */
  get leftOut(): ReadonlyMap<string, string> {
    return this.#ways.leftOut;
  }

  /** The UIDs of the pods that requests go to in turn; none where a load balancer chooses. */
  get pods(): ReadonlySet<string> {
    return this.#ways.pods;
  }

  /** All pods as they were seen last, those that are not ready included; a new list each time. */
  get shown(): readonly IngressPod[] {
    return this.#ways.shown;
  }

  /** Whether any request so far got a response. */
  get hasAnswered(): boolean {
    return this.#hasAnswered;
  }

  /**
   * One request. A body that does not end in time counts with what has arrived.
   *
   * @param options `fresh`: over a new connection
   * @throws CanaryError if a proxy or an API server lets no request through, which says nothing about the service; the signal's reason
   */
  async send(options: SendOptions): Promise<Reply> {
    const { signal } = options;
    let way = await this.#ways.next(signal);
    const begun = performance.now();
    let endsAt: number | undefined;
    for (let attempt = 1; ; attempt += 1) {
      signal.throwIfAborted();
      if (way === undefined) return { kind: 'failure', what: REFUSED, ms: 0 };
      let start = performance.now();
      const elapsed = (): number => performance.now() - start;
      try {
        await way.open(signal);
        start = performance.now();
        endsAt ??= start + this.#timeoutMs;
        const answer = await this.#ask(way, options, endsAt);
        this.#hasAnswered = true;
        this.#ways.answered(way);
        return { kind: 'answer', ...answer, ms: elapsed(), pod: way.pod };
      } catch (error) {
        const ms = elapsed();
        signal.throwIfAborted();
        const excuse = await this.#ways.excuse(way, error, {
          attempt,
          ms: performance.now() - begun,
          signal,
        });
        if (excuse === 'none') return { kind: 'failure', what: failureKind(error), ms, pod: way.pod };
        if (excuse !== 'again') endsAt = undefined;
        if (excuse !== 'same') way = await this.#ways.next(signal);
      }
    }
  }

  async #ask(
    { origin, options, dispatcher }: Way,
    { headers, fresh = false, signal }: SendOptions,
    endsAt: number,
  ): Promise<Answer> {
    const request = {
      origin,
      path: this.target.path,
      method: 'GET',
      headers: headers === undefined ? this.#headers : { ...this.#headers, ...headers },
    } as const;
    if (!fresh) return exchange(dispatcher, request, { signal, endsAt });
    const own = new Client(origin, { ...options, pipelining: 0 });
    try {
      return await exchange(own, request, { signal, endsAt });
    } finally {
      await own.destroy(ANSWERED);
    }
  }

  async close(): Promise<void> {
    await this.#ways.close();
  }
}

/** Headers by their names in lower case, so that a name in two spellings is one header. */
function lowerCased(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
