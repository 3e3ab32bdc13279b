import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { LoadAnswer, LoadRequest } from './load-process.ts';

/** What a user's continuous load saw, from its start to its end. */
export interface LoadReport {
  readonly sent: number;
  readonly failed: number;
  /** The first failures, for the message of a failing test. */
  readonly failures: readonly { url: string; atMs: number; what: string }[];
}

export interface Load {
  /** Stops sending, waits for what is under way, and tells the counts. Called again, it tells the same. */
  stop(): Promise<LoadReport>;
}

export interface LoadOptions {
  /** Requests per second and URL; 100 unless told. */
  readonly rps?: number;
  /** Value of the Host header, where it is not the URL's own. */
  readonly host?: string;
  /** A version answers 500 itself, as it was made to: that is no failed request. What a gateway answers (502 to 504) still is. */
  readonly faulty?: boolean;
}

/**
 * Sends requests to every URL at a steady rate, from a process of its own, until it is stopped. Every answer but a 200 is failed, and so is
 * every error of the transport. Until the first 200 of a URL, a 404 and a refused or reset connection only mean that the route is yet to come.
 * @returns once requests are being sent to every URL
 */
export async function startLoad(urls: readonly string[], options: LoadOptions = {}): Promise<Load> {
  const { rps = 100, host, faulty = false } = options;
  const child = fork(join(import.meta.dirname, 'load-process.ts'), {
    execPath: process.execPath,
    execArgv: [],
  });
  const request: LoadRequest = { urls, rps, host, faulty };
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
