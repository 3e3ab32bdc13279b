// Finishes or undoes a transaction that a run left behind when it died. `roll-back.ts` is for a step of a live run, which knows
// what it wrote; a recovery knows only the intent and what the clusters hold.

import { CanaryError, messageOf } from '../../core/errors.ts';
import type { Message } from '../../texts/message.ts';
import { formatWeights, sameWeights } from '../../core/weights.ts';
import type { Weights } from '../../core/weights.ts';
import type { Observation } from '../../release/observation.ts';
import { describePlace } from '../../release/route-state.ts';
import type { RouteState } from '../../release/route-state.ts';
import { withHeldVersions } from '../../release/traffic-target.ts';
import type { Fleet } from '../fleet.ts';
import { FleetInconsistent, writeAllOrNone } from './all-or-none.ts';
import type { Intent } from './intent.ts';
import { obstacleSentence, restoreWeights } from './restore-weights.ts';
import { shutOutOtherChanges, shutOutRouteChanges } from './shut-out.ts';
import type { OnWritten } from './write-confirmed.ts';
import { theInput } from '../../core/wording.ts';

/** Someone else has changed the weights of a cluster since, so that nothing is left for a recovery to do. */
export class ChangedByOthers extends CanaryError {
  override readonly name = 'ChangedByOthers';
}

/** Neither the weights that a run was about to write nor those before them can be served now. */
export class CannotServe extends CanaryError {
  override readonly name = 'CannotServe';
}

/** How an unfinished transaction was recovered. */
export type Recovery =
  /** All clusters hold its target, which passed the check now. */
  | { readonly outcome: 'verified'; readonly weights: Weights }
  /** All clusters hold its target, which nothing could judge. */
  | { readonly outcome: 'not judged'; readonly weights: Weights }
  /** All clusters hold the same weights: its target or those before it. */
  | { readonly outcome: 'agreed'; readonly weights: Weights | undefined };

/** What a recovery needs of those who run it. */
export interface RecoveryOptions {
  readonly fleet: Fleet;
  readonly signal: AbortSignal;
  /** Reads what the clusters hold now. */
  readonly read: () => Promise<Observation>;
  /** Whether a target that all clusters hold passes the check; undefined: it is not checked, and a step forward returns. */
  readonly check:
    ((observed: Observation, target: Weights) => Promise<'pass' | 'no pass' | 'not judged'>) | undefined;
  readonly onWarning: (text: string) => void;
  readonly onWritten: OnWritten;
}

/**
 * Brings all config clusters to the same weights after a run that died in the middle of a change, or could not finish it. A step
 * forward returns to the weights before it, unless all clusters hold its target and that passes the check, or nothing can judge it. A step back goes on to
 * its target, to which its user flees. No version gets traffic that no ready pod would answer.
 *
 * @throws ChangedByOthers that names a cluster which someone else has changed since; CannotServe where no ready pod would answer for
 * either weights; FleetInconsistent where a cluster could not be read or written, so that it has to be done again
 */
export async function recover(intent: Intent, options: RecoveryOptions): Promise<Recovery> {
  const { read, check, onWarning } = options;
  const { target, previous, run } = intent;
  const observed = await orInconsistent([], read);
  const held = describeHeld(observed.routes);
  onWarning(
    `${run} ended in the middle of a change to ${formatWeights(target)}. The clusters hold: ${held}.`,
  );
  // Also where somebody else has changed the weights: their version may be one of those concerned.
  await orInconsistent([], () => shutOutOtherChanges(intent, observed, options));
  assertOurs(intent, observed.routes);
  const withWeights = observed.routes.filter(
    ({ weights, accord }) => weights !== undefined || accord === 'different',
  );
  if (withWeights.length === 0) {
    await orInconsistent([], () => shutOutRouteChanges(intent, observed.routes, options));
    return { outcome: 'agreed', weights: undefined };
  }
  // A cluster that joins a release has nothing to return to; in a first install all get what one has.
  const concerned = previous === undefined ? observed.routes.filter(exists) : withWeights;
  const agree = (weights: Weights): boolean => concerned.every((one) => holdsOnly(one, weights));
  const isComplete = concerned.length === observed.routes.length && agree(target);
  if (check !== undefined && isComplete && intent.direction === 'forward') {
    const result = await check(observed, target);
    const all = `Recovered: all clusters hold ${formatWeights(target)}`;
    if (result === 'pass') {
      onWarning(`${all}, which is verified now.`);
      return { outcome: 'verified', weights: target };
    }
    if (result === 'not judged') {
      onWarning(`${all}, not verified: no ingress is sampled, and no metric judges them.`);
      return { outcome: 'not judged', weights: target };
    }
  }
  const wanted = inOrderOfPreference(intent, agree);
  const weights = await orInconsistent(
    [
      {
        kind: 'theyHold',
        held: observed.routes.map((one) => ({
          place: describePlace(one, observed.routes),
          weights: one.weights,
        })),
      },
    ],
    () => bringTo(wanted, { intent, observed, concerned }, options),
  );
  onWarning(`Recovered: ${reached(observed)} ${formatWeights(weights)}.`);
  return { outcome: 'agreed', weights };
}

