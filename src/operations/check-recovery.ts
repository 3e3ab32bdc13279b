import { messageOf } from '../core/errors.ts';
import { formatWeights } from '../core/weights.ts';
import type { Weights } from '../core/weights.ts';
import type { Observation } from '../release/observation.ts';
import { checkShares } from './check.ts';
import type { CheckRequest } from './check.ts';
import type { Context } from './context.ts';
import { findTargets, virtualServices, withClients } from './ingresses.ts';

/**
 * Whether the weights that an earlier run left in all clusters pass the check.
 *
 * @param bakeMs how long they are watched once they have passed, in ms; 0: not at all
 */
export async function checkStepOfOther(
  context: Context,
  observed: Observation,
  weights: Weights,
  bakeMs: number,
): Promise<'pass' | 'no pass' | 'no ingress'> {
  const { log } = context;
  log.info(`All clusters hold ${formatWeights(weights)}: checking whether that step passes.`);
  try {
    const targets = await findTargets(context, observed.fleet, virtualServices(observed.routes));
    if (targets.length === 0) return 'no ingress';
    return await withClients(targets, async (clients) => {
      const request: CheckRequest = { clients, weights, observed, on: 'recovery' };
      const passes = async (how: CheckRequest): Promise<boolean> =>
        (await checkShares(context, how)).verdict === 'pass';
      const passed =
        (await passes(request)) && (bakeMs === 0 || (await passes({ ...request, watchMs: bakeMs })));
      return passed ? 'pass' : 'no pass';
    });
  } catch (error) {
    context.signal.throwIfAborted();
    log.warn(`Whether ${formatWeights(weights)} passes could not be checked: ${messageOf(error)}`);
    return 'no pass';
  }
}
