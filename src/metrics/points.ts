import type { MetricPoint } from './metric-evidence.ts';

const MOST = 200;

/** Keeps enough points to draw a line, however many there are: every one, then every second one, and so on. */
export class Points {
  #kept: MetricPoint[] = [];
  #every = 1;
  #seen = 0;
  #last: MetricPoint | undefined;

  add(point: MetricPoint): void {
    this.#last = point;
    if (this.#seen % this.#every === 0) this.#kept.push(point);
    this.#seen += 1;
    if (this.#kept.length < MOST) return;
    this.#kept = this.#kept.filter((_, i) => i % 2 === 0);
    this.#every *= 2;
  }

  /** The points kept, and the last one. */
  get all(): readonly MetricPoint[] {
    const last = this.#last;
    return last === undefined || this.#kept.at(-1) === last ? [...this.#kept] : [...this.#kept, last];
  }
}
