import { StatusError } from '../api/status.ts';
import type { Timers } from '../timers.ts';

/** The delay before a refused reconciliation is retried. */
const RETRY_MS = 100;

/**
 * The work queue of a controller: each key is worked on once, shortly after the last change that concerns it.
 * A reconciliation that meets a conflict or a refusal is retried later.
 */
export class WorkQueue {
  readonly #timers: Timers;
  readonly #delayMs: number;
  readonly #reconcile: (key: string) => void;
  readonly #pending = new Map<string, { readonly due: number; readonly cancel: () => void }>();

  constructor(timers: Timers, delayMs: number, reconcile: (key: string) => void) {
    this.#timers = timers;
    this.#delayMs = delayMs;
    this.#reconcile = reconcile;
  }

  /** Schedules work on a key after some milliseconds, unless it is due sooner. */
  add(key: string, delayMs = this.#delayMs): void {
    const due = performance.now() + delayMs;
    const pending = this.#pending.get(key);
    if (pending !== undefined && pending.due <= due) return;
    pending?.cancel();
    const cancel = this.#timers.after(delayMs, () => {
      this.#pending.delete(key);
      try {
        this.#reconcile(key);
      } catch (error) {
        if (!(error instanceof StatusError)) throw error;
        this.add(key, RETRY_MS);
      }
    });
    this.#pending.set(key, { due, cancel });
  }
}
