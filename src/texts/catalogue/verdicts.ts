import type { Message } from '../message.ts';
import type { Weights } from '../../core/weights.ts';

/** Samples of an ingress, and the responses from other hosts beside them. */
export interface SampledValues {
  readonly samples: number;
  readonly otherHosts: number;
}

/** How often each of something was seen: failures by kind, responses by revision. */
export type Tally = ReadonlyMap<string, number>;

/** Versions that should have responded and did not, and those that did while others did not. */
export interface SilentValues {
  readonly silent: readonly string[];
  /** Empty if all versions responded, or none. */
  readonly responders: readonly string[];
  readonly samples: number;
}

/** Failed requests, of those that count. */
export interface FailedValues {
  readonly failed: number;
  readonly judged: number;
}

/** The kinds of failed requests that this action names itself; others are quoted. */
export type KnownFailure =
  | 'no response in time'
  | 'connection refused'
  | 'connection cut'
  | 'no connection in time'
  | 'response cut off'
  | 'no version in the response';

/** The reasons of the verdict on one ingress: sentences without a full stop. Rates are fractions. */
export interface VerdictMessages {
  readonly weightlessVersions: { readonly versions: Tally; readonly samples: number };
  /** `logEvidence`: against the split */
  readonly sharesDiffer: SampledValues & { readonly logEvidence: number };
  readonly nearTheEdge: SampledValues;
  readonly maxSamplesReached: SampledValues;
  readonly openAtMaxSamples: SampledValues & { readonly why: Message };
  readonly noResponses: SilentValues & {
    readonly unanswered: number;
    readonly judged: number;
    readonly seconds: number;
    readonly limit: number;
  };
  readonly tooManyErrors: FailedValues & { readonly limit: number; readonly kinds: Tally };
  readonly stoppedEarly: SampledValues;
  /** `setAside`: requests that got no connection while the ingress was away */
  readonly sharesMatch: SampledValues & { readonly setAside: number };
  readonly noDrift: SampledValues & {
    readonly seconds: string;
    readonly failures: FailedValues;
    readonly setAside: number;
  };
  readonly outOfTime: SampledValues & {
    readonly seconds: string;
    readonly why: Message | undefined;
    readonly open: (SilentValues & { readonly unanswered: number }) | undefined;
  };
  readonly unknownVersion: { readonly version: string; readonly weights: Weights };
  readonly contradictingBodies: { readonly pairs: Tally };
  readonly contradictingBody: object;
  readonly staleResponses: { readonly own: number; readonly revision: string; readonly stale: Tally };
  readonly withoutRevision: {
    readonly own: number;
    readonly revision: string;
    readonly withoutRevision: number;
  };
  readonly failsMoreOften: {
    readonly version: string;
    readonly failed: number;
    readonly requests: number;
    readonly otherFailed: number;
    readonly otherRequests: number;
  };
  /** Medians in milliseconds. */
  readonly slower: {
    readonly version: string;
    readonly limit: number;
    readonly median: number;
    readonly otherMedian: number;
  };
  readonly podSplitsOtherwise: { readonly pod: string; readonly versions: Tally; readonly samples: number };
  readonly podStaysBehind: {
    readonly pod: string;
    readonly own: number;
    readonly revision: string;
    readonly stale: Tally;
    readonly withoutRevision: number;
  };
  readonly podCrashes: { readonly pod: string; readonly restarts: number };
}

/** Parts of reports about failed requests. */
export interface FailureTexts {
  readonly known: Readonly<Record<KnownFailure, string>>;
  readonly status: (status: string) => string;
  readonly statusWithoutVersion: (status: string) => string;
  /** `12 × status 503` */
  readonly kinds: (kinds: Tally) => string;
  /** What may help where nothing answers at the address of an ingress. */
  readonly portForward: (cluster: string) => string;
}

declare module '../message.ts' {
  interface MessageValues extends VerdictMessages {}
}
