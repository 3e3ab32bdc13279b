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
  /** A version that is meant to answer 500: such an answer does not count as failed, but a gateway's (502 to 504) does. */
  readonly faulty?: boolean;
}

/**
 * Sends requests to every URL at a steady rate, from its own process, until it is stopped. Every answer but a 200 counts as failed, and so
 * does every transport error. Before the first 200 of a URL, a 404 or a refused or reset connection only means that there is no route yet.
 * @returns once requests are sent to every URL
 */
export async function startLoad(urls: readonly string[], options: LoadOptions = {}): Promise<Load> {
  const { rps = 100, host, faulty = false, mostFailures = 20 } = options;
  const child = fork(join(import.meta.dirname, 'load-process.ts'), {
    execPath: process.execPath,
    execArgv: [],
  });
  const request: LoadRequest = { urls, rps, host, faulty, mostFailures };
  const next = nextAnswer(child);
  child.send(request);
  await next;
  let report: Promise<LoadReport> | undefined;
  const stop = async () => {
    const last = nextAnswer(child);
    child.send('stop');
    const answer = await last;
    child.disconnect();
    if (answer === 'sending') throw new Error('The load process started twice.');
    return answer;
  };
  return { stop: () => (report ??= stop()) };
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
