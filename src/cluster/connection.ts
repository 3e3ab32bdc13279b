import { HttpMethod, KubeConfig, RequestContext } from '@kubernetes/client-node';
import { Agent, fetch } from 'undici';
import type { Dispatcher } from 'undici';
import type { ClusterName } from '../release/release.ts';
import { ClusterError } from './errors.ts';
import type { Status } from './errors.ts';

/** How long one call may take, in ms. */
const CALL_TIMEOUT_MS = 15_000;
/** How long a call that can be made again may go without an answer: another one may find a server that is well. */
const SILENCE_TIMEOUT_MS = 5_000;

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly contentType?: string;
  /** `Reading VirtualService gray-demo/helloworld`, for the message of a failure. */
  readonly tried: string;
  /** A call that stores nothing, whatever its method says. */
  readonly changesNothing?: boolean;
}

/** How many calls were made: all of them, and those that ask for a change. */
export interface CallCount {
  readonly calls: number;
  readonly writes: number;
}

/** Whether a call may change what the cluster holds; any other can be made again without harm. */
export function isWrite({ method, query, changesNothing = false }: Call): boolean {
  return method !== 'GET' && query?.['dryRun'] === undefined && !changesNothing;
}

/** What it takes to reach an API server. */
interface Access {
  readonly server: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly dispatcher: Dispatcher;
}

/** Address, credentials and connection pool of a context. Kept, since the library opens a new pool at each request. */
async function accessOf(config: KubeConfig): Promise<Access> {
  const server = (config.getCurrentCluster()?.server ?? '').replace(/\/$/, '');
  const context = new RequestContext(server, HttpMethod.GET);
  await config.applySecurityAuthentication(context);
  return { server, headers: context.getHeaders(), dispatcher: context.getDispatcher() ?? new Agent() };
}

/** The way to one API server: address, credentials and connections, shared by all who talk to it. */
export class Connection {
  readonly name: ClusterName;
  readonly #config: KubeConfig;
  #access: Promise<Access> | undefined;
  /** Every access there was: calls may still be under way over an earlier one. */
  readonly #opened: Promise<Access>[] = [];
  #calls = 0;
  #writes = 0;

  /** @param config its contexts hold `name` */
  constructor(name: ClusterName, config: KubeConfig) {
    this.name = name;
    this.#config = new KubeConfig();
    this.#config.loadFromOptions({
      clusters: config.getClusters(),
      users: config.getUsers(),
      contexts: config.getContexts(),
      currentContext: name,
    });
  }

  get calls(): CallCount {
    return { calls: this.#calls, writes: this.#writes };
  }

  /**
   * One request. The caller says what the answer is: the server's own schema makes it that, there is nothing here to check it against.
   *
   * @throws ClusterError where the cluster refuses or does not answer; the signal's reason once it is aborted
   */
  async send<T>(call: Call, stop: AbortSignal): Promise<T> {
    let answer = await this.#request(call, stop);
    // Credentials may run out in a long release. Who is not let in has changed nothing, so that any call can be made again.
    if (answer.status === 401) answer = await this.#request(call, stop);
    const { status, text } = answer;
    const body = parseJson(text);
    if (status >= 400 || body === undefined) {
      const message = text.trim().slice(0, 300);
      throw new ClusterError(this.name, call.tried, { status, body: isStatus(body) ? body : { message } });
    }
    return body as T;
  }

  async #request(call: Call, stop: AbortSignal): Promise<{ readonly status: number; readonly text: string }> {
    this.#calls += 1;
    if (isWrite(call)) this.#writes += 1;
    const silence = new AbortController();
    const patience = isWrite(call) ? CALL_TIMEOUT_MS : SILENCE_TIMEOUT_MS;
    const timer = setTimeout(() => {
      silence.abort(new Error(`no answer within ${String(patience / 1000)} s`));
    }, patience);
    const signal = AbortSignal.any([stop, silence.signal, AbortSignal.timeout(CALL_TIMEOUT_MS)]);
    const access = (this.#access ??= this.#open());
    try {
      const { server, headers, dispatcher } = await access;
      const query = call.query === undefined ? '' : `?${new URLSearchParams(call.query).toString()}`;
      const response = await fetch(`${server}${call.path}${query}`, {
        method: call.method,
        headers: {
          ...headers,
          accept: 'application/json',
          'content-type': call.contentType ?? 'application/json',
        },
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
        dispatcher,
        signal,
      });
      clearTimeout(timer);
      if (response.status === 401) this.#forget(access);
      return { status: response.status, text: await response.text() };
    } catch (cause) {
      stop.throwIfAborted();
      throw new ClusterError(this.name, call.tried, { cause });
    } finally {
      clearTimeout(timer);
    }
  }

  async close(): Promise<void> {
    const destroyed = this.#opened.map(async (access) => {
      const opened = await access.catch(() => undefined);
      await opened?.dispatcher.destroy();
    });
    await Promise.all(destroyed);
  }

  #open(): Promise<Access> {
    const access = accessOf(this.#config);
    this.#opened.push(access);
    // A login that failed is tried again by the next call.
    access.catch(() => {
      this.#forget(access);
    });
    return access;
  }

  /** Calls side by side may be told so of the same credentials, when another call has renewed them already. */
  #forget(access: Promise<Access>): void {
    if (this.#access === access) this.#access = undefined;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isStatus(body: unknown): body is Status {
  return typeof body === 'object' && body !== null && 'kind' in body && body.kind === 'Status';
}
