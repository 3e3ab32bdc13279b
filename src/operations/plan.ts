import { dryRun, triedIn } from '../fleet/dry-run.ts';
import type { Message } from '../texts/message.ts';
import type { TriedPlan } from '../fleet/dry-run.ts';
import { allOf } from '../fleet/fleet.ts';
import { describeMissing, isReadOnly, missingPermissions } from '../fleet/preflight.ts';
import { assertSidecars } from '../fleet/injection.ts';
import {
  alignmentOf,
  clustersDisagree,
  readClusterWeights,
  formatClusterWeights,
  describeClusterWeights,
} from '../release/cluster-weights.ts';
import type { ClusterWeights } from '../release/cluster-weights.ts';
import { nextTurn } from '../core/clock.ts';
import { resultOf, settled } from '../core/settled.ts';
import { CanaryError } from '../core/errors.ts';
import { nameOf } from '../kubernetes/objects.ts';
import type { KubeObject } from '../kubernetes/objects.ts';
import { planRollout } from '../release/plan.ts';
import type { FleetState } from '../release/state.ts';
import { previousOf } from '../release/history.ts';
import { assertKeepsServing } from '../release/guards/keeps-serving.ts';
import type { Observation } from '../release/observation.ts';
import { observe } from '../release/observation.ts';
import { formatWeights } from '../core/weights.ts';
import type { Weights } from '../core/weights.ts';
import { theInput } from '../core/wording.ts';
import { inEnglish, textsIn } from '../texts/texts.ts';
import { differenceOf } from '../report/difference.ts';
import type { PlannedChange, PlannedRollout } from '../report/run-events.ts';
import { whyUnchecked } from '../report/planned-change.ts';
import { noteBlindSpots, phase, logDefects } from './context.ts';
import type { Context } from './context.ts';
import type { Ingress } from '../verify/find-ingress.ts';
import { findIngresses, targetsAt } from './ingresses.ts';
import { foreseeMetrics } from './metrics.ts';
import { prepareAgain } from './prepare-again.ts';
import { finalRoutes, newGateways, warnOf } from './prepare-step.ts';

/**
 * Shows what a rollout would change in every cluster, by the servers' dry runs. Then finds the ingresses and checks the
 * permissions, so that what would stop the rollout is known before it. Samples nothing, and writes nothing.
 *
 * @throws CanaryError with all that would stop the rollout, once the difference has been shown
 */
export async function plan(context: Context): Promise<void> {
  const { recorder } = context;
  const prepared = await prepareAgain(context, tryRollout);
  const { state, held, observed, tried } = prepared;
  noteBlindSpots(context, observed);
  const findings = logDefects(context, observed);
  if (findings.length > 0) recorder.record({ kind: 'explained', findings });
  recorder.record({ kind: 'previous weights', weights: previousOf(observed.record) });
  const planned: PlannedRollout = {
    weights: tried.weights,
    clusters: [...state.keys()],
    changes: await plannedChanges(tried),
  };
  recorder.record({ kind: 'planned', plan: planned });
  await show(context, held, planned);
  warnOf(context, tried);
  await phase(context, 'Preflight', () => foresee(context, prepared));
  if (clustersDisagree(held)) throw new CanaryError(different(held, tried.weights));
}

interface TriedRollout {
  readonly state: FleetState;
  readonly held: readonly ClusterWeights[];
  readonly observed: Observation;
  readonly tried: TriedPlan;
  /** Still looked for; a failure is reported with all else that would stop the rollout. */
  readonly ingresses: Promise<PromiseSettledResult<readonly Ingress[]>>;
}

/** Reads the clusters, plans a rollout, lets every server try it, and finds the ingresses. */
async function tryRollout(context: Context): Promise<TriedRollout> {
  const { release, fleet, recorder } = context;
  const state = await phase(context, 'Read', () => fleet.read(release));
  const held = readClusterWeights(release, state);
  recorder.record({ kind: 'read', held });
  await nextTurn();
  const observed = observe(release, state);
  return phase(context, 'Plan', async () => {
    await nextTurn();
    const rollout = planRollout(observed);
    await nextTurn();
    const routing = finalRoutes(observed, rollout);
    const ingresses = settled(findIngresses(context, state, routing, newGateways(rollout)));
    return { state, held, observed, tried: await dryRun(fleet, state, rollout), ingresses };
  });
}

