import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { LoadAnswer, LoadRequest } from './load-process.ts';

/** What a continuous load of user requests saw, from start to end. */
export interface LoadReport {
  readonly sent: number;
  readonly failed: number;
  /** `Date.now()` when the first request was sent; `atMs` counts from here. */
  readonly startedAt: number;
  /** The first failures, for the message of a failing test. */
  readonly failures: readonly { url: string; atMs: number; what: string }[];
}

export interface Load {
  /** Stops sending, waits for pending requests, and returns the counts. Further calls return the same. */
  stop(): Promise<LoadReport>;
}

export interface LoadOptions {
  /** Requests per second and URL; 100 by default. */
  readonly rps?: number;
  /** Value of the Host header, if it differs from the URL. */
  readonly host?: string;
  /** How many failures are listed; 20 by default. */
  readonly mostFailures?: number;
  /** Whether every URL is served from the beginning: then a 404 or a refused connection counts as failed too. False by default. */
  readonly served?: boolean;
  /** After how many seconds without an answer a request counts as failed; 10 by default. */
  readonly patience?: number;
  /** A version that is meant to answer 500: such an answer does not count as failed, but a gateway's (502 to 504) does. */
  readonly faulty?: boolean;
}

/**
 * Sends requests to every URL at a steady rate, from its own process, until it is stopped. Every answer but a 200 counts as failed, and so
 * does every transport error. Before the first 200 of a URL, a 404 or a refused or reset connection only means that there is no route yet.
 * @returns once requests are sent to every URL
 */
export async function startLoad(urls: readonly string[], options: LoadOptions = {}): Promise<Load> {
  const users = new Users();
  await users.send(urls, options);
  let report: Promise<LoadReport> | undefined;
  const stop = async (): Promise<LoadReport> => {
    const last = await users.stop();
    users.leave();
    return last;
  };
  return { stop: () => (report ??= stop()) };
}

/** The process that sends loads, one after the other. */
export class Users {
  readonly #child = fork(join(import.meta.dirname, 'load-process.ts'), {
    execPath: process.execPath,
    execArgv: [],
  });

  /** Begins a load; see `startLoad`. @returns once requests are sent to every URL */
  async send(urls: readonly string[], options: LoadOptions = {}): Promise<void> {
    const { rps = 100, host, faulty = false, served = false, patience = 10, mostFailures = 20 } = options;
    const request: LoadRequest = { urls, rps, host, faulty, served, patience, mostFailures };
    const next = nextAnswer(this.#child);
    this.#child.send(request);
    await next;
  }

  /** Ends the load, waits for pending requests, and returns the counts. */
  async stop(): Promise<LoadReport> {
    const last = nextAnswer(this.#child);
    this.#child.send('stop');
    const answer = await last;
    if (answer === 'sending') throw new Error('The load process started twice.');
    return answer;
  }

  /** Ends the process. */
  leave(): void {
    this.#child.disconnect();
  }
}

async function nextAnswer(child: ReturnType<typeof fork>): Promise<LoadAnswer> {
  const settled = new AbortController();
  const { signal } = settled;
  const exit = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`The load process ended unexpectedly (exit code ${String(code)}); its output says why.`);
  });
  try {
    const message = once(child, 'message', { signal }) as Promise<[LoadAnswer]>;
    const [answer] = await Promise.race([message, exit]);
    return answer;
  } finally {
    exit.catch(() => undefined);
    settled.abort();
  }
}
