import type { IngressClient } from '../verify/ingress-client.ts';
import { FleetInconsistent, writeAllOrNone } from '../fleet/transaction/write-all.ts';
import type { TriedPlan } from '../fleet/dry-run.ts';
import { STEPS } from '../core/deadlines.ts';
import { endAfter, endBy } from '../core/signals.ts';
import { CanaryError, messageOf } from '../core/errors.ts';
import { clustersDisagree, allHolding } from '../release/cluster-weights.ts';
import type { ClusterWeights } from '../release/cluster-weights.ts';
import { allOf } from '../fleet/fleet.ts';
import { managedRoutes } from '../istio/managed-routes.ts';
import type { VirtualService } from '../kubernetes/objects.ts';
import { observe } from '../release/observation.ts';
import { planTraffic } from '../release/plan-traffic.ts';
import { targetWeights } from '../release/target-weights.ts';
import { stepBack } from '../release/traffic-target.ts';
import type { Plan } from '../release/plan.ts';
import type { Release } from '../release/release.ts';
import { obstaclesTo } from '../release/guards/servable.ts';
import type { FleetState } from '../release/state.ts';
import { describeEdit, editsOf, routeStateFor } from '../release/observed-routing.ts';
import type { RouteState } from '../release/observed-routing.ts';
import { formatWeights, sameWeights } from '../core/weights.ts';
import type { Weights } from '../core/weights.ts';
import { revisionSeen } from './check.ts';
import { phase, recordChange } from './context.ts';
import type { Context } from './context.ts';
import { changesTo } from './recovery.ts';

/** A plan whose routes build on the preview routes that were written. */
export interface Shift extends Plan {
  readonly workloads: TriedPlan['workloads'];
}

/** A step that did not pass. */
export interface FailedStep {
  /** What the clusters held before it. */
  readonly state: FleetState;
  readonly plan: Shift;
  readonly clients: readonly IngressClient[];
  /** What each config cluster holds since its weights were written. */
  readonly held: readonly ClusterWeights[];
}

/**
 * After anything but a pass: restores the weights that were in force before, if there were any and the step changed them.
 *
 * @returns what each config cluster holds then
 */
export async function rollBackAutomatically(
  context: Context,
  step: FailedStep,
): Promise<readonly ClusterWeights[]> {
  const { release, log } = context;
  const { previous, weights } = step.plan;
  if (release.onFailure === 'keep') {
    log.warn(`The weights stay ${formatWeights(weights)} (input on-failure: keep).`);
    return step.held;
  }
  if (previous === undefined) {
    log.warn(`The weights stay ${formatWeights(weights)}: there are no earlier ones to restore.`);
    return step.held;
  }
  if (sameWeights(previous, weights)) return step.held;
  // A cancellation must not end this as well; the runner waits a little before it kills.
  const signal = endBy(context.signal, STEPS.rollBack, 'Restoring the weights');
  const rescue: Context = { ...context, signal, fleet: context.fleet.withSignal(signal) };
  try {
    const result = await phase(rescue, 'Roll back', async () =>
      (await isHeld(rescue)) ? writeEarlier(rescue, step, previous) : undefined,
    );
    if (result === undefined) {
      leaveToOthers(context);
      return step.held;
    }
    logResult(context, previous, result);
    return result.held;
  } catch (error) {
    await noteFailure(context, step.state, previous, error);
    return step.held;
  }
}

/** A lock that is lost in the meantime is another run's, and so is the release. */
async function isHeld({ isHeld: ask, signal }: Context): Promise<boolean> {
  return (
    ask === undefined ||
    ask(AbortSignal.any([signal, endAfter(STEPS.askForLock.usualMs, 'Asking for the lock')]))
  );
}

function leaveToOthers({ log }: Context): void {
  log.warn('Nothing is restored: another run has taken over the lock, and recovers what this one began.');
}

function logResult({ log }: Context, previous: Weights, { held, remains }: Restored): void {
  log.warn(
    clustersDisagree(held)
      ? `Rolled back to ${formatWeights(previous)} where nobody else has changed the weights since.`
      : `Rolled back to ${formatWeights(previous)}.`,
  );
  for (const sentence of remains) log.warn(sentence);
}

/** What could not be restored is left to the post step, or to the next run. */
async function noteFailure(
  context: Context,
  state: FleetState,
  previous: Weights,
  error: unknown,
): Promise<void> {
  const { recorder, log } = context;
  context.leaveInconsistent?.();
  const now = (await whatStands(context, state)).join('; ');
  const failed = `The weights ${formatWeights(previous)} could not be restored everywhere. ${messageOf(error)} In force now: ${now}.`;
  const standing = error instanceof FleetInconsistent ? error.standing : [];
  recorder.record({ kind: 'remains', sentences: [failed, ...standing] });
  log.warn(failed);
}

