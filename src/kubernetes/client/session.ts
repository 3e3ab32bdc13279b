import type { KubeConfig } from '@kubernetes/client-node';
import pTimeout from 'p-timeout';
import { buildConnector } from 'undici';
import type { Dispatcher, Agent } from 'undici';
import { API, LOGIN } from '../../core/deadlines.ts';
import { CanaryError } from '../../core/errors.ts';
import type { ClusterName } from '../../core/names.ts';
import { tunnelConnector } from '../../core/tunnel.ts';
import { Turns } from '../../core/turns.ts';
import { LoginError } from './errors.ts';
import { resetUnsentRequests } from './http2-resets.ts';
import { impersonatingAgent } from './impersonating-agent.ts';
import type { ImpersonationHeaders } from './impersonation.ts';
import { logIn } from './login.ts';
import type { Login } from './login.ts';
import { proxyTo } from './route.ts';

/** What it takes to call an API server. */
export interface Access {
  readonly server: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The dispatcher adds these itself. */
  readonly impersonation: ImpersonationHeaders;
  readonly dispatcher: Dispatcher;
  /** Opens a connection for HTTP/1.1, which alone can be upgraded. */
  readonly connect: buildConnector.connector;
}

/** The way to a server for one client certificate. */
type Way = Pick<Access, 'dispatcher' | 'connect'>;

/** A login that may still be under way, for all calls that wait for it. */
interface Attempt {
  readonly access: Promise<Access>;
  readonly end: AbortController;
  waiting: number;
  done: boolean;
  /** In ms since 1970; undefined until it is known. */
  expiresAt: number | undefined;
}

/** Ways are opened, a few in a turn: each has a TLS context, which takes milliseconds. */
const openings = new Turns(8);

/** The login to the server of one context: shared by all calls, and renewed when it has expired or is rejected. */
export class Session {
  readonly #config: KubeConfig;
  readonly #context: ClusterName;
  readonly #limitMs: number;
  readonly #now: () => number;
  #attempt: Attempt | undefined;
  /** By client certificate: a renewed token goes over the connections that exist. */
  readonly #ways = new Map<string, Way>();

  /** @param now in ms since 1970 */
  constructor(config: KubeConfig, context: ClusterName, limitMs: number, now: () => number) {
    this.#config = config;
    this.#context = context;
    this.#limitMs = limitMs;
    this.#now = now;
  }

  /**
   * A login under way ends once no call waits for it any more.
   *
   * @throws LoginError; the signal's reason
   */
  async access(stop: AbortSignal): Promise<Access> {
    stop.throwIfAborted();
    if ((this.#attempt?.expiresAt ?? Infinity) <= this.#now()) this.#attempt = undefined;
    const attempt = (this.#attempt ??= this.#begin());
    attempt.waiting += 1;
    try {
      return await pTimeout(attempt.access, { milliseconds: Infinity, signal: stop });
    } finally {
      attempt.waiting -= 1;
      if (attempt.waiting === 0 && !attempt.done) this.#cancel(attempt);
    }
  }

  /** The server has rejected these credentials: the next call logs in again, unless another call already has. */
  reject(access: Access): void {
    const attempt = this.#attempt;
    if (attempt === undefined) return;
    void attempt.access.then(
      (current) => {
        if (current === access) this.#drop(attempt);
      },
      () => undefined,
    );
  }

  async close(): Promise<void> {
    if (this.#attempt?.done === false) this.#cancel(this.#attempt);
    await Promise.all([...this.#ways.values()].map(({ dispatcher }) => dispatcher.destroy()));
  }

  #begin(): Attempt {
    const end = new AbortController();
    const login = pTimeout(logIn(this.#config, this.#context, this.#limitMs, end.signal, this.#now()), {
      // A login command has a limit of its own, and says more.
      milliseconds: this.#limitMs + LOGIN.endMs,
      message: new LoginError(`its login did not finish within ${String(this.#limitMs / 1000)} s`),
    });
    const access = login.then(async (found) => {
      await openings.next(this);
      return this.#use(found);
    });
    const attempt: Attempt = { access, end, waiting: 0, done: false, expiresAt: undefined };
    Promise.all([login, access]).then(
      ([{ expiresAt }]) => {
        attempt.done = true;
        // A clock that is ahead would have every call log in again: then the server decides.
        attempt.expiresAt = (expiresAt ?? 0) > this.#now() ? expiresAt : undefined;
      },
      () => {
        attempt.done = true;
        // The next call tries a failed login again.
        this.#drop(attempt);
      },
    );
    return attempt;
  }

  #use(login: Login): Access {
    const server = login.cluster.server.replace(/\/$/, '');
    const { headers, impersonation } = login;
    return { server, headers, impersonation, ...this.#wayOf(login) };
  }

  #wayOf(login: Login): Way {
    const key = `${login.certificate ?? ''}\n${login.key ?? ''}`;
    const way = this.#ways.get(key) ?? openWay(login);
    this.#ways.set(key, way);
    return way;
  }

  #cancel(attempt: Attempt): void {
    this.#drop(attempt);
    attempt.end.abort(new LoginError('its login was cancelled'));
  }

  #drop(attempt: Attempt): void {
    if (this.#attempt === attempt) this.#attempt = undefined;
  }
}

/** As client-go: less than the idle time after which load balancers of clouds drop a connection. */
const KEEP_ALIVE_MS = 30_000;

function openWay({ cluster, authority, certificate, key, impersonation }: Login): Way {
  const tls = {
    // Said either way, so that NODE_TLS_REJECT_UNAUTHORIZED does not decide.
    rejectUnauthorized: !cluster.skipTLSVerify,
    ...(authority === undefined ? {} : { ca: authority }),
    ...(certificate === undefined ? {} : { cert: certificate }),
    ...(key === undefined ? {} : { key }),
    ...(cluster.tlsServerName === undefined ? {} : { servername: cluster.tlsServerName }),
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
  };
  const proxy = proxyOf(cluster);
  const timeoutMs = API.connectMs;
  const agent = (options: Agent.Options): Dispatcher => impersonatingAgent(options, impersonation);
  if (proxy === undefined) {
    resetUnsentRequests();
    const connect = buildConnector({ ...tls, allowH2: false, timeout: timeoutMs });
    return { dispatcher: agent({ connect: { ...tls, timeout: timeoutMs } }), connect };
  }
  const connect = tunnelConnector(proxy, { timeoutMs, tls });
  return { dispatcher: agent({ allowH2: false, connect }), connect };
}

function proxyOf(cluster: Login['cluster']): ReturnType<typeof proxyTo> {
  try {
    return proxyTo(cluster);
  } catch (error) {
    if (!(error instanceof CanaryError)) throw error;
    throw new LoginError(error.message.replace(/\.$/, ''), { remedy: 'Correct it' });
  }
}
