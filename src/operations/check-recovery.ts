import { messageOf } from '../core/errors.ts';
import { formatWeights } from '../core/weights.ts';
import type { Weights } from '../core/weights.ts';
import type { Observation } from '../release/observation.ts';
import type { CheckKind } from '../report/run-events.ts';
import { checkShares } from './check.ts';
import type { Context } from './context.ts';
import { findTargets, withClients } from './ingresses.ts';
import { virtualServices } from './verify.ts';

/** Whether the weights that an earlier run left in all clusters pass the check, and the bake if the release has one. */
export async function checkStepOfOther(
  context: Context,
  { fleet: state, routes }: Observation,
  weights: Weights,
): Promise<'pass' | 'no pass' | 'no ingress'> {
  const { log, release } = context;
  log.info(`All clusters hold ${formatWeights(weights)}: checking whether that step passes.`);
  try {
    const targets = await findTargets(context, state, virtualServices(routes));
    if (targets.length === 0) return 'no ingress';
    return await withClients(targets, async (clients) => {
      const passes = async (kind: CheckKind): Promise<boolean> =>
        (await checkShares(context, { clients, weights, state, kind, on: 'recovery' })).verdict === 'pass';
      const passed = (await passes('verify')) && (release.traffic.bakeMs === 0 || (await passes('bake')));
      return passed ? 'pass' : 'no pass';
    });
  } catch (error) {
    context.signal.throwIfAborted();
    log.warn(`Whether ${formatWeights(weights)} passes could not be checked: ${messageOf(error)}`);
    return 'no pass';
  }
}
