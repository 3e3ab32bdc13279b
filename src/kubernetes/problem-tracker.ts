import type { Pod } from './objects.ts';
import { problemPrefix } from './pod-problems.ts';
import type { PodProblem } from './pod-problems.ts';
import { isReady } from './pods.ts';

/** Remembers when each problem was first seen, so that only one that lasts ends a wait. */
export class ProblemTracker {
  readonly #longestMs: number;
  readonly #now: () => number;
  /** When each problem was first seen, by its key. */
  readonly #since = new Map<string, number>();

  /**
   * @param timeoutMs of the whole wait; no problem may last for more than half of it
   * @param now in milliseconds, of any clock that does not run backwards
   */
  constructor(timeoutMs: number, now: () => number) {
    this.#longestMs = timeoutMs / 2;
    this.#now = now;
  }

  /**
   * How long a problem has lasted, in ms, if that is too long. A container that runs briefly between two crashes keeps its
   * first time.
   */
  exceeded({ key, limitMs }: PodProblem): number | undefined {
    if (limitMs === undefined) return undefined;
    const now = this.#now();
    const since = this.#since.get(key) ?? now;
    this.#since.set(key, since);
    return now - since >= Math.min(limitMs, this.#longestMs) ? now - since : undefined;
  }

  /** The problems of pods that have become ready start over if they return. */
  forgetReady(pods: readonly Pod[]): void {
    for (const prefix of pods.filter(isReady).map(problemPrefix)) {
      for (const key of this.#since.keys()) if (key.startsWith(prefix)) this.#since.delete(key);
    }
  }
}
