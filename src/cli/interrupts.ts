import { SIGNAL_EXIT } from './exit-codes.ts';
import type { EndingSignal } from './exit-codes.ts';

/** A second SIGINT within this time is the first: a terminal sends it to npx and to this process, and npx passes it on. */
const SAME_MS = 1_000;

/** What people see when they stop a job. */
interface Reactions {
  /** The job cleans up. */
  readonly onFirst: (signal: EndingSignal) => void;
  /** Before the process ends at once. */
  readonly onSecond: () => void;
}

/**
 * Listens for what ends a job. The first signal leaves it to the job to clean up, or ends the process if nothing is going on that has to
 * be; another Ctrl-C ends the process at once.
 *
 * @returns the first signal so far
 */
export function watchInterrupts({ onFirst, onSecond }: Reactions): () => EndingSignal | undefined {
  let first: EndingSignal | undefined;
  let at = 0;
  const react = (signal: EndingSignal): void => {
    if (first === undefined) {
      first = signal;
      at = performance.now();
      // The other listener is that of the work under way.
      if (process.listenerCount(signal) > 1) onFirst(signal);
      else process.exit(SIGNAL_EXIT[signal]);
      return;
    }
    if (signal !== 'SIGINT' || performance.now() - at < SAME_MS) return;
    onSecond();
    process.exit(SIGNAL_EXIT.SIGINT);
  };
  process.on('SIGINT', react).on('SIGTERM', react).on('SIGHUP', react);
  return () => first;
}
