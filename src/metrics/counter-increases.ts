import type { Counters, Series } from './readings.ts';

/** How far a counter has come since the poll before. */
export interface Increase {
  readonly labels: ReadonlyMap<string, string>;
  /** A whole number of at least 0. */
  readonly by: number;
}

export interface Increases {
  readonly requests: readonly Increase[];
  readonly hits: readonly Increase[];
}

/** Which process a series comes from, by the labels that Prometheus adds to what it scrapes. */
const TARGET_LABELS = ['job', 'instance', 'pod', 'kubernetes_pod_name'];
/** What tells the servers of a highly available pair apart: each of them counts the same requests. */
const REPLICA_LABELS: ReadonlySet<string> = new Set([
  'prometheus_replica',
  '__replica__',
  'replica',
  'receive_replica',
]);

/** The last that is known of a series. */
interface Known {
  readonly value: number;
  readonly scrapedAt: number | undefined;
}

/**
 * Turns the readings of one address into increases. The first reading counts nothing: it is what the others are compared with.
 *
 * - A counter that has fallen started again at 0, so its new value is the increase. Not so if it fell to more than half of the old
 *   value, or its scrape is older: behind one address there may be two servers that scrape the same processes at different moments,
 *   and 1,000 followed by 995 is no restart. That counts nothing until the old value is passed. A process that gets that far within
 *   one poll was so young that little is lost.
 * - A series without `instance` is a sum, where one of many counters fell: nothing says by how much the others have risen, so a fall
 *   counts nothing.
 * - A series that was not there before counts from 0 if its process was: the first error ever has no series before it. Of a process
 *   not seen before, nothing says whether it has just started or could not be scraped until now, so its first values count nothing.
 * - A series that is missing keeps its value until it is there again.
 *
 * So no order of restarts, gaps and answers out of order ever counts a request that was not made, or one twice.
 */
export class CounterIncreases {
  readonly #requests = new Map<string, Known>();
  readonly #hits = new Map<string, Known>();
  readonly #targets = new Map<string, number | undefined>();
  #readings = 0;

  add({ requests, hits }: Pick<Counters, 'requests' | 'hits'>): Increases {
    const before = new Set(this.#targets.keys());
    const increases = {
      requests: this.#increasesOf(requests, this.#requests, before),
      hits: this.#increasesOf(hits, this.#hits, before),
    };
    for (const { labels, scrapedAt } of [...requests, ...hits]) {
      const target = targetOf(labels);
      const known = this.#targets.get(target);
      this.#targets.set(target, latest(known, scrapedAt));
    }
    this.#readings += 1;
    return increases;
  }

  /** When the last scrape of each process was made, in ms since the epoch; undefined where no answer said so. */
  get scrapes(): ReadonlyMap<string, number | undefined> {
    return this.#targets;
  }

  #increasesOf(
    series: readonly Series[],
    known: Map<string, Known>,
    targets: ReadonlySet<string>,
  ): readonly Increase[] {
    return [...Map.groupBy(series, ({ labels }) => identityOf(labels))].flatMap(([id, copies]) => {
      const one = newest(copies);
      const before = known.get(id);
      const isOlder =
        before?.scrapedAt !== undefined && one.scrapedAt !== undefined && one.scrapedAt <= before.scrapedAt;
      if (isOlder) return [];
      const since = before ?? (this.#readings > 0 && targets.has(targetOf(one.labels)) ? ZERO : undefined);
      const { by, value } = since === undefined ? { by: 0, value: one.value } : step(since, one);
      known.set(id, { value, scrapedAt: one.scrapedAt });
      return by === 0 ? [] : [{ labels: one.labels, by }];
    });
  }
}

const ZERO: Known = { value: 0, scrapedAt: undefined };

/** @returns the increase, and the value to compare the next one with */
function step(before: Known, now: Series): { readonly by: number; readonly value: number } {
  // Counters are floating-point numbers; requests are whole.
  const value = Math.floor(now.value);
  const by = value - before.value;
  if (by >= 0) return { by, value };
  if (value > before.value / 2) return { by: 0, value: before.value };
  return { by: now.labels.has('instance') ? value : 0, value };
}

/** Of the same series from several servers, the one that has come furthest. */
function newest(copies: readonly Series[]): Series {
  return copies.reduce((best, one) =>
    (one.scrapedAt ?? 0) > (best.scrapedAt ?? 0) ||
    (one.scrapedAt === best.scrapedAt && one.value > best.value)
      ? one
      : best,
  );
}

function latest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
}

function identityOf(labels: ReadonlyMap<string, string>): string {
  const kept = [...labels].filter(([name]) => !REPLICA_LABELS.has(name));
  return JSON.stringify(kept.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** The name of the process: all series without such labels are one. */
function targetOf(labels: ReadonlyMap<string, string>): string {
  return TARGET_LABELS.flatMap((name) => labels.get(name) ?? []).join(' ');
}
