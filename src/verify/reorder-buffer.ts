import type { Sample } from './attribution.ts';
import { INGRESS } from '../core/deadlines.ts';

/**
 * Puts samples back into the order in which their requests were sent: in the order of their answers, the first ones would all
 * be of the quicker version, and look like a drift.
 */
export class ReorderBuffer {
  readonly #sent: number[] = [];
  /** Samples that ended before one that was sent earlier. */
  readonly #waiting = new Map<number, Sample>();
  #next = 0;

  /**
   * A request is sent.
   *
   * @returns its number, by which it ends
   */
  begin(): number {
    return this.#sent.push(performance.now()) - 1;
  }

  /** A request has ended: hands on its sample, and those that waited for it, unless an earlier request is still open. */
  end(index: number, sample: Sample, handOn: (sample: Sample) => void): void {
    this.#waiting.set(index, sample);
    for (let next = this.#waiting.get(this.#next); next !== undefined; next = this.#waiting.get(this.#next)) {
      this.#waiting.delete(this.#next);
      this.#next += 1;
      handOn(next);
    }
  }

  /** The samples that still wait for an earlier request, in order. */
  get held(): readonly Sample[] {
    return [...this.#waiting].toSorted(([a], [b]) => a - b).map(([, sample]) => sample);
  }

  /** How many requests have been without an answer for longer than one is usually under way. */
  get unanswered(): number {
    const now = performance.now();
    return this.#sent.filter(
      (sentAt, index) =>
        index >= this.#next && !this.#waiting.has(index) && now - sentAt >= INGRESS.underWayMs,
    ).length;
  }
}
