import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from './error-message.ts';

interface UntilOptions {
  readonly seconds: number;
  /** How often it is looked at; 50 ms unless told. */
  readonly everyMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Waits for a condition by looking at it again and again. A look that throws counts as a no; its error ends up as the cause.
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
      if (await look()) return;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > deadline) {
      const reason = cause === undefined ? '' : ` (last: ${messageOf(cause)})`;
      throw new Error(`Waited ${String(seconds)} s for ${what}, in vain${reason}`, { cause });
    }
    await sleep(everyMs, undefined, signal === undefined ? {} : { signal });
  }
}
