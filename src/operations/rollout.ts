import { planRollout } from '../release/plan.ts';
import type { Context } from './context.ts';
import { runPipeline } from './pipeline.ts';
import type { Outcome } from './stages.ts';
import { stepStages } from './step.ts';

/**
 * Brings workloads, DestinationRule, Gateway and VirtualService in all clusters to what was asked, then verifies the shares
 * through every ingress; restores the earlier weights if they are not right. Run again, it writes nothing.
 */
export function rollout(context: Context): Promise<Outcome> {
  const { traffic, onFailure } = context.release;
  const { weights, bakeMs } = traffic;
  const stages = stepStages({
    plan: (observed) => planRollout(observed, weights),
    direction: 'forward',
    bakeMs,
    onFailure,
    whenOvertaken: 'prepare again',
  });
  return runPipeline(context, stages);
}
