import type { Weights } from '../../core/weights.ts';
import type { VerdictName } from './outcomes.ts';

/** The parts of a run, as the log names them. */
export type PhaseName =
  | 'Bake'
  | 'Deploy'
  | 'Lock'
  | 'Namespace'
  | 'Plan'
  | 'Preflight'
  | 'Preview'
  | 'Preview routes'
  | 'Read'
  | 'Ready'
  | 'Recover'
  | 'Restore workloads'
  | 'Roll back'
  | 'Routes'
  | 'Seen'
  | 'Services'
  | 'Status'
  | 'Subset'
  | 'Subsets'
  | 'Verify'
  | 'Watch'
  | 'Weights'
  | 'Workload';

/** What happened when. */
export interface TimelineTexts {
  readonly title: string;
  readonly phases: Readonly<Record<PhaseName, string>>;
  /** A phase that ended with an error, or was cancelled. */
  readonly notCompleted: (phase: string) => string;
  readonly weightsSet: (weights: Weights) => string;
  readonly weightsRestored: (weights: Weights) => string;
  readonly check: (values: {
    readonly kind: 'verify' | 'bake';
    readonly weights: Weights;
    readonly verdict: VerdictName;
    readonly samples: number;
  }) => string;
}
