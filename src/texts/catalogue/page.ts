import type { Weights } from '../../core/weights.ts';
import type { VerdictName } from './outcomes.ts';

/** Titles and descriptions are for screen readers; figures in descriptions are formatted already. */
export interface ChartTexts {
  readonly shares: {
    readonly caption: string;
    readonly title: (cluster: string) => string;
    readonly version: (values: {
      readonly version: string;
      readonly observed: string;
      readonly weight: string;
      readonly within: boolean;
      readonly lower: string;
      readonly upper: string;
    }) => string;
    readonly samples: (samples: number) => string;
    /** The name of the axis. */
    readonly axis: string;
  };
  readonly times: {
    readonly caption: string;
    readonly title: (cluster: string) => string;
    readonly version: (values: {
      readonly version: string;
      readonly p50: string;
      readonly p90: string;
      readonly p99: string;
    }) => string;
    /** The name of the axis, and what its marks are. */
    readonly axis: string;
  };
  readonly metric: {
    readonly captions: Readonly<Record<'value' | 'evidence', string>>;
    readonly title: (metric: string) => string;
  };
}

/** What only the HTML report says. */
export interface PageTexts {
  /** For the attribute `lang` (BCP 47). */
  readonly tag: string;
  /** Ends a sentence. */
  readonly stop: string;
  /** In the tab of a browser: `rollout done` */
  readonly title: (values: { readonly operation: string; readonly outcome: string }) => string;
  readonly facts: {
    readonly operation: string;
    readonly weights: string;
    readonly previous: string;
    readonly started: string;
    readonly duration: string;
    readonly samples: string;
    readonly writes: string;
  };
  readonly checks: {
    /** `expected v1 80%, v2 20%, bake, pass` */
    readonly name: (check: {
      readonly weights: Weights;
      readonly kind: 'verify' | 'bake';
      readonly verdict: VerdictName;
    }) => string;
    readonly earlier: string;
    /** How much was sampled, and when: seconds after the start. */
    readonly sampled: (values: {
      readonly samples: number;
      readonly ingresses: number;
      readonly from: number;
      readonly to: number;
    }) => string;
    /** `failed: 12 × status 503` */
    readonly failed: (kinds: string) => string;
  };
  readonly tables: {
    readonly shares: string;
    readonly responses: string;
    readonly metric: string;
    readonly percentiles: Readonly<Record<'p90' | 'p99', string>>;
    /** Columns of requests by version: their part of all, or those of them that were slow or failed. */
    readonly requests: Readonly<Record<'share' | 'slow' | 'failed', string>>;
  };
  readonly charts: ChartTexts;
  /** How often a metric was read. */
  readonly readings: (values: {
    readonly polls: number;
    readonly missed: number;
    readonly addresses: readonly string[];
    readonly seconds: number;
  }) => string;
  readonly changes: {
    /** A write, in a list of those to one object. @param at seconds after the start */
    readonly write: (values: {
      readonly cluster: string;
      readonly at: number;
      readonly verb: string;
      readonly reason: string;
    }) => string;
  };
  readonly states: string;
  readonly timeline: {
    readonly notable: string;
    /** The title of all entries, folded. */
    readonly full: (entries: number) => string;
    readonly all: string;
    readonly position: string;
  };
  readonly made: (version: string) => string;
  /** The text of a link. */
  readonly run: string;
}
