import { messageOf } from '../core/errors.ts';
import { formatWeights } from '../core/weights.ts';
import type { VersionName } from '../core/weights.ts';
import type { Observation } from '../release/observation.ts';
import { checkShares } from './check.ts';
import type { CheckRequest } from './check.ts';
import type { TransactionTarget } from '../fleet/transaction/intent.ts';
import type { Verdict } from '../verify/evidence.ts';
import type { Context } from './context.ts';
import { findTargets, routeObjects, withClients } from './ingresses.ts';

/**
 * Whether the weights that an earlier run left in all clusters pass the check. Without any ingress the metrics decide, if there is
 * time to watch them.
 *
 * @param bakeMs how long they are watched once they have passed, in ms; 0: not at all
 */
export async function checkStepOfOther(
  context: Context,
  observed: Observation,
  step: Pick<TransactionTarget, 'target' | 'previous'>,
  bakeMs: number,
): Promise<'pass' | 'no pass' | 'not judged'> {
  const { release, log } = context;
  const { target: weights } = step;
  log.info(`All clusters hold ${formatWeights(weights)}: checking whether that step passes.`);
  try {
    const targets = await findTargets(context, observed.fleet, routeObjects(observed.routes));
    const judgesMetrics = release.metrics.length > 0 && bakeMs > 0;
    if (release.metrics.length > 0 && !judgesMetrics)
      log.warn('That step is not judged by the metrics, since this operation does not watch it.');
    if (targets.length === 0 && !judgesMetrics) return 'not judged';
    const near: Context = { ...context, release: { ...release, version: releasedBy(step, release.version) } };
    return await withClients(targets, async (clients) => {
      const request: CheckRequest = { clients, weights, observed, on: 'recovery' };
      const verdictOf = async (how: CheckRequest): Promise<Verdict | undefined> =>
        (await checkShares(near, how)).verdict;
      const sampled = clients.length === 0 ? 'pass' : await verdictOf(request);
      const verdict =
        sampled === 'pass' && bakeMs > 0 ? await verdictOf({ ...request, watchMs: bakeMs }) : sampled;
      return verdict === undefined ? 'not judged' : verdict === 'pass' ? 'pass' : 'no pass';
    });
  } catch (error) {
    context.signal.throwIfAborted();
    log.warn(`Whether ${formatWeights(weights)} passes could not be checked: ${messageOf(error)}`);
    return 'no pass';
  }
}

/**
 * The version that a step of another run released: the one that it gave more traffic.
 *
 * @param own the version that this run releases
 * @returns undefined where several gained, and none of them is this run's: then no version is compared with the others
 */
function releasedBy(
  { target, previous }: Pick<TransactionTarget, 'target' | 'previous'>,
  own: VersionName | undefined,
): VersionName | undefined {
  const gained = [...target].flatMap(([version, weight]) =>
    weight > (previous?.get(version) ?? 0) ? [version] : [],
  );
  if (own !== undefined && gained.includes(own)) return own;
  return gained.length === 1 ? gained[0] : undefined;
}
