import type { Weights } from '../../core/weights.ts';

/** Places of the release whose routes hold the same, in words. */
export interface Holding {
  readonly places: readonly string[];
  readonly what: string;
}

/** One version, and how many of its requests failed. */
export interface VersionErrors {
  readonly version: string;
  readonly errors: number;
  readonly samples: number;
}

/** Where samples were taken: at one address, or at the ingresses of clusters. */
export type Sampled =
  | { readonly at: 'addresses'; readonly urls: readonly string[] }
  | { readonly at: 'ingresses'; readonly clusters: readonly string[] };

/** Who got a share: everybody, or only what was sampled. `targets`: host and path. */
export type Who = 'users' | 'samples' | { readonly targets: readonly string[] };

/** A share of the responses, as a fraction. */
export interface SeenShare {
  readonly version: string;
  readonly share: number;
}

/** What was done. `version`: what the operation retires */
export interface Acted {
  readonly operation: string;
  readonly version: string | undefined;
}

/** What a reader sees first: the title in a few words, and the outcome in sentences. */
export interface HeadlineTexts {
  readonly titles: {
    /** `acted`: if the operation changed something before it was verified */
    readonly pass: (values: { readonly acted: Acted | undefined; readonly byMetrics: boolean }) => string;
    readonly versionsFail: (versions: readonly string[]) => string;
    readonly metricFailed: (metric: string) => string;
    readonly splitFailed: string;
    readonly inconclusive: (values: { readonly byMetrics: boolean }) => string;
    readonly notVerified: string;
    readonly actedNotVerified: (acted: Acted) => string;
    readonly routesNotChosen: string;
    readonly differentWeights: string;
    readonly noWeights: string;
    readonly failed: (operation: string) => string;
    readonly refused: (operation: string) => string;
    readonly done: (operation: string) => string;
    readonly planned: (changes: number) => string;
  };
  readonly holdings: (held: readonly Holding[]) => string;
  readonly holdingsSentence: (held: readonly Holding[]) => string;
  readonly differentWeights: (held: readonly Holding[]) => string;
  readonly noCommonWeights: (held: readonly Holding[]) => string;
  readonly noWeights: string;
  readonly shown: (values: {
    readonly who: Who;
    readonly weights: Weights;
    readonly sampled: Sampled;
    readonly samples: number;
  }) => string;
  readonly metricsPassed: (metrics: number) => string;
  readonly byMetricsAlone: string;
  readonly passedByMetrics: (values: {
    readonly weights: Weights;
    readonly metrics: readonly string[];
  }) => string;
  readonly metricOpen: (values: { readonly metric: string; readonly reason: string }) => string;
  readonly nothingWritten: string;
  readonly splitOpen: (values: {
    readonly weights: Weights;
    readonly sampled: Sampled;
    readonly samples: number;
  }) => string;
  readonly expected: (weights: Weights) => string;
  readonly finding: (title: string) => string;
  readonly otherHolding: string;
  readonly alsoAtOthers: (values: {
    readonly ingresses: number;
    /** None where the check fails at several ingresses of a cluster. */
    readonly clusters: readonly string[];
  }) => string;
  readonly atIngress: (values: { readonly cluster: string; readonly reason: string }) => string;
  readonly failedUnattributed: (requests: number) => string;
  readonly versionsFail: (values: {
    readonly failing: readonly VersionErrors[];
    readonly sound: readonly VersionErrors[];
  }) => string;
  readonly sharesAsExpected: (shares: readonly SeenShare[]) => string;
  readonly sharesOff: (values: {
    readonly who: Who;
    readonly weights: Weights;
    readonly shares: readonly SeenShare[];
    readonly cluster: string;
  }) => string;
  readonly noneSet: string;
  readonly allHold: (weights: Weights) => string;
  readonly nothingSampled: string;
  readonly noMetricApplies: (reason: string) => string;
  readonly routesOpen: (held: readonly Holding[]) => string;
  readonly failedBeforeCheck: string;
  readonly refused: (problems: number) => string;
  readonly failedAfterCheck: string;
  readonly currentWeights: (weights: Weights) => string;
  readonly noWeightsSet: string;
  readonly nothingWouldChange: string;
  readonly wouldChange: (values: { readonly from: string; readonly to: Weights }) => string;
  /** `v1 80%, v2 20%` */
  readonly weights: (weights: Weights) => string;
  readonly metric: {
    /** `metric errors in east` */
    readonly place: (values: { readonly name: string; readonly cluster: string | undefined }) => string;
    /** Its place and its reason, as a sentence. */
    readonly sentence: (values: {
      readonly name: string;
      readonly cluster: string | undefined;
      readonly reason: string;
    }) => string;
    /** A reason that names what it is about, as a sentence. */
    readonly reasonIn: (values: { readonly reason: string; readonly cluster: string | undefined }) => string;
    readonly othersFail: (metrics: number) => string;
  };
}
