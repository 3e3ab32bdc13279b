import type { Message } from '../message.ts';
import type { Weights } from '../../core/weights.ts';

/** Requests of some versions, and those of them that failed or were slow. */
export interface CountedValues {
  readonly of: 'errors' | 'slow';
  readonly version: string;
  readonly hits: number;
  readonly requests: number;
  readonly others: readonly string[];
  readonly otherHits: number;
  readonly otherRequests: number;
}

/** Requests by version, of those counted. */
export interface CountedShares {
  /** Whether samples are among them. */
  readonly sampled: boolean;
  readonly weights: Weights;
  readonly requests: ReadonlyMap<string, number>;
  readonly all: number;
}

/** The conditions of a limit in symbols: `< 0.01`. */
export interface LimitValues {
  /** undefined: there was none */
  readonly value:
    { readonly number: number } | { readonly matches: string; readonly was: boolean } | undefined;
  readonly good: Message | undefined;
  readonly bad: Message | undefined;
  readonly wrong: number;
  readonly judged: number;
  readonly tolerated: number;
}

/** The reasons of the verdicts on metrics, sentences without a full stop; and notes on them, whole sentences. */
export interface MetricMessages {
  readonly counted: CountedValues;
  /** `logEvidence`: against the release */
  readonly failsForUsers: CountedValues & { readonly logEvidence: number };
  readonly failedUnattributed: { readonly hits: number; readonly requests: number };
  /** `versions`: without any request; empty: none at all */
  readonly nothingCounted: {
    readonly versions: readonly string[];
    readonly noSeries: boolean;
    readonly passes: boolean;
  };
  readonly tooFewToShow: { readonly seen: Message; readonly of: 'errors' | 'slow' };
  readonly countedDoubtful: { readonly seen: Message; readonly ratio: number };
  readonly nothingReleased: object;
  readonly noTrafficYet: { readonly version: string };
  readonly allTraffic: { readonly version: string };
  readonly countedShares: CountedShares;
  readonly sharesOffForUsers: { readonly seen: Message; readonly logEvidence: number };
  readonly tooFewForSplit: { readonly seen: Message };
  readonly onlyVersion: { readonly version: string };
  readonly lastReadingFailed: { readonly message: string };
  readonly cannotBeFound: { readonly unknown: Message };
  readonly unknownMetric: { readonly address: string; readonly metric: string };
  readonly unknownLabel: { readonly address: string; readonly metric: string; readonly label: string };
  readonly readOnce: { readonly addresses: readonly string[] };
  readonly noSeriesAt: { readonly addresses: readonly string[] };
  readonly countsTwice: object;
  readonly valuesFell: { readonly of: number; readonly readings: number };
  readonly notScraped: { readonly seconds: number };
  /** `versions`: those without the bucket; empty: all */
  readonly missingBucket: { readonly address: string; readonly versions: readonly string[] };
  readonly differingLabels: {
    readonly series: number;
    readonly labels: readonly string[];
    readonly more: boolean;
  };
  readonly limit: LimitValues;
  readonly symbols: { readonly condition: Condition; readonly matches: string | undefined };
  readonly noReading: object;
  readonly noSeries: object;
  readonly notFinite: { readonly value: string };
  readonly passesWithout: { readonly problem: Message; readonly why: 'on-no-data' | 'template' };
  readonly metNeither: { readonly seen: Message; readonly values: number };
  readonly noGoodValue: { readonly seen: Message; readonly why: Message };
  readonly looksBack: { readonly seconds: number };
  readonly watchTooShort: object;
  readonly delayNotOver: { readonly seconds: number };
  readonly firstNotJudged: object;

  readonly readingsFailed: { readonly missed: number; readonly polls: number; readonly message: string };
  readonly serverSays: { readonly note: string };
  readonly requestsWithoutVersion: { readonly requests: number };
  readonly versionOutside: { readonly version: string; readonly requests: number };
  readonly mayBeSamples: { readonly samples: number };
  readonly noMoreThanSamples: object;
  readonly versionNotNamed: { readonly version: string };
  readonly fillsGaps: object;
}

/** What a value is compared with: of src/release/metric-specs.ts. */
export type Condition =
  | { readonly kind: 'compare'; readonly operator: string; readonly limit: number }
  | { readonly kind: 'not'; readonly of: Condition }
  | { readonly kind: 'all' | 'any'; readonly of: readonly Condition[] };

declare module '../message.ts' {
  interface MessageValues extends MetricMessages {}
}
