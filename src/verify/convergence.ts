import type { ConvergencePoint } from './evidence.ts';

/** A point is kept whenever the samples have grown by this factor, so points are dense while the shares still move. */
const GROWTH = 1.05;

/** The counts at growing numbers of samples: enough to draw how the shares converged, however many samples there are. */
export class Convergence {
  readonly #points: ConvergencePoint[] = [];
  #next = 1;

  /** @param counts samples by version after one more sample; called for each of them, in order */
  add(samples: number, counts: Iterable<number>): void {
    if (samples < this.#next) return;
    this.#points.push({ samples, counts: [...counts] });
    this.#next = Math.max(samples + 1, Math.ceil(samples * GROWTH));
  }

  /** The points kept, followed by the present counts. */
  upTo(samples: number, counts: Iterable<number>): readonly ConvergencePoint[] {
    const last = this.#points.at(-1);
    if (samples === 0 || last?.samples === samples) return [...this.#points];
    return [...this.#points, { samples, counts: [...counts] }];
  }
}
