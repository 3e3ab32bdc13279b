// Undoes a step of this run whose check did not pass: every cluster gets the weights before it. `recover.ts` does so for a run
// that died, and `revert-change.ts` for a write that did not reach every cluster.

import { STEPS } from '../../core/deadlines.ts';
import type { Message } from '../../texts/message.ts';
import { inEnglish } from '../../texts/texts.ts';
import { CanaryError, messageOf } from '../../core/errors.ts';
import type { ClusterName } from '../../core/names.ts';
import { endBy } from '../../core/signals.ts';
import { sameWeights } from '../../core/weights.ts';
import type { Weights } from '../../core/weights.ts';
import { observe } from '../../release/observation.ts';
import type { Observation } from '../../release/observation.ts';
import { anyRoutesOf } from '../../release/release-routes.ts';
import type { RouteObject } from '../../release/route-object.ts';
import type { RouteState } from '../../release/route-state.ts';
import type { TrafficPlan } from '../../release/plan-traffic.ts';
import type { Release } from '../../release/release.ts';
import type { FleetState } from '../../release/state.ts';
import { targetWeights } from '../../release/target-weights.ts';
import { stepBack } from '../../release/traffic-target.ts';
import type { Fleet } from '../fleet.ts';
import { FleetInconsistent } from './all-or-none.ts';
import { obstacleSentence, restoreWeights } from './restore-weights.ts';
import type { Transaction } from './transaction.ts';
import type { OnWritten } from './write-confirmed.ts';

/** A step whose weights are to go back to those before it. */
export interface WrittenStep {
  readonly release: Release;
  /** What the clusters held before it. */
  readonly state: FleetState;
  readonly plan: Pick<TrafficPlan, 'weights' | 'revision' | 'routes'>;
  readonly previous: Weights;
}

/** What a rollback has done. */
export interface RolledBack {
  /** The clusters before it wrote. */
  readonly observed: Observation;
  readonly plan: TrafficPlan;
  /** What was as the step had written it, and holds the earlier weights now. */
  readonly own: readonly RouteState[];
  /** What someone else has changed since, which is left alone. */
  readonly left: readonly RouteState[];
  readonly hasWritten: boolean;
}

export interface RollbackOptions {
  /** Its deadline. */
  readonly signal: AbortSignal;
  /** Of the run: once it is cancelled, clusters that do not answer are left to the post step. */
  readonly run: AbortSignal;
  readonly onWritten: OnWritten;
}

/**
 * Restores the weights before a step wherever the step's own still are in force; what someone else has changed since is left alone.
 *
 * @returns undefined where another run has taken over the lock: then it recovers the step
 * @throws CanaryError where no ready pod would serve the earlier weights, and nothing is written; FleetInconsistent where a cluster
 * could not be read or written
 */
export async function rollBack(
  transaction: Transaction,
  step: WrittenStep,
  { signal, run, onWritten }: RollbackOptions,
): Promise<RolledBack | undefined> {
  const { release, state, plan, previous } = step;
  const asking = AbortSignal.any([signal, endBy(run, STEPS.askForLock, 'Asking for the lock')]);
  const reading = AbortSignal.any([signal, endBy(run, STEPS.readBeforeRollback, 'Reading')]);
  const fleet = transaction.fleet.withSignal(reading);
  const [isHeld, { fresh, away }, serving] = await Promise.all([
    transaction.isHeld(asking),
    readTraffic(fleet, step, run),
    fleet.readPodsAgain(release, state),
  ]);
  if (!isHeld) return undefined;
  const observed = observe(release, fresh, {
    clusters: release.configClusters.filter((name) => !away.has(name)),
    routes: release.traffic.routes ?? namesOf(step),
  });
  const own = observed.routes.filter((one) => isOwn(one, step));
  const left = observed.routes.filter((one) => !own.includes(one));
  const obstacle = obstacleSentence({ release, fleet: serving, routes: own }, previous);
  if (obstacle !== undefined) throw new CanaryError(obstacle);
  const target = stepBack(observed, targetWeights(observed, previous));
  let hasWritten = false;
  const back = await restoreWeights(observed, own, target, async (changes) => {
    await transaction.writeAllOrNone(changes, { signal, onWritten, restores: { run } });
    hasWritten = true;
  });
  if (away.size > 0) {
    const either = [plan.weights, previous];
    const lines = [...away].map(([cluster, error]): Message => ({
      kind: 'noAnswerInTime',
      cluster,
      either,
      error: messageOf(error),
    }));
    const restored = own.map(({ cluster }): Message => ({ kind: 'holdsAgain', cluster, weights: previous }));
    const text = lines.map(inEnglish).join(' ');
    throw new FleetInconsistent(text, [...restored, ...lines], [...away.values()][0]);
  }
  return { observed, plan: back, own, left, hasWritten };
}

/**
 * The state with the traffic objects as they are now, and why some could not be read.
 *
 * @throws what could not be read, unless the run is cancelled
 */
async function readTraffic(
  fleet: Fleet,
  { release, state }: WrittenStep,
  run: AbortSignal,
): Promise<{ readonly fresh: FleetState; readonly away: ReadonlyMap<ClusterName, unknown> }> {
  const { state: fresh, failures: away } = await fleet.readEachAgain(release, state);
  const [failure] = away.values();
  if (away.size > 0 && !run.aborted) throw failure;
  return { fresh, away };
}

/**
 * The names of the routes that the step has written, where each has one: a route to the service that someone has added since does
 * not make the choice unclear.
 */
function namesOf({ plan, release, state }: WrittenStep): readonly string[] | undefined {
  const { api, choice } = anyRoutesOf(release, state);
  const names = plan.routes.flatMap(({ object }) => api.routeNames(object as RouteObject, choice));
  const known = names.filter((name) => name !== undefined);
  return known.length > 0 && known.length === names.length ? [...new Set(known)] : undefined;
}

/** Whether it is as the step has written it, or someone has restored its weights already. */
function isOwn({ record, weights }: RouteState, { plan, previous }: WrittenStep): boolean {
  return (
    record?.weights !== undefined &&
    record.revision === plan.revision &&
    sameWeights(record.weights, plan.weights) &&
    weights !== undefined &&
    (sameWeights(weights, plan.weights) || sameWeights(weights, previous))
  );
}
