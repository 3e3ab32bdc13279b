import pRetry from 'p-retry';
import type { Clock } from '../../core/clock.ts';
import { API } from '../../core/deadlines.ts';
import type { Availability } from './availability.ts';
import type { Call, Transport } from './connection.ts';
import { ClusterError } from './errors.ts';

/**
 * One call, repeated if that is safe: a read after a transient failure, any call after "too many requests", and any call that a server
 * refuses which has just started.
 */
export async function callWithRetries<T>(
  transport: Transport,
  call: Call,
  { signal, clock, availability }: RetryOptions,
): Promise<T> {
  const attempted = async (): Promise<T> => {
    try {
      const answer = await transport.send<T>(call, signal);
      availability.noteSuccess(call);
      return answer;
    } catch (error) {
      availability.noteFailure(error, clock.now());
      throw error;
    }
  };
  return pRetry(attempted, {
    retries: availability.retries,
    maxRetryTime: API.retryMs,
    minTimeout: 200,
    maxTimeout: 1_600,
    randomize: true,
    signal,
    onFailedAttempt: async ({ error, retriesLeft }) => {
      if (!(error instanceof ClusterError && error.retryAfterMs > 0 && retriesLeft > 0)) return;
      await clock.sleep(Math.min(error.retryAfterMs, API.longestRetryAfterMs), signal);
    },
    shouldRetry: ({ error, attemptNumber }) =>
      availability.isWorthRepeating(error, call, attemptNumber, clock.now()),
  });
}

export interface RetryOptions {
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly availability: Availability;
}
