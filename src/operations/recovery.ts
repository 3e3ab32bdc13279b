import { FleetInconsistent, writeAllOrNone } from '../fleet/transaction/write-all.ts';
import type { Intent } from '../fleet/transaction/intent.ts';
import type { Change } from '../kubernetes/change.ts';
import { CanaryError, messageOf } from '../core/errors.ts';
import { nameOf } from '../kubernetes/objects.ts';
import { observe } from '../release/observation.ts';
import type { Observation } from '../release/observation.ts';
import { planTraffic } from '../release/plan-traffic.ts';
import { withHeldVersions } from '../release/traffic-target.ts';
import { obstaclesTo } from '../release/guards/servable.ts';
import type { FleetState } from '../release/state.ts';
import { describePlace } from '../release/observed-routing.ts';
import type { RouteState } from '../release/observed-routing.ts';
import { formatWeights, sameWeights } from '../core/weights.ts';
import type { Weights } from '../core/weights.ts';
import { checkShares } from './check.ts';
import { recordChange } from './context.ts';
import type { Context } from './context.ts';
import type { CheckKind } from '../report/run-events.ts';
import { findTargets, withClients } from './ingresses.ts';
import { virtualServices } from './verify.ts';

/** Someone else has taken the weights of a cluster into their hands: there is nothing left for a recovery to do. */
export class ChangedByOthers extends CanaryError {
  override readonly name = 'ChangedByOthers';
}

/** Neither the weights that a run was about to write nor those before them can be served now. */
export class CannotServe extends CanaryError {
  override readonly name = 'CannotServe';
}

/** How an unfinished transaction was settled. */
export type Recovery =
  /** All clusters hold its target, which was verified now. */
  | { readonly settled: 'verified'; readonly weights: Weights }
  /** All clusters hold the same weights: its target or those before it. */
  | { readonly settled: 'agreed'; readonly weights: Weights | undefined }
  /** Not at all: the clusters are as they were found, and the weights that this run brings replace them. */
  | { readonly settled: 'left to this run' };

/**
 * Brings all config clusters to the same weights after a run that died in the middle of a change, or could not finish it.
 * A step forward returns to the weights before it, unless all clusters hold its target and that passes the check. A step back
 * goes on to its target, which is what its user fled to. No version gets traffic that no ready pod would answer.
 *
 * @param verify whether a target that all clusters hold may be checked; otherwise a step forward returns
 * @throws ChangedByOthers that names a cluster which someone else has changed since; CannotServe where no ready pod would answer
 * for either weights; NotSettled where a cluster could not be read or written, so that it is to be done again
 */
export async function recover(context: Context, intent: Intent, verify: boolean): Promise<Recovery> {
  const { release, fleet, log } = context;
  const { target, previous, run } = intent;
  const state = await unlessOutOfReach([], () => fleet.read(release));
  const observed = observe(release, state);
  const { routes: inForce } = observed;
  const held = describeHeld(inForce);
  log.warn(`${run} ended in the middle of a change to ${formatWeights(target)}. The clusters hold: ${held}.`);
  assertOurs(intent, inForce);
  const weighing = inForce.filter(({ weights }) => weights !== undefined);
  if (weighing.length === 0) return { settled: 'agreed', weights: undefined };
  // A cluster that joins a release has nothing to return to; in a first install all get what one has.
  const concerned = previous === undefined ? inForce.filter(exists) : weighing;
  const agree = (weights: Weights): boolean => concerned.every((one) => isSame(one.weights, weights));
  const complete = concerned.length === inForce.length && agree(target);
  if (verify && complete && intent.direction === 'forward') {
    const outcome = await look(context, state, inForce, target);
    if (outcome === 'pass') {
      log.warn(`Settled: all clusters hold ${formatWeights(target)}, which is verified now.`);
      return { settled: 'verified', weights: target };
    }
    if (outcome === 'no ingress') {
      log.warn(
        `Settled: all clusters hold ${formatWeights(target)}; without an ingress they are not verified.`,
      );
      return { settled: 'agreed', weights: target };
    }
  }
  const wanted = chosen(intent, agree);
  const weights = await unlessOutOfReach([`They hold ${held}.`], () =>
    bringTo(context, { intent, observed, concerned, wanted }),
  );
  log.warn(`Settled: all clusters hold ${formatWeights(weights)}.`);
  return { settled: 'agreed', weights };
}

/** The weights to bring all clusters to, the better ones first. */
function chosen(
  { target, previous, direction }: Intent,
  agree: (weights: Weights) => boolean,
): readonly Weights[] {
  if (previous === undefined) return [target];
  if (direction === 'forward') return [previous, target];
  // Where nothing was written yet, the step back is left to whoever asks for it again.
  return agree(previous) ? [previous] : [target, previous];
}

