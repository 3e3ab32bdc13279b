import { HttpMethod, KubeConfig, RequestContext } from '@kubernetes/client-node';
import pTimeout from 'p-timeout';
import { Agent, fetch } from 'undici';
import type { Dispatcher } from 'undici';
import { z } from 'zod';
import { API } from '../../core/deadlines.ts';
import { messageOf } from '../../core/errors.ts';
import type { ClusterName } from '../../core/names.ts';
import { ClusterError, LoginError } from './errors.ts';
import type { Status } from './errors.ts';

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
export function isWrite(call: Call): boolean {
  return isAdmitted(call) && call.query?.['dryRun'] === undefined;
}

/** Whether a call goes through admission, as a write and its dry run do. */
function isAdmitted({ method, changesNothing = false }: Call): boolean {
  return method !== 'GET' && !changesNothing;
}

interface Answer {
  readonly status: number;
  readonly text: string;
  /** After which the server wants to be asked again; 0 where it does not say. */
  readonly retryAfterMs: number;
}

/** What it takes to reach an API server. */
interface Access {
  readonly server: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly dispatcher: Dispatcher;
}

/**
 * Address, credentials and connection pool of a context. Kept, since the library opens a new pool at each request.
 *
 * @throws LoginError in words of its own where those of the library would quote a secret
 */
async function accessOf(config: KubeConfig): Promise<Access> {
  const server = (config.getCurrentCluster()?.server ?? '').replace(/\/$/, '');
  if (/\/\/[^/]*@/.test(server))
    throw new LoginError('its server URL contains a user, which belongs in the entry under users');
  const context = new RequestContext(server, HttpMethod.GET);
  await login(config, context);
  const headers = context.getHeaders();
  for (const [name, value] of Object.entries(headers)) {
    // What stands around it goes away by itself, such as the end of the line in a file with a token.
    if (/[^\t\x20-\x7e\x80-\xff]/.test(value.trim()))
      throw new LoginError(
        `its credentials are no value for the header ${name}: they hold a line break, or another character that HTTP does not carry`,
      );
  }
  return { server, headers, dispatcher: context.getDispatcher() ?? new Agent() };
}

async function login(config: KubeConfig, context: RequestContext): Promise<void> {
  try {
    await config.applySecurityAuthentication(context);
  } catch (error) {
    // The parser quotes what the command printed, and that may be a token.
    if (spawnError.safeParse(error).success) throw missingCommand(config, error);
    if (error instanceof SyntaxError)
      throw new LoginError('its login command (exec) did not print the JSON of an ExecCredential');
    throw new LoginError(messageOf(error).trim(), { cause: error });
  }
}

const spawnError = z.object({ code: z.literal('ENOENT'), syscall: z.string().startsWith('spawn') });
const execOf = z.object({ command: z.string(), installHint: z.string().optional() });

/** The kubeconfig itself may say how to install its command (`installHint`). */
function missingCommand(config: KubeConfig, cause: unknown): LoginError {
  const { command = '', installHint = '' } = execOf.safeParse(config.getCurrentUser()?.exec).data ?? {};
  const remedy = installHint.trim().replace(/\.$/, '') || 'Install it in an earlier step of the job';
  return new LoginError(`its login command ${command} (exec) is not installed on the runner`, {
    cause,
    remedy,
  });
}

/** The way to one API server: address, credentials and connections, shared by all who talk to it. */
export class Connection {
  readonly name: ClusterName;
  readonly #config: KubeConfig;
  readonly #limits: typeof API;
  #access: Promise<Access> | undefined;
  /** Every access there was: calls may still be under way over an earlier one. */
  readonly #opened: Access[] = [];
  #calls = 0;
  #writes = 0;

  /** @param config its contexts include `name` */
  constructor(name: ClusterName, config: KubeConfig, limits = API) {
    this.name = name;
    this.#limits = limits;
    this.#config = config;
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
    const { status, text, retryAfterMs } = answer;
    const body = parseJson(text);
    if (status >= 400 || body === undefined) {
      const message = text.trim().slice(0, 300);
      throw new ClusterError(this.name, call.tried, {
        status,
        body: isStatus(body) ? body : { message },
        retryAfterMs,
      });
    }
    return body as T;
  }

  async #request(call: Call, stop: AbortSignal): Promise<Answer> {
    this.#calls += 1;
    if (isWrite(call)) this.#writes += 1;
    const access = (this.#access ??= this.#open());
    const silence = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    try {
      const { server, headers, dispatcher } = await pTimeout(access, {
        milliseconds: API.loginMs,
        message: new LoginError(`its login did not end within ${String(API.loginMs / 1000)} s`),
        signal: stop,
      });
      const admitted = isAdmitted(call);
      const { writeMs, readMs, readSilenceMs } = this.#limits;
      const patience = admitted ? writeMs : readSilenceMs;
      timer = setTimeout(() => {
        silence.abort(new Error(`no answer within ${String(patience / 1000)} s`));
      }, patience);
      const limit = AbortSignal.timeout(admitted ? writeMs : readMs);
      const signal = AbortSignal.any([stop, silence.signal, limit]);
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
      const retryAfterMs = 1000 * Number(response.headers.get('retry-after') ?? 0) || 0;
      return { status: response.status, text: await response.text(), retryAfterMs };
    } catch (cause) {
      stop.throwIfAborted();
      throw new ClusterError(this.name, call.tried, { cause });
    } finally {
      clearTimeout(timer);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#opened.map(({ dispatcher }) => dispatcher.destroy()));
  }

  #open(): Promise<Access> {
    // The library keeps what a login gave, even where that is not accepted any more; a config of its own knows of none.
    const config = new KubeConfig();
    config.loadFromOptions({
      clusters: this.#config.getClusters(),
      users: this.#config.getUsers(),
      contexts: this.#config.getContexts(),
      currentContext: this.name,
    });
    const access = accessOf(config);
    access.then(
      (opened) => this.#opened.push(opened),
      // A login that failed is tried again by the next call.
      () => {
        this.#forget(access);
      },
    );
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
