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
  value: number;
  readonly scrapedAt: number | undefined;
  /** The process that it comes from. */
  readonly target: string;
}

/**
 * Turns the readings of one address into increases. The first reading counts nothing: it is what the others are compared with.
 *
 * - What the first reading shows was scraped before it: by up to a scrape interval, and longer where it is forwarded to another
 *   server. Requests of that time had other weights. So a process counts from its first scrape since the first reading.
 * - The counters of a process start again at 0 together. If all of them together fell to at most half of what they were, it has
 *   restarted, and the value of each is its increase: those of one version may have passed their old value since, and its requests
 *   count as much as those of the other.
 * - If they fell less far, that may be a young process that has restarted, so the readings before and after have nothing in common.
 * - If they fell hardly at all, one address may lead to two servers that scrape the same processes at different moments: 1,000
 *   followed by 995 is no restart. Nothing counts until the old value is passed. The same goes for a scrape that is older.
 * - A series without `instance` is a sum, where one of many counters fell: nothing says by how much the others have risen.
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
  #falls = 0;
  /** When the first reading was made, by the clock of the server. */
  #begin: number | undefined;

  add({ requests, hits, evaluatedAt }: Pick<Counters, 'requests' | 'hits' | 'evaluatedAt'>): Increases {
    this.#begin ??= evaluatedAt;
    const comparable = this.#scrapedSince(this.#begin);
    const found = { requests: newer(requests, this.#requests), hits: newer(hits, this.#hits) };
    // Without the requests of a process, its hits have to tell.
    const states = new Map([
      ...statesOf(found.hits, this.#hits),
      ...statesOf(found.requests, this.#requests),
    ]);
    this.#readings += 1;
    if ([...states.values()].some((state) => state !== 'running')) this.#falls += 1;
    const increases = {
      requests: this.#increasesOf(found.requests, this.#requests, states, comparable),
      hits: this.#increasesOf(found.hits, this.#hits, states, comparable),
    };
    for (const { labels, scrapedAt } of [...requests, ...hits]) {
      const target = targetOf(labels);
      const known = this.#targets.get(target);
      this.#targets.set(target, latest(known, scrapedAt));
    }
    return increases;
  }

  /** The processes whose last values are compared with the next. */
  #scrapedSince(begin: number | undefined): ReadonlySet<string> {
    const since = [...this.#targets].filter(
      ([, scrapedAt]) => begin === undefined || scrapedAt === undefined || scrapedAt >= begin,
    );
    return new Set(since.map(([target]) => target));
  }

  /** How many of the readings were below the one before: a few are, where processes restart. */
  get falls(): { readonly of: number; readonly readings: number } {
    return { of: this.#falls, readings: this.#readings };
  }

  /** When the last scrape of each process was made, in ms since the epoch; undefined where no answer said so. */
  get scrapes(): ReadonlyMap<string, number | undefined> {
    return this.#targets;
  }

  #increasesOf(
    series: ReadonlyMap<string, Series>,
    known: Map<string, Known>,
    states: ReadonlyMap<string, TargetState>,
    comparable: ReadonlySet<string>,
  ): readonly Increase[] {
    for (const one of known.values()) if (states.get(one.target) === 'restarted') one.value = 0;
    return [...series].flatMap(([id, { labels, value: exact, scrapedAt }]) => {
      const target = targetOf(labels);
      // Counters are floating-point numbers; requests are whole.
      const value = Math.floor(exact);
      const since = comparable.has(target) ? (known.get(id)?.value ?? 0) : undefined;
      const next =
        since === undefined || states.get(target) === 'unclear'
          ? { by: 0, value }
          : step(since, value, labels.has('instance'));
      known.set(id, { value: next.value, scrapedAt, target });
      return next.by === 0 ? [] : [{ labels, by: next.by }];
    });
  }
}

/** What the counters of a process say together. */
type TargetState = 'running' | 'restarted' | 'unclear';

/** A fall below this part of what the counters were is no matter of two servers that scrape at different moments. */
const SAME_PROCESS = 0.9;
/** A process whose counters are at most this part of what they were has restarted. */
const RESTARTED = 0.5;

/** By the name of the process. */
function statesOf(
  series: ReadonlyMap<string, Series>,
  known: ReadonlyMap<string, Known>,
): ReadonlyMap<string, TargetState> {
  const totals = new Map<string, { before: number; now: number; isSum: boolean }>();
  for (const [id, { labels, value }] of series) {
    const before = known.get(id);
    if (before === undefined) continue;
    const isSum = !labels.has('instance');
    const total = totals.get(before.target) ?? { before: 0, now: 0, isSum };
    totals.set(before.target, {
      before: total.before + before.value,
      now: total.now + value,
      isSum: total.isSum || isSum,
    });
  }
  return new Map(
    [...totals].map(([target, { before, now, isSum }]) => {
      if (now >= SAME_PROCESS * before) return [target, 'running'];
      return [target, now <= RESTARTED * before && !isSum ? 'restarted' : 'unclear'];
    }),
  );
}

/** @returns the increase, and the value to compare the next one with */
function step(
  before: number,
  value: number,
  hasInstance: boolean,
): { readonly by: number; readonly value: number } {
  const by = value - before;
  if (by >= 0) return { by, value };
  if (value > RESTARTED * before) return { by: 0, value: before };
  return { by: hasInstance ? value : 0, value };
}

/** The series by their identity, without those whose scrape is not newer than the last. */
function newer(series: readonly Series[], known: ReadonlyMap<string, Known>): ReadonlyMap<string, Series> {
  return new Map(
    [...Map.groupBy(series, ({ labels }) => identityOf(labels))].flatMap(([id, copies]) => {
      const one = newest(copies);
      const before = known.get(id)?.scrapedAt;
      const isOlder = before !== undefined && one.scrapedAt !== undefined && one.scrapedAt <= before;
      return isOlder ? [] : [[id, one] as const];
    }),
  );
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
