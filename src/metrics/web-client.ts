import { Agent, fetch } from 'undici';
import { METRICS } from '../core/deadlines.ts';
import { proxyFor } from '../core/proxy.ts';
import { tunnelConnector } from '../core/tunnel.ts';
import { readAnswer } from '../kubernetes/client/answer.ts';
import type { ServerAnswer } from './server-answer.ts';

interface WebRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent by POST, as a form; undefined: a GET. */
  readonly form: Readonly<Record<string, string>> | undefined;
}

/** Asks servers of metrics, through the proxies of the environment. A connection is used again for the next poll. */
export class WebClient {
  readonly #agents = new Map<string, Agent>();

  /** @throws the reason why no answer came; the signal's reason once it is aborted */
  async ask({ url, headers, form }: WebRequest, stop: AbortSignal): Promise<ServerAnswer> {
    const limit = AbortSignal.timeout(METRICS.queryMs);
    const response = await fetch(url, {
      method: form === undefined ? 'GET' : 'POST',
      headers: {
        accept: 'application/json',
        ...headers,
        ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      },
      ...(form === undefined ? {} : { body: new URLSearchParams(form).toString() }),
      dispatcher: this.#agent(new URL(url)),
      signal: AbortSignal.any([stop, limit]),
      // Followed, it would take the credentials to any address.
      redirect: 'manual',
    });
    return readAnswer(response);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#agents.values()].map((agent) => agent.destroy()));
  }

  #agent(url: URL): Agent {
    const known = this.#agents.get(url.origin);
    if (known !== undefined) return known;
    const proxy = proxyFor(url);
    const timeoutMs = METRICS.connectMs;
    const agent = new Agent({
      allowH2: false,
      // The next poll comes later than many servers close an idle connection.
      keepAliveTimeout: METRICS.idleMs,
      keepAliveMaxTimeout: METRICS.idleMs,
      connect: proxy === undefined ? { timeout: timeoutMs } : tunnelConnector(proxy, { timeoutMs }),
    });
    this.#agents.set(url.origin, agent);
    return agent;
  }
}
