import { INGRESS } from '../core/deadlines.ts';
import type { Sample } from './attribution.ts';

/**
 * Releases samples in the order in which their requests were sent. In the order of their responses, the first ones would all be
 * of the faster version, and look like a drift.
 */
export class ReorderBuffer {
  readonly #now: () => number;
  /** When each request that has not released its sample was sent, by its number. */
  readonly #sent = new Map<number, number>();
  /** Samples whose requests ended before an earlier one did, by their number. */
  readonly #waiting = new Map<number, Sample>();
  #begun = 0;
  #next = 0;

  /** @param now in milliseconds, of any clock that does not run backwards */
  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * A request is sent.
   *
   * @returns its number, which `end` takes
   */
  begin(): number {
    const index = this.#begun;
    this.#begun += 1;
    this.#sent.set(index, this.#now());
    return index;
  }

  /** A request has ended: releases its sample and those behind it, unless an earlier request is still open. */
  end(index: number, sample: Sample, release: (sample: Sample) => void): void {
    this.#waiting.set(index, sample);
    for (let next = this.#waiting.get(this.#next); next !== undefined; next = this.#waiting.get(this.#next)) {
      this.#waiting.delete(this.#next);
      this.#sent.delete(this.#next);
      this.#next += 1;
      release(next);
    }
  }

  /** The samples that still wait for an earlier request, in order. */
  get held(): readonly Sample[] {
    return [...this.#waiting].toSorted(([a], [b]) => a - b).map(([, sample]) => sample);
  }

  /** How many requests have been open for longer than one is usually in flight. */
  get unanswered(): number {
    const now = this.#now();
    return [...this.#sent].filter(
      ([index, sentAt]) => !this.#waiting.has(index) && now - sentAt >= INGRESS.underWayMs,
    ).length;
  }
}
