import { CanaryError } from '../core/errors.ts';
import { readClusterWeights } from '../release/cluster-weights.ts';
import { nameOf } from '../kubernetes/objects.ts';
import { previousOf, recordProblem } from '../release/history.ts';
import type { Release } from '../release/release.ts';
import type { FleetState } from '../release/state.ts';
import { observe } from '../release/observation.ts';
import { formatWeights } from '../core/weights.ts';
import type { Weights } from '../core/weights.ts';
import { phase } from './context.ts';
import type { Context } from './context.ts';
import { assertAppExists } from '../release/guards/app-exists.ts';
import { readFleet } from './read-fleet.ts';
import { runPipeline } from './pipeline.ts';
import type { Outcome } from './stages.ts';
import { stepStages } from './step.ts';
import { planRollback } from '../release/plan.ts';
import { withoutDeployment } from '../release/release.ts';

/**
 * Restores the weights of the step before, or those given, in all clusters, and verifies them. Run again, it goes one step
 * further back. Nothing is deployed: the workloads stay as they are.
 *
 * @throws CanaryError if nothing has been recorded, and no weights are given
 */
export async function rollback(context: Context): Promise<Outcome> {
  const { recorder, log } = context;
  const release = withoutDeployment(context.release);
  const reading = await phase(context, 'Read', () => readFleet(context));
  recorder.record({ kind: 'read', held: readClusterWeights(release, reading.state) });
  assertAppExists(release, reading.state);
  const weights = weightsToRestore(release, reading.state);
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

function weightsToRestore(release: Release, state: FleetState): Weights {
  const { routes, record, weights: held } = observe(release, state);
  for (const { cluster, virtualService } of routes) {
    if (virtualService === undefined) throw new CanaryError(nothingThere(release, cluster));
  }
  const earlier = release.traffic.weights ?? previousOf(record);
  if (earlier === undefined) {
    const [problem] = routes.flatMap(
      ({ virtualService: vs }) => (vs && recordProblem(vs, release.app)) ?? [],
    );
    throw new CanaryError(problem ?? noRecord(release, held));
  }
  return earlier;
}

function nothingThere({ namespace, traffic }: Release, cluster: string): string {
  const name = nameOf({ kind: 'VirtualService', metadata: { name: traffic.virtualService, namespace } });
  return `There is no ${name} in ${cluster}: nothing has been released there that could be rolled back.`;
}

function noRecord({ traffic }: Release, weights: Weights | undefined): string {
  const held = weights === undefined ? 'no weights' : formatWeights(weights);
  return `No earlier weights are recorded on VirtualService ${traffic.virtualService}, which holds ${held}. Set the input weights to the ones you want to go back to.`;
}
