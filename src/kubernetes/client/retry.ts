import pRetry from 'p-retry';
import type { Clock } from '../../core/clock.ts';
import { API } from '../../core/deadlines.ts';
import { isWrite } from './connection.ts';
import type { Call, Transport } from './connection.ts';
import { ClusterError, LoginError } from './errors.ts';

const RETRIES = 3;

/** One call, repeated if that is safe: a read after a transient failure, any call after "too many requests". */
export async function callWithRetries<T>(
  transport: Transport,
  call: Call,
  signal: AbortSignal,
  { sleep }: Clock,
): Promise<T> {
  return pRetry(() => transport.send<T>(call, signal), {
    retries: RETRIES,
    maxRetryTime: API.retryMs,
    minTimeout: 200,
    randomize: true,
    signal,
    onFailedAttempt: async ({ error, retriesLeft }) => {
      if (!(error instanceof ClusterError && error.retryAfterMs > 0 && retriesLeft > 0)) return;
      await sleep(Math.min(error.retryAfterMs, API.longestRetryAfterMs), signal);
    },
    shouldRetry: ({ error }) => error instanceof ClusterError && isTransient(error, call),
  });
}

function isTransient({ status, cause }: ClusterError, call: Call): boolean {
  if (cause instanceof LoginError) return false;
  return status === 429 || (!isWrite(call) && (status === undefined || status >= 500));
}
