import { dryRun, triedIn } from '../fleet/dry-run.ts';
import { targetObjects } from '../fleet/transaction/target-objects.ts';
import { inEnglish } from '../texts/texts.ts';
import type { TriedPlan } from '../fleet/dry-run.ts';
import { readClusterWeights } from '../release/cluster-weights.ts';
import { foreignManagers } from '../release/foreign-managers.ts';
import { assertKeepsServing } from '../release/guards/keeps-serving.ts';
import { observe } from '../release/observation.ts';
import type { Observation } from '../release/observation.ts';
import type { Plan } from '../release/plan.ts';
import { nextTurn } from '../core/clock.ts';
import { resultOf, settled } from '../core/settled.ts';
import { formatWeights } from '../core/weights.ts';
import { nameOf } from '../kubernetes/objects.ts';
import type { Gateway } from '../kubernetes/objects.ts';
import type { RouteObject } from '../release/route-object.ts';
import { noteBlindSpots, phase } from './context.ts';
import type { Context } from './context.ts';
import { findIngresses, routeObjects, targetsAt } from './ingresses.ts';
import type { Routing } from './ingresses.ts';
import { readFleet } from './read-fleet.ts';
import type { FleetReading } from './read-fleet.ts';
import type { Prepared } from './stages.ts';

/** How a step is planned from what the clusters hold. */
export interface StepPlanning {
  readonly plan: (observed: Observation) => Plan;
  /** `back`: a return to earlier weights. */
  readonly direction: 'forward' | 'back';
}

/** Plans a step, lets every server try it, and finds the ingresses to sample. */
export async function prepareStep(
  context: Context,
  { plan: planStep, direction }: StepPlanning,
  reading?: FleetReading,
): Promise<Prepared<TriedPlan>> {
  const { release, fleet, recorder } = context;
  const { state, leases } = reading ?? (await phase(context, 'Read', () => readFleet(context)));
  return phase(context, 'Plan', async () => {
    recorder.record({ kind: 'read', held: readClusterWeights(release, state) });
    await nextTurn();
    // A way back brings all managed routes to its weights, whatever they hold now.
    const observed = observe(release, state, { differing: direction === 'back' ? 'allowed' : 'refused' });
    noteBlindSpots(context, observed);
    await nextTurn();
    const planned = planStep(observed);
    await nextTurn();
    const routing = finalRoutes(observed, planned);
    const ingresses = settled(findIngresses(context, state, routing, newGateways(planned)));
    const tried = await dryRun(fleet, state, planned);
    announcePlan(context, tried);
    const warnings = [...tried.warnings, ...assertKeepsServing(release, state, tried)];
    const plan = { ...tried, warnings };
    warnOf(context, plan);
    const targets = targetsAt(context, resultOf(await ingresses));
    const history = observed.record?.history ?? [];
    const { weights, previous } = plan;
    const objects = targetObjects(plan.workloads);
    const target = { target: weights, previous, direction, history, objects };
    return { observed, leases, plan, changes: triedIn(plan), target, targets };
  });
}

function announcePlan({ recorder, log, release }: Context, plan: TriedPlan): void {
  recorder.record({ kind: 'previous weights', weights: plan.before });
  log.info(
    `${release.app}: ${plan.previous === undefined ? 'no weights' : formatWeights(plan.previous)} → ${formatWeights(plan.weights)}`,
  );
  const changes = triedIn(plan);
  for (const { cluster, verb, object, reason } of changes)
    log.info(`${cluster}: ${verb} ${nameOf(object)} (${inEnglish(reason)})`);
  if (changes.length === 0) log.info('Nothing to write: every cluster already matches the request.');
}

/**
 * Warns of what a plan ends, and of field managers that may revert its changes. The first write takes the fields over, so that
 * no later step warns again.
 */
export function warnOf({ log }: Context, { subsets, previews, routes, warnings }: Plan): void {
  const changes = previews.length > 0 ? previews : routes;
  for (const sentence of [...warnings, ...foreignManagers([...subsets, ...changes])]) log.warn(sentence);
}

/** The route objects as they will be, by config cluster. */
export function finalRoutes({ routes }: Observation, plan: Plan): Routing {
  const planned = Map.groupBy(plan.routes, ({ cluster }) => cluster);
  return new Map(
    [...routeObjects(routes)].map(([cluster, held]) => [
      cluster,
      planned.get(cluster)?.map(({ object }) => object as RouteObject) ?? held,
    ]),
  );
}

/** The Gateways that a plan makes. */
export function newGateways(plan: Plan): readonly Gateway[] {
  return plan.subsets
    .filter(({ object }) => object.kind === 'Gateway')
    .map(({ object }) => object as Gateway);
}
