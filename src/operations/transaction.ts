import { NotSettled, writeTogether } from '../fleet/apply.ts';
import { LEASE_SECONDS } from '../fleet/lease.ts';
import type { Aim, Intent } from '../fleet/lease.ts';
import { Lock } from '../fleet/lock.ts';
import type { Leaving } from '../fleet/lock.ts';
import type { Change } from '../release/change.ts';
import { CanaryError, messageOf } from '../release/errors.ts';
import { nameOf } from '../release/objects.ts';
import { planRollout } from '../release/plan.ts';
import type { Release } from '../release/release.ts';
import { placeOf, weightsInForce } from '../release/traffic.ts';
import type { InForce } from '../release/traffic.ts';
import { formatWeights, sameWeights } from '../release/weights.ts';
import type { Weights } from '../release/weights.ts';
import { phase, recordIn } from './context.ts';
import type { Context } from './context.ts';

/**
 * Writes down another aim than the one the lock was taken with; given to work that must look again, since another run had
 * the lock in between.
 */
export type AimAnew = (aim: Aim) => Promise<void>;

/**
 * Runs work that changes the release, as the only run that does so: takes the lock in every config cluster, settles what an
 * earlier run left there, and gives the lock back whatever happens. What this one could not settle stays written down in it.
 *
 * @param work is handed `aimAnew` where what was read before may be out of date; it says in the journal what it left unsettled
 */
export async function inTransaction<T>(
  context: Context,
  aim: Aim,
  work: (context: Context, aimAnew: AimAnew | undefined) => Promise<T>,
): Promise<T> {
  const { fleet, release, identity, journal, log } = context;
  const lost = new AbortController();
  const signal = AbortSignal.any([context.signal, lost.signal]);
  const { lock, abandoned, stale } = await phase(context, 'Lock', () =>
    Lock.take(fleet, release, identity, aim, {
      signal,
      onWait: (text) => {
        log.info(text);
      },
      onLost: (error) => {
        lost.abort(error);
      },
    }),
  );
  let unsettled: Leaving = 'what it found';
  try {
    // Until the work aims anew, the lock tells what the earlier run was about to do: should this one die too, it is settled again.
    if (abandoned !== undefined) await phase(context, 'Settle', () => settle(context, abandoned));
    unsettled = 'all';
    return await work(
      { ...context, signal, fleet: fleet.withSignal(signal), isHeld: (until) => lock.isHeld(until) },
      stale ? (changed) => lock.intend(changed) : undefined,
    );
  } catch (error) {
    if (error instanceof NotSettled) {
      journal.settled = false;
      journal.remains = error.standing;
    }
    throw error;
  } finally {
    await giveBackLock(context, lock, journal.settled ? 'nothing' : unsettled);
  }
}

/** Settles what this very run left behind when it was killed, or could not settle; called by the `post` step. */
export async function settleOwn(context: Context): Promise<void> {
  const { fleet, release, identity, log } = context;
  const found = await Lock.find(fleet, release, identity);
  if (found === undefined) {
    log.info('Nothing was left half done.');
    return;
  }
  let leaving: Leaving = 'all';
  try {
    if (found.abandoned !== undefined) await settle(context, found.abandoned);
    leaving = 'nothing';
  } catch (error) {
    if (!(error instanceof NotSettled)) leaving = 'nothing';
    throw error;
  } finally {
    await giveBackLock(context, found.lock, leaving);
  }
}

async function giveBackLock({ release, log, signal }: Context, lock: Lock, leaving: Leaving): Promise<void> {
  const failures = await lock.release(leaving, signal);
  for (const [cluster, error] of failures) {
    log.warn(
      `The lock in ${cluster} could not be given back: ${messageOf(error)} It runs out within ${String(LEASE_SECONDS)} s, and the next run waits for that.`,
    );
  }
  if (leaving === 'nothing' && failures.size === release.configClusters.length) {
    log.warn(
      'No cluster could be told that this run has ended: the next one goes back to the weights before it.',
    );
  }
}

/**
 * Brings all config clusters to the same weights again after a run that died or could not do so itself: those before it, or
 * after a first install, which has none, those it was about to write. A cluster that someone else has changed since is left.
 *
 * @throws CanaryError that names it; NotSettled where a cluster could not be read or written, so that it is to be done again
 */
async function settle(context: Context, { target, previous, run }: Intent): Promise<void> {
  const { release, fleet, log } = context;
  const state = await unlessOutOfReach([], () => fleet.read(release));
  const inForce = weightsInForce(release, state);
  const held = inForce.map(
    (one) => `${placeOf(one, inForce)} ${one.weights === undefined ? 'none' : formatWeights(one.weights)}`,
  );
  log.warn(
    `${run} ended in the middle of a change to ${formatWeights(target)}. The clusters hold: ${held.join('; ')}.`,
  );
  const weighing = inForce.filter(({ weights }) => weights !== undefined);
  const known = [target, ...(previous === undefined ? [] : [previous])];
  const strange = weighing.filter(({ weights }) => !known.some((one) => isSame(weights, one)));
  if (strange.length > 0) {
    const clusters = strange.map((one) => placeOf(one, inForce)).join(', ');
    throw new CanaryError(
      `${run} left a change half done, and the weights in ${clusters} have been changed by someone else since. Nothing is overwritten: bring all clusters to the same weights by hand, or with the operation rollback.`,
    );
  }
  const weights = previous ?? target;
  if (weighing.length === 0) return;
  // A cluster that joins a release has nothing that could be given back; in a first install all get what one has.
  const concerned = previous === undefined ? inForce.filter(stands) : weighing;
  if (!concerned.every((one) => isSame(one.weights, weights))) {
    const { routes } = planRollout(bare(release, weights), state, 'back');
    const changes = changesTo(concerned, routes);
    await unlessOutOfReach([`They hold ${held.join('; ')}.`], () =>
      writeTogether(fleet, changes, context.signal, recordIn(context)),
    );
  }
  log.warn(`Settled: all clusters hold ${formatWeights(weights)}.`);
}

/** Those of the changes that are of these VirtualServices, as they stand. */
export function changesTo(inForce: readonly InForce[], changes: readonly Change[]): readonly Change[] {
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

function stands({ virtualService }: InForce): boolean {
  return virtualService !== undefined;
}

/**
 * Whatever keeps a run from settling now may be over when the next one tries.
 *
 * @param found what stands where, should nothing have changed
 */
async function unlessOutOfReach<T>(found: readonly string[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const standing = error instanceof NotSettled ? error.standing : found;
    throw new NotSettled(
      `What an earlier run left half done could not be settled, and is left to the next one: ${messageOf(error)}`,
      standing,
      error,
    );
  }
}

/** The release with these weights and nothing to deploy: whatever else its inputs say is not meant for this. */
export function bare(release: Release, weights: Weights): Release {
  return {
    ...release,
    version: undefined,
    placement: new Map(),
    workload: { ...release.workload, images: new Map(), manifests: undefined },
    traffic: { ...release.traffic, weights },
  };
}