/** `west v1=80,v2=20` of each config cluster, or that it cannot be read. */
async function whatStands(
  { release, fleet, signal }: Context,
  state: FleetState,
): Promise<readonly string[]> {
  const near = fleet.withSignal(endBy(signal, STEPS.readRemains, 'Reading'));
  const lines = release.configClusters.map(async (name) => {
    const alone: Release = { ...release, configClusters: [name] };
    try {
      const { held } = observe(alone, await near.readAgain(alone, state));
      return held.map(({ place, text }) => `${place} ${text}`);
    } catch (error) {
      return [`${name} cannot be read (${messageOf(error)})`];
    }
  });
  return (await Promise.all(lines)).flat();
}

/** What an automatic rollback has come to. */
interface Restored {
  readonly held: readonly ClusterWeights[];
  /** What is not as it was before the step, a sentence each. */
  readonly remains: readonly string[];
}

/**
 * Restores what still is as this run has written it; what someone else has changed since is left alone, and reported.
 *
 * @throws CanaryError where nothing is ready to serve the earlier weights: then nothing is written
 */
async function writeEarlier(
  context: Context,
  { state, plan, clients }: FailedStep,
  previous: Weights,
): Promise<Restored> {
  const { release, fleet, recorder, log } = context;
  const [fresh, serving] = await Promise.all([
    fleet.readAgain(release, state),
    fleet.readPodsAgain(release, state),
  ]);
  const routes = release.traffic.routes ?? namesOf(plan, release);
  const observed = observe(release, fresh, { routes });
  const own = observed.routes.filter((one) => isOwn(one, plan, previous));
  const left = observed.routes.filter((one) => !own.includes(one));
  const obstacles = obstaclesTo({ release, fleet: serving, routes: own }, previous);
  if (obstacles.length > 0)
    throw new CanaryError(`${formatWeights(previous)} cannot be served: ${obstacles.join(', ')}.`);
  const back = planTraffic(observed, stepBack(observed, targetWeights(observed, previous)));
  const changes = changesTo(own, back.routes);
  if (changes.length > 0) {
    // The signal is a deadline here: what it cuts off has had its time.
    await writeAllOrNone(fleet, changes, context.signal, recordChange(context), 0);
    recorder.record({ kind: 'in force', weights: previous, direction: 'back' });
  }
  recorder.record({ kind: 'previous weights', weights: back.before });
  const held = observed.held.flatMap((one, i) =>
    own.some((each) => each === observed.routes[i]) ? allHolding([one], previous) : [one],
  );
  const remains =
    left.length === 0
      ? []
      : [...left.map(describeLeft), ...own.map((one) => `${one.cluster} holds ${formatWeights(previous)}.`)];
  if (left.length > 0) recorder.record({ kind: 'read', held });
  recorder.record({ kind: 'remains', sentences: remains });
  try {
    const written = clients.filter(({ target }) => {
      const serving = routeStateFor(observed.routes, target.cluster);
      return serving !== undefined && own.includes(serving);
    });
    await allOf(revisionSeen(context, fresh, back.revision, written));
    return { held, remains };
  } catch (error) {
    // The clusters agree again; that an ingress does not show it is what made the rollout fail, or is its own news.
    log.warn(`Rolled back, but not seen through every ingress: ${messageOf(error)}`);
    const unseen = 'Not every ingress has been seen to answer under these weights.';
    recorder.record({ kind: 'remains', sentences: [unseen] });
    return { held, remains: [...remains, unseen] };
  }
}

/**
 * The names of the routes that the plan has written, where each has one: a route to the service that someone has added since does
 * not make the choice unclear.
 */
function namesOf(plan: Plan, release: Release): readonly string[] | undefined {
  const names = plan.routes.flatMap(({ object }) =>
    managedRoutes(object as VirtualService, release, undefined).map(({ name }) => name),
  );
  const known = names.filter((name) => name !== undefined);
  return known.length > 0 && known.length === names.length ? [...new Set(known)] : undefined;
}

/** Whether it is as the plan has written it, or someone has brought its weights back already. */
function isOwn({ record, weights }: RouteState, plan: Plan, previous: Weights): boolean {
  return (
    record?.weights !== undefined &&
    record.revision === plan.revision &&
    sameWeights(record.weights, plan.weights) &&
    weights !== undefined &&
    (sameWeights(weights, plan.weights) || sameWeights(weights, previous))
  );
}

function describeLeft(one: RouteState): string {
  const [edit] = editsOf([one]);
  return edit === undefined
    ? `${one.cluster} holds ${one.weights === undefined ? 'no weights' : formatWeights(one.weights)}, which this run has not written: left alone.`
    : `${describeEdit(edit)}: left alone.`;
}
