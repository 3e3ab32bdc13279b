import { Duplex } from 'node:stream';
import type { KubeConfig } from '@kubernetes/client-node';
import { formatBytes } from '../../core/bytes.ts';
import { API } from '../../core/deadlines.ts';
import type { ClusterName } from '../../core/names.ts';
import { ANSWER_LIMIT, readAnswer, statusOf } from './answer.ts';
import type { Answer } from './answer.ts';
import { AnswerTooLong, ClusterError } from './errors.ts';
import { plainResponse } from './plain-response.ts';
import { Session } from './session.ts';
import { openUpgraded } from './upgrade.ts';
import { theInput } from '../../core/wording.ts';

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly contentType?: string;
  /** Headers beside those of the login. */
  readonly headers?: Readonly<Record<string, string>>;
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
  /**
   * One request whose answer is not that of the API server, such as one that it passes on to a pod: any status is an answer.
   *
   * @throws as `send`, but for a refusal
   */
  ask(call: Call, stop: AbortSignal): Promise<Answer>;
  /**
   * A connection over which SPDY/3.1 is spoken with the kubelet of a pod.
   *
   * @param path of the subresource of the pod
   * @throws ClusterError if the cluster refuses or does not respond; the signal's reason once it is aborted
   */
  upgrade(call: Pick<Call, 'path' | 'tried'>, stop: AbortSignal): Promise<Duplex>;
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

/** Address, credentials and connections of one API server, shared by all views of the cluster. */
export class Connection implements Transport {
  readonly name: ClusterName;
  readonly #limits: typeof API;
  readonly #session: Session;
  #calls = 0;
  #writes = 0;

  /** @param config its contexts include `name` */
  constructor(name: ClusterName, config: KubeConfig, limits = API) {
    this.name = name;
    this.#limits = limits;
    this.#session = new Session(config, name, limits.loginMs, () => Date.now());
  }

  get calls(): CallCount {
    return { calls: this.#calls, writes: this.#writes };
  }

  async ask(call: Call, stop: AbortSignal): Promise<Answer> {
    const answer = await this.#request(call, stop);
    // Credentials may expire during a long release. A rejected call has changed nothing, so any call can be repeated.
    return answer.status === 401 ? this.#request(call, stop) : answer;
  }

  async send<T>(call: Call, stop: AbortSignal): Promise<T> {
    const answer = await this.ask(call, stop);
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
    const silence = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    try {
      const access = await this.#session.access(stop);
      const { server, headers, dispatcher } = access;
      const admitted = isAdmitted(call);
      const { writeMs, readMs, readSilenceMs } = this.#limits;
      const patience = admitted ? writeMs : readSilenceMs;
      timer = setTimeout(() => {
        silence.abort(new Error(`no response within ${String(patience / 1000)} s`));
      }, patience);
      const limit = AbortSignal.timeout(admitted ? writeMs : readMs);
      const signal = AbortSignal.any([stop, silence.signal, limit]);
      const query = call.query === undefined ? '' : `?${new URLSearchParams(call.query).toString()}`;
      const url = new URL(`${server}${call.path}${query}`);
      // Not `fetch`: it takes twice the processor time, and follows redirects, to any address with body and client certificate.
      const response = await dispatcher.request({
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method: call.method,
        headers: {
          ...call.headers,
          ...headers,
          accept: 'application/json',
          'accept-encoding': 'gzip',
          'content-type': call.contentType ?? 'application/json',
        },
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
        signal,
      });
      clearTimeout(timer);
      if (response.statusCode === 401) this.#session.reject(access);
      return await readAnswer(plainResponse(response, url));
    } catch (cause) {
      stop.throwIfAborted();
      throw new ClusterError(this.name, call.tried, { cause });
    } finally {
      clearTimeout(timer);
    }
  }

  async upgrade(call: Pick<Call, 'path' | 'tried'>, stop: AbortSignal): Promise<Duplex> {
    let opened = await this.#upgrade(call, stop);
    if (opened instanceof ClusterError && opened.status === 401) opened = await this.#upgrade(call, stop);
    if (opened instanceof ClusterError) throw opened;
    return opened;
  }

  async #upgrade(
    { path, tried }: Pick<Call, 'path' | 'tried'>,
    stop: AbortSignal,
  ): Promise<Duplex | ClusterError> {
    this.#calls += 1;
    try {
      const access = await this.#session.access(stop);
      const opened = await openUpgraded(access, path, stop);
      if (opened instanceof Duplex) return opened;
      const { status, body } = opened;
      if (status === 401) this.#session.reject(access);
      // The server names one of the two, and which one depends on its version.
      const both = status === 403 ? '; it takes the verbs get and create on pods/portforward' : '';
      return new ClusterError(this.name, tried, {
        status,
        body: { ...body, message: `${body.message ?? ''}${both}` },
      });
    } catch (cause) {
      stop.throwIfAborted();
      return new ClusterError(this.name, tried, { cause });
    }
  }

  async close(): Promise<void> {
    await this.#session.close();
  }
}

/** Why an answer is not the success that a call asked for; undefined if it is. */
function problemOf(answer: Answer, call: Call): string | undefined {
  const { status, body, problem, redirect } = answer;
  if (redirect !== undefined)
    return `the server redirects to ${redirect}, which is not followed: the credentials are for the server of this context. Enter the address of the API server itself in ${theInput('kubeconfig')}`;
  switch (problem) {
    case 'too long':
      return `the response is longer than ${formatBytes(ANSWER_LIMIT)}`;
    case 'too deep':
      return 'the response is nested too deeply';
    case undefined:
      if (status >= 400 || body === undefined) return answer.quote;
      return call.check(body);
  }
}
