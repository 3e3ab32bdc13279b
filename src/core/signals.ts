import type { Deadline } from './deadlines.ts';
import { CanaryError, messageOf } from './errors.ts';

/** A signal that ends a while after another one: work that was begun before a cancellation may still finish. */
export function graceAfter(signal: AbortSignal, ms: number): AbortSignal {
  const grace = new AbortController();
  const start = (): void => {
    setTimeout(() => {
      const why = messageOf(signal.reason);
      grace.abort(new CanaryError(`not done within ${inSeconds(ms)} after the run was stopped: ${why}`));
    }, ms).unref();
  };
  if (signal.aborted) start();
  else signal.addEventListener('abort', start, { once: true });
  return grace.signal;
}

/** A signal that ends after a time with a reason that can be shown; that of `AbortSignal.timeout` names nothing. */
export function endAfter(ms: number, what: string): AbortSignal {
  const end = new AbortController();
  setTimeout(() => {
    end.abort(new CanaryError(`${what} took longer than ${inSeconds(ms)}`));
  }, ms).unref();
  return end.signal;
}

/**
 * The signal of a step that outlives a cancellation: it has its usual time, and less once the run is cancelled.
 *
 * @param what the step, as the subject of a sentence: `Releasing the lock`
 */
export function endBy(signal: AbortSignal, { usualMs, cancelledMs }: Deadline, what: string): AbortSignal {
  return AbortSignal.any([endAfter(usualMs, what), graceAfter(signal, cancelledMs)]);
}

/**
 * What a promise gives, or at once the signal's reason when it is aborted: for work that many wait for, and that goes on for the others.
 */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const stop = (): void => {
    reject(signal.reason as Error);
  };
  signal.throwIfAborted();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function inSeconds(ms: number): string {
  return `${String(ms / 1000)} s`;
}
