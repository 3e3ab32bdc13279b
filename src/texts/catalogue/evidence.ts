import type { SeenShare } from './headline.ts';
import type { VerdictName } from './outcomes.ts';
import type { Tally } from './verdicts.ts';

/** Figures of a check, beside the reasons of its verdicts. */
export interface EvidenceTexts {
  /** `1,020 requests in 8.4 s` */
  readonly requests: (values: { readonly requests: number; readonly seconds: number }) => string;
  /** `12 requests failed` */
  readonly failed: (requests: number) => string;
  /** `3 responses under another revision` */
  readonly stale: (responses: number) => string;
  /** One pod of a gateway. `replaced`: another one has its name now */
  readonly pod: (values: {
    readonly pod: string;
    readonly replaced: boolean;
    readonly requests: number;
    readonly shares: readonly SeenShare[];
    readonly errors: Tally;
    readonly stale: Tally;
    readonly withoutRevision: number;
    readonly restarts: number;
  }) => string;
  /** An ingress: `east, http://203.0.113.7`. */
  readonly ingress: (values: { readonly cluster: string; readonly url: string }) => string;
  /** A metric and where it was read: `errors, east (http://prometheus.example)`. */
  readonly metricAt: (values: {
    readonly name: string;
    readonly cluster: string | undefined;
    readonly addresses: readonly string[];
  }) => string;
  /** `errors, east`: a metric, and its cluster if it is about one */
  readonly metric: (values: { readonly name: string; readonly cluster: string | undefined }) => string;
  /** In place of folded metrics: `2 metrics passed: errors, latency` */
  readonly foldedMetrics: (values: {
    readonly verdict: VerdictName;
    readonly names: readonly string[];
  }) => string;
  /** `2 of 40 readings failed` */
  readonly readingsMissed: (values: { readonly missed: number; readonly polls: number }) => string;
  /** `19.2% (weight 20%)` */
  readonly rateOfWeight: (values: { readonly rate: string; readonly weight: number }) => string;
  /** @param chance the denominator of the chance of seeing as much without a cause; undefined if that is not unusual */
  readonly strength: (chance: string | undefined) => string;
}
