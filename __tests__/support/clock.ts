import type { Clock } from '../../src/core/clock.ts';

/** A clock whose sleeps end at once: the time they would have taken has passed then. */
export function skippingClock(): Clock {
  let now = 0;
  return {
    now: () => now,
    async sleep(ms, signal) {
      // As after a real wait, other work gets its turn.
      await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
      now += ms;
    },
  };
}
