import type { TriedPlan } from '../fleet/dry-run.ts';
import type { Release } from '../release/release.ts';
import { applyStep } from './apply-step.ts';
import type { AppliedStep } from './apply-step.ts';
import { concludeStep } from './conclude-step.ts';
import type { Stages } from './pipeline.ts';
import { prepareStep } from './prepare-step.ts';
import type { StepPlanning } from './prepare-step.ts';

/** What differs between the operations that bring weights to all clusters. */
export interface StepOptions extends StepPlanning {
  /** How long a passed step is watched, in ms; 0: not at all. */
  readonly bakeMs: number;
  /** `keep` leaves the weights of a step that did not pass. */
  readonly onFailure: Release['onFailure'];
  readonly whenOvertaken: 'prepare again' | 'leave';
}

/** The stages of one step of a release: of a rollout, a promotion or a rollback. */
export function stepStages(options: StepOptions): Stages<TriedPlan, AppliedStep> {
  const { bakeMs, onFailure, whenOvertaken } = options;
  return {
    prepare: (context, reading) => prepareStep(context, options, reading),
    apply: applyStep,
    bakeMs,
    // There are no better weights to return to.
    judgesMetrics: options.direction === 'forward',
    conclude: (context, step) => concludeStep(context, step, onFailure),
    whenOvertaken,
    // Whoever prepares again brings weights of its own, so it may replace those of a dead run that no pod can serve.
    recovery: { repairs: whenOvertaken === 'prepare again', bakeMs },
  };
}
