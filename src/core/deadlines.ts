import { CanaryError } from './errors.ts';

/** A signal that ends a while after another does: what was begun before a cancellation is brought to its end. */
export function graceAfter(signal: AbortSignal, ms: number): AbortSignal {
  const grace = new AbortController();
  const start = (): void => {
    setTimeout(() => {
      grace.abort(new CanaryError(`not done ${String(ms / 1000)} s after the run was cancelled`));
    }, ms).unref();
  };
  if (signal.aborted) start();
  else signal.addEventListener('abort', start, { once: true });
  return grace.signal;
}

/** A signal that ends after a time, for a reason that can be shown: that of `AbortSignal.timeout` names nothing. */
export function endAfter(ms: number, what: string): AbortSignal {
  const end = new AbortController();
  setTimeout(() => {
    end.abort(new CanaryError(`${what} did not end within ${String(ms / 1000)} s`));
  }, ms).unref();
  return end.signal;
}
