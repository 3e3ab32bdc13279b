import { setTimeout as sleep } from 'node:timers/promises';
import pTimeout from 'p-timeout';
import { messageOf } from './error-message.ts';

interface UntilOptions {
  readonly seconds: number;
  /** The time between two checks; 50 ms by default. */
  readonly everyMs?: number;
  readonly signal?: AbortSignal;
}

/** A server that accepts a request and never answers must not use up all the time: the next check may succeed. */
const LOOK_MS = 10_000;

/**
 * Waits for a condition by checking it repeatedly. A check that throws, or that takes longer than 10 s, counts as false; its
 * error becomes the cause.
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
