import { HttpMethod, KubeConfig, RequestContext } from '@kubernetes/client-node';
import pTimeout from 'p-timeout';
import { Agent, fetch } from 'undici';
import type { Dispatcher } from 'undici';
import { z } from 'zod';
import { API } from '../../core/deadlines.ts';
import { messageOf } from '../../core/errors.ts';
import type { ClusterName } from '../../core/names.ts';
import { ANSWER_LIMIT, readAnswer, statusOf } from './answer.ts';
import type { Answer } from './answer.ts';
import { AnswerTooLong, ClusterError, LoginError } from './errors.ts';

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly contentType?: string;
  /** `Reading VirtualService gray-demo/helloworld`, for the message of a failure. */
  readonly tried: string;
  /** What is wrong with the JSON of a success, as `items is missing`; undefined if it is what the call asked for. */
  readonly check: (body: unknown) => string | undefined;
  /** A call that stores nothing, whatever its method. */
  readonly changesNothing?: boolean;
}

/** How many calls were made: in total, and those that request a change. */
export interface CallCount {
  readonly calls: number;
  readonly writes: number;
}

/** How the calls of a cluster reach its API server. */
export interface Transport {
  readonly name: ClusterName;
  /** The calls made so far. */
  readonly calls: CallCount;
  /**
   * One request. The caller names the type of the response, which the server's own schema guarantees.
   *
   * @throws ClusterError if the cluster refuses or does not respond; the signal's reason once it is aborted
   */
  send<T>(call: Call, stop: AbortSignal): Promise<T>;
  close(): Promise<void>;
}

/** Whether a call may change the cluster; any other call can be repeated safely. */
export function isWrite(call: Call): boolean {
  return isAdmitted(call) && call.query?.['dryRun'] === undefined;
}

/** Whether a call goes through admission, as writes and their dry runs do. */
function isAdmitted({ method, changesNothing = false }: Call): boolean {
  return method !== 'GET' && !changesNothing;
}

/** What it takes to reach an API server. */
interface Access {
  readonly server: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly dispatcher: Dispatcher;
}

/**
 * Address, credentials and connection pool of a context. Kept, since the library opens a new pool for each request.
 *
 * @throws LoginError; with its own message where the library's would quote a secret
 */
async function accessOf(config: KubeConfig): Promise<Access> {
  const server = (config.getCurrentCluster()?.server ?? '').replace(/\/$/, '');
  if (/\/\/[^/]*@/.test(server))
    throw new LoginError('its server URL contains a user, which belongs in an entry under users');
  const context = new RequestContext(server, HttpMethod.GET);
  await login(config, context);
  const headers = context.getHeaders();
  for (const [name, value] of Object.entries(headers)) {
    // Surrounding white space does no harm, such as the line break at the end of a token file.
    if (/[^\t\x20-\x7e\x80-\xff]/.test(value.trim()))
      throw new LoginError(
        `its credentials cannot be sent in the header ${name}: they contain a line break, or another character that HTTP does not allow`,
      );
  }
  return { server, headers, dispatcher: context.getDispatcher() ?? new Agent() };
}

async function login(config: KubeConfig, context: RequestContext): Promise<void> {
  try {
    await config.applySecurityAuthentication(context);
  } catch (error) {
    // The parser's message quotes what the command printed, which may be a token.
    if (spawnError.safeParse(error).success) throw missingCommand(config, error);
    if (error instanceof SyntaxError)
      throw new LoginError('its login command (exec) did not print the JSON of an ExecCredential');
    throw new LoginError(messageOf(error).trim(), { cause: error });
  }
}

const spawnError = z.object({ code: z.literal('ENOENT'), syscall: z.string().startsWith('spawn') });
const execOf = z.object({ command: z.string(), installHint: z.string().optional() });

/** The kubeconfig may say how to install the command (`installHint`). */
function missingCommand(config: KubeConfig, cause: unknown): LoginError {
  const { command = '', installHint = '' } = execOf.safeParse(config.getCurrentUser()?.exec).data ?? {};
  const remedy = installHint.trim().replace(/\.$/, '') || 'Install it in an earlier step of the job';
  return new LoginError(`its login command ${command} (exec) is not installed on the runner`, {
    cause,
    remedy,
  });
}

/** Address, credentials and connections of one API server, shared by all views of the cluster. */
export class Connection implements Transport {
  readonly name: ClusterName;
  readonly #config: KubeConfig;
  readonly #limits: typeof API;
  #access: Promise<Access> | undefined;
  /** All accesses so far: calls may still be in flight over an earlier one. */
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

  async send<T>(call: Call, stop: AbortSignal): Promise<T> {
    let answer = await this.#request(call, stop);
    // Credentials may expire during a long release. A rejected call has changed nothing, so any call can be repeated.
    if (answer.status === 401) answer = await this.#request(call, stop);
    const problem = problemOf(answer, call);
    if (problem === undefined) return answer.body as T;
    const { status, body, retryAfterMs } = answer;
    const Kind = answer.problem === 'too long' ? AnswerTooLong : ClusterError;
    const refusal = status >= 400 ? statusOf(body) : undefined;
    throw new Kind(this.name, call.tried, {
      status,
      body: refusal ?? { message: problem },
      retryAfterMs,
    });
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
        message: new LoginError(`its login did not finish within ${String(API.loginMs / 1000)} s`),
        signal: stop,
      });
      const admitted = isAdmitted(call);
      const { writeMs, readMs, readSilenceMs } = this.#limits;
      const patience = admitted ? writeMs : readSilenceMs;
      timer = setTimeout(() => {
        silence.abort(new Error(`no response within ${String(patience / 1000)} s`));
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
        // Followed, it would take body and client certificate to any address.
        redirect: 'manual',
      });
      clearTimeout(timer);
      if (response.status === 401) this.#forget(access);
      return await readAnswer(response);
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
    // The library keeps the credentials of a login even when they are no longer accepted; a new config has none.
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
      // The next call tries a failed login again.
      () => {
        this.#forget(access);
      },
    );
    return access;
  }

  /** Parallel calls may be rejected for the same credentials after one of them has renewed these. */
  #forget(access: Promise<Access>): void {
    if (this.#access === access) this.#access = undefined;
  }
}

/** Why an answer is not the success that a call asked for; undefined if it is. */
function problemOf({ status, body, quote, problem, redirect }: Answer, call: Call): string | undefined {
  if (redirect !== undefined)
    return `the server redirects to ${redirect}, which is not followed: the credentials are for the server of this context. Enter the address of the API server itself in the input kubeconfig`;
  switch (problem) {
    case 'too long':
      return `the response is longer than ${String(ANSWER_LIMIT / 1024 / 1024)} MiB`;
    case 'too deep':
      return 'the response is nested too deeply';
    case undefined:
      if (status >= 400 || body === undefined) return quote;
      return call.check(body);
  }
}
