import type { Timers } from '../timers.ts';
import type { Counter, Labels } from './counters.ts';

/** One scraped value. */
export interface Point {
  /** Seconds since the epoch. */
  readonly at: number;
  readonly value: number;
}

export interface ScrapedSeries {
  readonly labels: Labels;
  readonly points: readonly Point[];
}

interface Kept extends ScrapedSeries {
  readonly points: Point[];
  /** No longer among the counters at the last scrape. */
  stale: boolean;
}

const EVERY_MS = 1_000;
/** Prometheus takes a sample for current this long: https://prometheus.io/docs/prometheus/latest/querying/basics/#staleness */
export const LOOKBACK_S = 300;

/** What the Prometheus of one cluster has scraped. */
export class Scrapes {
  readonly #series = new Map<string, Kept>();
  readonly #find: () => readonly Counter[];
  readonly #timers: Timers;
  #stop: (() => void) | undefined;

  /** @param find the counters of all targets */
  constructor(find: () => readonly Counter[], timers: Timers) {
    this.#find = find;
    this.#timers = timers;
  }

  /** Scrapes now, and then every second. */
  start(): void {
    if (this.#stop !== undefined) return;
    this.#scrape();
    this.#stop = this.#timers.after(EVERY_MS, () => {
      this.#stop = undefined;
      this.start();
    });
  }

  stall(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  get isStalled(): boolean {
    return this.#stop === undefined;
  }

  clear(): void {
    this.stall();
    this.#series.clear();
  }

  /** Every series with points within the lookback. */
  series(): readonly ScrapedSeries[] {
    return [...this.#series.values()];
  }

  /** The last point of each series that is still there. */
  current(now: number): readonly { readonly labels: Labels; readonly point: Point }[] {
    return [...this.#series.values()].flatMap(({ labels, points, stale }) => {
      const point = points.at(-1);
      return stale || point === undefined || point.at <= now - LOOKBACK_S ? [] : [{ labels, point }];
    });
  }

  #scrape(): void {
    const at = Date.now() / 1000;
    for (const series of this.#series.values()) series.stale = true;
    for (const { labels, value } of this.#find()) {
      const key = JSON.stringify(labels);
      const kept = this.#series.get(key) ?? { labels, points: [], stale: false };
      this.#series.set(key, kept);
      kept.stale = false;
      kept.points.push({ at, value });
      while ((kept.points[0]?.at ?? at) < at - LOOKBACK_S) kept.points.shift();
    }
  }
}
