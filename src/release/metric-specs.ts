import type { ClusterName, ServiceKey } from '../core/names.ts';
import type { TextPattern } from '../core/text-pattern.ts';

/** Where a metric is read. */
export type MetricSource =
  | {
      readonly provider: 'prometheus';
      readonly address: MetricAddress;
      readonly headers: Readonly<Record<string, string>>;
    }
  /** JSON over HTTPS; the value is at `pointer` (RFC 6901). */
  | {
      readonly provider: 'web';
      readonly url: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly pointer: string;
      /** The value is 1 where this is found, and 0 where another text or truth value is; undefined: a number is expected. */
      readonly matches: string | boolean | undefined;
    };

/** A server of metrics. */
export type MetricServer =
  | { readonly kind: 'url'; readonly url: string }
  /** A Service of a cluster, reached through its API server. */
  | {
      readonly kind: 'service';
      readonly namespace: string;
      readonly name: string;
      readonly port: number | string;
      /** Before `/api/v1/query`; empty for most. */
      readonly path: string;
    };

/** One server that has the metrics of every cluster, one Service in each of them, or a server for each that has one. */
export type MetricAddress =
  MetricServer | { readonly kind: 'each'; readonly servers: ReadonlyMap<ClusterName, MetricServer> };

/** How the label of a series tells the version. */
export interface VersionLabel {
  readonly label: string;
  /** Its first group is the version; undefined: the whole value is. */
  readonly pattern: TextPattern | undefined;
}

/** What is true of a value, or not. */
export type Condition =
  | {
      readonly kind: 'compare';
      readonly operator: '<' | '<=' | '>' | '>=' | '==' | '!=';
      readonly limit: number;
    }
  | { readonly kind: 'all' | 'any'; readonly of: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition };

interface MetricBase {
  readonly name: string;
  /** Where it was given, for messages: `.github/canary.yml:12: metrics`. */
  readonly origin: string;
  readonly source: MetricSource;
  /** Judged for each cluster by itself, or for all together. */
  readonly per: 'cluster' | 'fleet';
  readonly onNoData: 'inconclusive' | 'pass';
}

/** What a query may find instead of a number that can be compared. */
export type NoValue = 'no series' | 'NaN' | 'infinity';

/** A value against a limit. */
export interface LimitMetric extends MetricBase {
  readonly kind: 'limit';
  /** The query of Prometheus; undefined for `web`. */
  readonly query: string | undefined;
  /** True of a good value; undefined: every value is good that is not bad. */
  readonly success: Condition | undefined;
  /** True of a bad value; undefined: every value is bad that is not good. */
  readonly failure: Condition | undefined;
  /** This many bad values are tolerated. */
  readonly failureLimit: number;
  /** One value of each such interval is judged; 0: every one. */
  readonly intervalMs: number;
  /** Values of the watch before this are not judged. */
  readonly initialDelayMs: number;
  /** What a template calls good although it is no number; undefined: `onNoData` decides. */
  readonly goodWithout?: readonly NoValue[] | undefined;
}

interface StandardMetric {
  /** Made of Istio's standard metrics of this service; undefined: the queries are the user's own. */
  readonly service?: ServiceKey | undefined;
}

/** Requests and hits (errors, or slow ones) as raw counters by version, judged by counts. */
export interface CountMetric extends MetricBase, StandardMetric {
  readonly kind: 'counts';
  readonly requests: string;
  readonly hits: string;
  readonly of: 'errors' | 'slow';
  readonly version: VersionLabel | undefined;
  /** The highest ratio of the version's rate of hits to that of the others. */
  readonly ratio: number;
}

/** Users' own requests as raw counters by version, tested against the weights. */
export interface ShareMetric extends MetricBase, StandardMetric {
  readonly kind: 'shares';
  readonly requests: string;
  readonly version: VersionLabel | undefined;
}

export type MetricSpec = LimitMetric | CountMetric | ShareMetric;
