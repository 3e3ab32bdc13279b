import { setTimeout as sleep } from 'node:timers/promises';
import pTimeout from 'p-timeout';
import { messageOf } from './error-message.ts';

interface UntilOptions {
  readonly seconds: number;
  /** How often it is looked at; 50 ms unless told. */
  readonly everyMs?: number;
  readonly signal?: AbortSignal;
}

/** A server that has taken a request and never answers must not take up the whole time: the next look may find it well. */
const LOOK_MS = 10_000;

/**
 * Waits for a condition by looking at it again and again. A look that throws, or that takes longer than 10 s, counts as a no; its
 * error ends up as the cause.
 * @param what ends the sentence "Waited 30 s for …"
 */
export async function until(
  what: string,
  look: () => Promise<boolean> | boolean,
  options: UntilOptions,
): Promise<void> {
  const { seconds, everyMs = 50, signal } = options;
  const deadline = performance.now() + seconds * 1000;
  let cause: unknown;
  for (;;) {
    signal?.throwIfAborted();
    try {
      if (await pTimeout(Promise.resolve(look()), { milliseconds: LOOK_MS })) return;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > deadline) {
      const reason = cause === undefined ? '' : ` (last: ${messageOf(cause)})`;
      throw new Error(`Waited ${String(seconds)} s in vain for ${what}${reason}`, { cause });
    }
    await sleep(everyMs, undefined, signal === undefined ? {} : { signal });
  }
}
