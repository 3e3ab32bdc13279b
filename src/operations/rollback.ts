import { CanaryError } from '../core/errors.ts';
import { readClusterWeights } from '../release/cluster-weights.ts';
import { nameOf } from '../kubernetes/objects.ts';
import { previousOf, recordProblem } from '../release/history.ts';
import type { Release } from '../release/release.ts';
import { observe } from '../release/observation.ts';
import type { Observation } from '../release/observation.ts';
import { routeNameOf } from '../release/route-name.ts';
import { formatWeights } from '../core/weights.ts';
import type { Weights } from '../core/weights.ts';
import { theInput } from '../core/wording.ts';
import { phase } from './context.ts';
import type { Context } from './context.ts';
import { assertAppExists } from '../release/guards/app-exists.ts';
import { decodeLease } from '../fleet/transaction/lease-format.ts';
import { unfinishedIntent } from '../fleet/transaction/read-leases.ts';
import { readFleet } from './read-fleet.ts';
import type { FleetReading } from './read-fleet.ts';
import { runPipeline } from './pipeline.ts';
import type { Outcome } from './stages.ts';
import { stepStages } from './step.ts';
import { planRollback } from '../release/plan.ts';
import { withoutDeployment } from '../release/release.ts';

/**
 * Restores the weights of the step before, or those given, in all clusters, and verifies them. Run again, it goes one step
 * further back, once the earlier rollback has ended. Nothing is deployed: the workloads stay as they are.
 *
 * @throws CanaryError if nothing has been recorded, and no weights are given
 */
export async function rollback(context: Context): Promise<Outcome> {
  const { recorder, log } = context;
  const release = withoutDeployment(context.release);
  const reading = await phase(context, 'Read', () => readFleet(context));
  recorder.record({ kind: 'read', held: readClusterWeights(release, reading.state) });
  assertAppExists(release, reading.state);
  const weights = weightsToRestore(context, release, reading);
  log.info(`Going back to ${formatWeights(weights)}`);
  const stages = stepStages({
    plan: (observed) => planRollback(observed, weights),
    direction: 'back',
    bakeMs: 0,
    // There are no better weights to return to.
    onFailure: 'keep',
    whenOvertaken: 'prepare again',
  });
  return runPipeline({ ...context, release }, stages, reading);
}

function weightsToRestore({ log }: Context, release: Release, { state, leases }: FleetReading): Weights {
  // Only weights that are given say what differing routes are to hold.
  const differing = release.traffic.weights === undefined ? 'refused' : 'allowed';
  const observed = observe(release, state, { differing });
  const { routes, record, weights: held } = observed;
  for (const { cluster, object } of routes) {
    if (object === undefined) throw new CanaryError(nothingThere(observed, cluster));
  }
  assertEverReleased(observed);
  if (release.traffic.weights !== undefined) return release.traffic.weights;
  const open = unfinishedIntent([...leases.values()].map(decodeLease));
  // Where that run came to a cluster, its record already tells what was before the target.
  if (open?.direction === 'back') {
    log.info(`The rollback of ${open.run} has not ended: this run completes it, and goes no further back.`);
    return open.target;
  }
  const earlier = previousOf(record);
  if (earlier === undefined) {
    const [problem] = routes.flatMap(({ object }) => (object && recordProblem(object, release.app)) ?? []);
    throw new CanaryError(problem ?? noRecord(observed, held));
  }
  return earlier;
}

/** @throws CanaryError where all routes send to the service as a whole, and no release has written any of them */
function assertEverReleased({ routes }: Observation): void {
  const isNew = routes.every(
    ({ object, weights, accord, record }) =>
      object !== undefined && weights === undefined && accord === 'same' && record === undefined,
  );
  const [first] = routes;
  if (!isNew || first?.object === undefined) return;
  throw new CanaryError(
    `${nameOf(first.object)} in ${first.cluster} gives no weights to versions: nothing has been released yet that could be rolled back. Run the operation rollout with ${theInput('weights')}.`,
  );
}

function nothingThere({ release, routes, api: { kind } }: Observation, cluster: string): string {
  const name = nameOf({
    kind,
    metadata: { name: routeNameOf(release, kind), namespace: release.namespace },
  });
  const remedy = routes.every(({ object }) => object === undefined)
    ? ''
    : ` To bring this cluster to the weights of the others, run the operation rollout with ${theInput('weights')}.`;
  return `There is no ${name} in ${cluster}: nothing has been released there that could be rolled back.${remedy}`;
}

function noRecord({ release, api: { kind } }: Observation, weights: Weights | undefined): string {
  const held = weights === undefined ? 'no weights' : formatWeights(weights);
  return `No earlier weights are recorded on ${kind} ${routeNameOf(release, kind)}, which holds ${held}. Set ${theInput('weights')} to the ones you want to go back to.`;
}