/** Who is known to hold the recovered weights: a cluster out of reach may hold others. */
function reached({ release, clusters }: Observation): string {
  return clusters.length === release.configClusters.length
    ? 'all clusters hold'
    : clusters.map((name) => `${name} holds`).join(' and ');
}

/** The weights that all clusters may be brought to, the better ones first. */
function inOrderOfPreference(
  { target, previous, direction }: Intent,
  agree: (weights: Weights) => boolean,
): readonly Weights[] {
  if (previous === undefined) return [target];
  if (direction === 'forward') return [previous, target];
  // Where nothing was written yet, the step back is left to whoever asks for it again.
  return agree(previous) ? [previous] : [target, previous];
}

interface Found {
  readonly intent: Intent;
  readonly observed: Observation;
  /** Those to be brought to the same weights. */
  readonly concerned: readonly RouteState[];
}

/** Brings the clusters to the first of the wanted weights that can be served. @returns those */
async function bringTo(
  wanted: readonly Weights[],
  { intent, observed, concerned }: Found,
  options: RecoveryOptions,
): Promise<Weights> {
  const { fleet, signal, onWritten, onWarning } = options;
  const obstacles: string[] = [];
  for (const weights of wanted) {
    const obstacle = obstacleSentence({ ...observed, routes: concerned }, weights);
    if (obstacle !== undefined) {
      obstacles.push(obstacle);
      continue;
    }
    for (const sentence of obstacles) onWarning(sentence);
    if (!concerned.every((one) => holdsOnly(one, weights))) {
      const target = {
        weights: withHeldVersions({ routes: concerned }, weights),
        history: historyFor(weights, intent, observed),
      };
      await restoreWeights(observed, concerned, target, (changes) =>
        writeAllOrNone(fleet, changes, { signal, onWritten }),
      );
    } else if (!sameWeights(weights, intent.target)) await shutOutRouteChanges(intent, concerned, options);
    return weights;
  }
  throw new CannotServe(
    `${obstacles.join(' ')} Start the missing pods, or roll out weights that can be served (operation rollout or rollback, with ${theInput('weights')}).`,
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
      (one) => one.record?.weights !== undefined && sameWeights(one.record.weights, target),
    );
    if (arrived?.record !== undefined) return arrived.record.history;
  } else if (history !== undefined) return history;
  const recorded = record?.history ?? [];
  const index = recorded.findLastIndex((earlier) => sameWeights(earlier, weights));
  return index < 0 ? recorded : recorded.slice(0, index);
}

/** @throws ChangedByOthers where a cluster holds weights that are neither the target nor those before it */
function assertOurs({ target, previous, direction, run }: Intent, routes: readonly RouteState[]): void {
  const known = [target, ...(previous === undefined ? [] : [previous])];
  // Only a way back from no common weights begins with routes that differ.
  const mayDiffer = direction === 'back' && previous === undefined;
  const strange = routes.filter((one) =>
    one.accord === 'different'
      ? !mayDiffer
      : one.weights !== undefined && !known.some((weights) => holdsWeights(one, weights)),
  );
  if (strange.length === 0) return;
  const clusters = strange.map((one) => describePlace(one, routes)).join(', ');
  throw new ChangedByOthers(
    `${run} left a change half done, and someone else has changed the weights in ${clusters} since. Nothing is overwritten: bring all clusters to the same weights by hand, or with the operation rollback.`,
  );
}

/** `east v1=80,v2=20; west none` */
function describeHeld(routes: readonly RouteState[]): string {
  return routes
    .map(
      (one) =>
        `${describePlace(one, routes)} ${one.weights === undefined ? 'none' : formatWeights(one.weights)}`,
    )
    .join('; ');
}

function holdsWeights({ weights: held }: RouteState, weights: Weights): boolean {
  return held !== undefined && sameWeights(held, weights);
}

/** The same of all managed routes, those that join the release as well. */
function holdsOnly(one: RouteState, weights: Weights): boolean {
  return one.accord === 'same' && holdsWeights(one, weights);
}

function exists({ object }: RouteState): boolean {
  return object !== undefined;
}

/**
 * Whatever prevents a recovery now may be over when the next run tries.
 *
 * @param found what the clusters hold if nothing has changed
 */
async function orInconsistent<T>(found: readonly Message[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CannotServe) throw error;
    throw new FleetInconsistent(
      `What an earlier run left half done could not be recovered, and is left to the next run: ${messageOf(error)}`,
      error instanceof FleetInconsistent ? error.remains : found,
      error,
    );
  }
}
