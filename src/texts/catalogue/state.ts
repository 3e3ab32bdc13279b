import type { Weights } from '../../core/weights.ts';

/** The operation that brings all clusters to the weights that it is given. */
export type Aligning = 'rollout' | 'rollback';

/** The weights that users have after a run that did not pass, in sentences. */
export interface StateTexts {
  readonly willRecover: string;
  readonly alignYourself: (operation: Aligning) => string;
  readonly nothingWritten: (weights: Weights) => string;
  readonly weightsUnchanged: (weights: Weights) => string;
  readonly restored: (values: { readonly weights: Weights; readonly safe: boolean }) => string;
  readonly routesHold: (weights: Weights) => string;
  readonly routesStillHold: (weights: Weights) => string;
  readonly wayBack: (weights: Weights) => string;
}

/** What to do next, a sentence each. */
export interface NextStepTexts {
  readonly reviewPlan: string;
  readonly fixCause: string;
  readonly correctInputs: string;
  readonly chooseRoutes: string;
  readonly align: (operation: Aligning) => string;
  readonly readableMetric: string;
  readonly moreSamples: string;
  readonly fixLikelyCause: string;
  readonly lookAtUsers: (metric: string) => string;
  readonly compareClusters: string;
  /** `replaced`: whether the run put pods of before in place of its own */
  readonly lookAtLogs: (values: {
    readonly versions: readonly string[];
    readonly replaced: boolean;
  }) => string;
  readonly promote: (weights: Weights) => string;
  readonly none: string;
  readonly retire: (versions: readonly string[]) => string;
}