/** Whoever approves a release by its plan has to know before it is merged. */
function different(held: readonly ClusterWeights[], weights: Weights): string {
  const first =
    alignmentOf(held) === 'rollback'
      ? `; to repair them first, run the operation rollback with ${theInput('weights')}`
      : '';
  return `The clusters hold different weights: ${describeClusterWeights(held)}. A rollout with these inputs would bring all of them to ${formatWeights(weights)}${first}.`;
}

/** What would stop the rollout before it writes anything, all at once. */
async function foresee(context: Context, { state, observed, tried, ingresses }: TriedRollout): Promise<void> {
  const { release, fleet, log } = context;
  const changes = triedIn(tried);
  await allOf<unknown>([
    Promise.resolve().then(() => {
      for (const sentence of assertKeepsServing(release, state, tried)) log.warn(sentence);
    }),
    ingresses.then((found) => targetsAt(context, resultOf(found))),
    assertSidecars(fleet, release, state, tried, 'planned').then((unasked) => {
      for (const sentence of unasked) log.info(sentence);
    }),
    ...(changes.length === 0 ? [] : [assertPermitted(context, tried)]),
    foreseeMetrics(context, { observed, weights: tried.weights }),
  ]);
}

/**
 * A user who may write nothing of the release, in no cluster, is meant to read: the rollout has another one. Anything less is a
 * permission that was forgotten.
 *
 * @throws CanaryError that lists the missing permissions
 */
async function assertPermitted({ release, fleet, recorder, log }: Context, tried: TriedPlan): Promise<void> {
  const undertaking = { changes: triedIn(tried), ready: tried.ready };
  const missing = await missingPermissions(fleet, release, undertaking);
  if (missing.length === 0) return;
  if (!isReadOnly(release, undertaking, missing)) throw new CanaryError(describeMissing(missing));
  const message: Message = { kind: 'planUnchecked' };
  log.warn(inEnglish(message));
  recorder.record({ kind: 'blind spots', of: 'permissions', messages: [message] });
}

/** The changes in their order. An object that several stages change is compared with the stage before. */
async function plannedChanges(tried: TriedPlan): Promise<readonly PlannedChange[]> {
  const latest = new Map<string, KubeObject | undefined>();
  const planned: PlannedChange[] = [];
  for (const change of triedIn(tried)) {
    const { cluster, verb, reason, live, after, missing } = change;
    const object = nameOf(change.object);
    const key = `${cluster} ${change.object.apiVersion} ${object}`;
    const diff = await differenceOf(latest.has(key) ? latest.get(key) : live, after, nextTurn);
    latest.set(key, after);
    const denied = missing.length > 0;
    planned.push({
      cluster,
      verb,
      object,
      reason,
      diff,
      tried: change.tried,
      ...(denied ? { denied } : {}),
    });
  }
  return planned;
}

async function show(
  { release, log }: Context,
  held: readonly ClusterWeights[],
  planned: PlannedRollout,
): Promise<void> {
  log.info(`${release.app}: ${formatClusterWeights(held)} → ${formatWeights(planned.weights)}`);
  for (const cluster of planned.clusters) {
    const changes = planned.changes.filter((change) => change.cluster === cluster);
    if (changes.length === 0) log.info(`${cluster}: nothing would change.`);
    else await log.group(`Plan for ${cluster}`, () => showChanges(log, changes));
  }
  if (planned.changes.length === 0) log.info(textsIn('en').headline.nothingWouldChange);
}

async function showChanges(log: Context['log'], changes: readonly PlannedChange[]): Promise<void> {
  for (const change of changes) {
    const { cluster, verb, object, reason, diff } = change;
    const unchecked = whyUnchecked(change, textsIn('en'));
    const note = unchecked === undefined ? '' : `. ${unchecked}`;
    log.info(`${cluster}: ${verb} ${object} (${inEnglish(reason)})${note}\n${diff}\n`);
    await nextTurn();
  }
}
