import type { TriedPlan } from '../fleet/dry-run.ts';
import { allHolding } from '../release/cluster-weights.ts';
import type { ClusterWeights } from '../release/cluster-weights.ts';
import type { Release } from '../release/release.ts';
import { formatWeights } from '../core/weights.ts';
import type { AppliedStep } from './apply-step.ts';
import { rollBackAutomatically } from './automatic-rollback.ts';
import type { Context } from './context.ts';
import type { Concluding } from './pipeline.ts';

/** After anything but a pass, restores the earlier weights, and the pods with users that were replaced. */
export async function concludeStep(
  context: Context,
  { prepared, applied, checked, clients }: Concluding<TriedPlan, AppliedStep>,
  onFailure: Release['onFailure'],
): Promise<void> {
  const { log, signal } = context;
  const { plan, isInForce, restorer } = applied;
  if (checked.kind === 'unverified') {
    log.info(`Written, not verified: ${formatWeights(plan.weights)}`);
    return;
  }
  if (checked.kind === 'checked' && checked.verdict === 'pass') {
    log.info(`Released: ${formatWeights(plan.weights)}`);
    return;
  }
  const { observed } = prepared;
  const held = isInForce ? allHolding(observed.held, plan.weights) : observed.held;
  const restoreWeights = async (): Promise<readonly ClusterWeights[]> =>
    isInForce
      ? rollBackAutomatically(context, { state: observed.fleet, plan, clients, held, onFailure })
      : held;
  const evidence = checked.kind === 'checked' ? checked.evidence : [];
  // A cancelled job has no time for one after the other.
  if (signal.aborted) await Promise.all([restoreWeights(), restorer.restore(held)]);
  else if (restorer.comesFirst(evidence)) await restorer.restore(held).then(restoreWeights);
  else await restoreWeights().then(restorer.restore);
}
