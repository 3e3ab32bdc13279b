import { METRICS } from '../core/deadlines.ts';
import type { VersionName } from '../core/weights.ts';
import type { VersionLabel } from '../release/metric-specs.ts';
import { CounterIncreases } from './counter-increases.ts';
import type { Increases } from './counter-increases.ts';
import type { Reading } from './readings.ts';
import { addTo, increasesByVersion } from './version-increases.ts';
import type { VersionIncreases } from './version-increases.ts';

/** From this many falls on, in more than this part of the readings, nothing restarts so often. */
const MANY_FALLS = 3;
const FALLING_PART = 1 / 4;

/** The increases of one poll, over all addresses of a metric. */
export interface PollIncreases {
  readonly requests: VersionIncreases;
  readonly hits: VersionIncreases;
}

/** The counters of a metric since its first poll, over all its addresses, by version. */
export class CounterTotals {
  readonly requests = new Map<VersionName, number>();
  readonly hits = new Map<VersionName, number>();
  /** Of series that name no version. */
  requestsWithout = 0;
  hitsWithout = 0;
  readonly #label: VersionLabel | undefined;
  readonly #counters: readonly CounterIncreases[];
  readonly #reporters = new Set<string>();
  /** By address: the last scrape of each process, and when it was first seen. */
  readonly #targets: readonly Map<string, { readonly scrapedAt: number; readonly renewed: number }>[];

  /** @param addresses how many there are */
  constructor(addresses: number, label: VersionLabel | undefined) {
    this.#label = label;
    this.#counters = Array.from({ length: addresses }, () => new CounterIncreases());
    this.#targets = this.#counters.map(() => new Map());
  }

  /**
   * @param readings in the order of the addresses; what one of them missed is in its next reading
   * @param at seconds since the first poll
   */
  add(readings: readonly Reading[], at: number): PollIncreases {
    const all = this.#counters.flatMap((counters, i): readonly Increases[] => {
      const reading = readings[i];
      if (reading?.kind !== 'counters') return [];
      for (const { labels } of reading.requests) this.#reporters.add(labels.get('reporter') ?? '');
      const increases = counters.add(reading);
      for (const [target, scrapedAt] of counters.scrapes) this.#note(i, target, scrapedAt, at);
      return [increases];
    });
    const sumOf = (part: keyof Increases): VersionIncreases =>
      increasesByVersion(
        all.flatMap((one) => one[part]),
        this.#label,
      );
    const requests = sumOf('requests');
    const hits = sumOf('hits');
    addTo(this.requests, requests.of);
    addTo(this.hits, hits.of);
    this.requestsWithout += requests.without;
    this.hitsWithout += hits.without;
    return { requests, hits };
  }

  /** Whether both ends of each request are among the series, so that each counts twice. */
  get countsTwice(): boolean {
    return this.#reporters.has('source') && this.#reporters.has('destination');
  }

  /** How often an address fell, where it did so like a gauge or a rate, and not like counters that restart; undefined for none. */
  get wavering(): { readonly of: number; readonly readings: number } | undefined {
    return this.#counters
      .map(({ falls }) => falls)
      .find(({ of, readings }) => of >= MANY_FALLS && of > readings * FALLING_PART);
  }

  /**
   * How long one of the addresses has had no newer scrape of anything, in seconds, if that is too long, or most of the watch;
   * undefined otherwise, or if no answer says.
   */
  stalledFor(at: number): number | undefined {
    const ages = this.#targets.flatMap((targets) =>
      targets.size === 0 ? [] : [at - Math.max(...[...targets.values()].map(({ renewed }) => renewed))],
    );
    const oldest = Math.max(0, ...ages);
    return oldest > Math.min(METRICS.stalledMs / 1000, at * METRICS.stalledPart) ? oldest : undefined;
  }

  #note(address: number, target: string, scrapedAt: number | undefined, at: number): void {
    const targets = this.#targets[address];
    if (scrapedAt === undefined || targets === undefined) return;
    const known = targets.get(target);
    if (known === undefined || scrapedAt > known.scrapedAt) targets.set(target, { scrapedAt, renewed: at });
  }
}
