import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';

/** The passing of time as an argument, so that a test need not wait. */
export interface Clock {
  /** Milliseconds since an arbitrary moment; never runs backwards. */
  readonly now: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** @throws the signal's reason once it is aborted */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => {
    signal.throwIfAborted();
  });
}

/** Between two pieces of long work: lets signals, timers and responses through. */
export async function nextTurn(): Promise<void> {
  await turn();
}

export const MONOTONIC_CLOCK: Clock = { now: () => performance.now(), sleep };
