import type { Message } from '../texts/message.ts';
import type { ClusterName } from '../core/names.ts';

/** One series of an answer, as it was scraped. */
export interface Series {
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
  /** When the value was scraped, in ms since the epoch, where the answer says so. */
  readonly scrapedAt: number | undefined;
}

/** Why a metric could not be read. */
export interface ReadingFailure {
  readonly kind: 'failure';
  readonly reason:
    | 'invalid query'
    | 'unreachable'
    | 'timed out'
    | 'unauthorized'
    | 'forbidden'
    | 'invalid answer'
    | 'server error';
  /** A sentence that names the address, what it answered, and the remedy. */
  readonly message: string;
}

/** What one poll of a metric found at one address. `requests` and `hits` are read at the same moment. */
export type Reading = Values | Counters | ReadingFailure;

export interface Values {
  readonly kind: 'value';
  readonly series: readonly Series[];
  /** Warnings and hints that the server added, for the log. */
  readonly notes: readonly string[];
}

export interface Counters {
  readonly kind: 'counters';
  readonly requests: readonly Series[];
  readonly hits: readonly Series[];
  /** Why the query for hits cannot find any. */
  readonly unknown?: Message | undefined;
  /** The time on the server's clock, in ms since the epoch, where the answer says so. */
  readonly evaluatedAt?: number | undefined;
  readonly notes: readonly string[];
}

/** One address of a metric. */
export interface MetricReader {
  /** undefined: the address has the metrics of every cluster. */
  readonly cluster: ClusterName | undefined;
  /** The address, for messages and reports; without credentials. */
  readonly address: string;
  /** Reads the metric once. Never throws: what went wrong is a reading. */
  readonly read: (signal: AbortSignal) => Promise<Reading>;
}