interface Settlement {
  readonly intent: Intent;
  readonly observed: Observation;
  /** Those to be brought to the same weights. */
  readonly concerned: readonly RouteState[];
  readonly wanted: readonly Weights[];
}

/** Brings the clusters to the first of the wanted weights that can be served. @returns those */
async function bringTo(
  context: Context,
  { intent, observed, concerned, wanted }: Settlement,
): Promise<Weights> {
  const { fleet, log, signal } = context;
  const obstacles: string[] = [];
  for (const weights of wanted) {
    const found = obstaclesTo({ ...observed, routes: concerned }, weights);
    if (found.length > 0) {
      obstacles.push(`${formatWeights(weights)} cannot be served: ${found.join(', ')}.`);
      continue;
    }
    for (const sentence of obstacles) log.warn(sentence);
    if (!concerned.every((one) => isSame(one.weights, weights))) {
      const target = withHeldVersions({ routes: concerned }, weights);
      const history = historyFor(weights, intent, observed);
      const { routes } = planTraffic(observed, { weights: target, history });
      const changes = changesTo(concerned, routes);
      await writeAllOrNone(fleet, changes, signal, recordChange(context));
    }
    return weights;
  }
  throw new CannotServe(
    `${obstacles.join(' ')} Start the missing pods, or roll out weights that can be served (operation rollout or rollback, with the input weights).`,
  );
}

/** The earlier weights to record with these. */
function historyFor(
  weights: Weights,
  { target, previous, history }: Intent,
  { routes, record }: Observation,
): readonly Weights[] {
  if (previous === undefined || !sameWeights(weights, previous)) {
    const arrived = routes.find(
      ({ record }) => record?.weights !== undefined && sameWeights(record.weights, target),
    );
    if (arrived?.record !== undefined) return arrived.record.history;
  } else if (history !== undefined) return history;
  const recorded = record?.history ?? [];
  const index = recorded.findLastIndex((earlier) => sameWeights(earlier, weights));
  return index < 0 ? recorded : recorded.slice(0, index);
}

/** Whether weights that all clusters hold pass the check, and the bake where the release has one. */
async function look(
  context: Context,
  state: FleetState,
  inForce: readonly RouteState[],
  weights: Weights,
): Promise<'pass' | 'no pass' | 'no ingress'> {
  const { log, release } = context;
  log.info(`All clusters hold ${formatWeights(weights)}: checking whether that step passes.`);
  try {
    const targets = await findTargets(context, state, virtualServices(inForce));
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

/** @throws CanaryError where a cluster holds weights that are neither the target nor those before it */
function assertOurs({ target, previous, run }: Intent, inForce: readonly RouteState[]): void {
  const known = [target, ...(previous === undefined ? [] : [previous])];
  const strange = inForce.filter(
    ({ weights }) => weights !== undefined && !known.some((one) => isSame(weights, one)),
  );
  if (strange.length === 0) return;
  const clusters = strange.map((one) => describePlace(one, inForce)).join(', ');
  throw new ChangedByOthers(
    `${run} left a change half done, and someone else has changed the weights in ${clusters} since. Nothing is overwritten: bring all clusters to the same weights by hand, or with the operation rollback.`,
  );
}

/** `east v1=80,v2=20; west none` */
export function describeHeld(inForce: readonly RouteState[]): string {
  return inForce
    .map(
      (one) =>
        `${describePlace(one, inForce)} ${one.weights === undefined ? 'none' : formatWeights(one.weights)}`,
    )
    .join('; ');
}

/** Those of the changes that belong to these VirtualServices. */
export function changesTo(inForce: readonly RouteState[], changes: readonly Change[]): readonly Change[] {
  return changes.filter(({ cluster, object }) =>
    inForce.some(
      ({ cluster: name, virtualService: vs }) =>
        name === cluster && vs !== undefined && nameOf(vs) === nameOf(object),
    ),
  );
}

function isSame(held: Weights | undefined, weights: Weights): boolean {
  return held !== undefined && sameWeights(held, weights);
}

function exists({ virtualService }: RouteState): boolean {
  return virtualService !== undefined;
}

/**
 * Whatever keeps a run from settling now may be over when the next one tries.
 *
 * @param found what the clusters hold, should nothing have changed
 */
async function unlessOutOfReach<T>(found: readonly string[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CannotServe) throw error;
    const standing = error instanceof FleetInconsistent ? error.standing : found;
    throw new FleetInconsistent(
      `What an earlier run left half done could not be settled, and is left to the next one: ${messageOf(error)}`,
      standing,
      error,
    );
  }
}
