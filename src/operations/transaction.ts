import { Lock } from '../fleet/lock.ts';
import type { Intent } from '../fleet/lease.ts';
import type { Taken } from '../fleet/lock.ts';
import { writeTogether } from '../fleet/apply.ts';
import { CanaryError } from '../release/errors.ts';
import { planRollout } from '../release/plan.ts';
import type { Release } from '../release/release.ts';
import { placeOf, weightsInForce } from '../release/traffic.ts';
import { formatWeights, sameWeights } from '../release/weights.ts';
import type { Weights } from '../release/weights.ts';
import { phase, recordIn } from './context.ts';
import type { Context } from './context.ts';

/** What a run is about to change. */
export type Aim = Pick<Intent, 'target' | 'previous'>;

/**
 * Writes down another aim than the one the lock was taken with; given to work that must look again, since another run had
 * the lock in between.
 */
export type AimAnew = (aim: Aim) => Promise<void>;

/**
 * Runs work that changes the release, as the only run that does so: takes the lock in every config cluster, settles what a
 * dead run left there, and gives the lock back whatever happens.
 *
 * @param work is handed `aimAnew` where what was read before may be out of date
 */
export async function inTransaction<T>(
  context: Context,
  aim: Aim,
  work: (context: Context, aimAnew: AimAnew | undefined) => Promise<T>,
): Promise<T> {
  const { fleet, release, identity, log } = context;
  const lost = new AbortController();
  const signal = AbortSignal.any([context.signal, lost.signal]);
  const intentTo = (changed: Aim): Intent => ({ ...changed, run: identity.run });
  const { lock, abandoned, waited } = await phase(context, 'Lock', () =>
    Lock.take(fleet, release, identity, intentTo(aim), {
      signal,
      onWait: (text) => {
        log.info(text);
      },
      onLost: (error) => {
        lost.abort(error);
      },
    }),
  );
  try {
    // Until the work aims anew, the lock tells what the dead run was about to do: should this one die too, it is settled again.
    if (abandoned !== undefined) await phase(context, 'Settle', () => settle(context, abandoned));
    const stale = waited || abandoned !== undefined;
    return await work(
      { ...context, signal, fleet: fleet.withSignal(signal) },
      stale ? (changed) => lock.intend(intentTo(changed)) : undefined,
    );
  } finally {
    await lock.release();
  }
}

/** Settles what this very run left behind when it was killed; called by the `post` step. */
export async function settleOwn(context: Context): Promise<void> {
  const { fleet, release, identity, log } = context;
  const found: Taken | undefined = await Lock.find(fleet, release, identity);
  if (found === undefined) {
    log.info('Nothing was left half done.');
    return;
  }
  try {
    if (found.abandoned !== undefined) await settle(context, found.abandoned);
  } finally {
    await found.lock.release();
  }
}

/**
 * Brings all config clusters to the same weights again after a run that died: those before it, or after a first install,
 * which has none, those it was about to write. A cluster that someone else has changed since is left.
 *
 * @throws CanaryError that names it
 */
async function settle(context: Context, { target, previous, run }: Intent): Promise<void> {
  const { release, fleet, log } = context;
  const state = await fleet.read(release);
  const inForce = weightsInForce(release, state);
  const held = inForce.map(
    (one) => `${placeOf(one, inForce)} ${one.weights === undefined ? 'none' : formatWeights(one.weights)}`,
  );
  log.warn(
    `${run} ended in the middle of a change to ${formatWeights(target)}. The clusters hold: ${held.join('; ')}.`,
  );
  if (inForce.every(({ weights }) => weights === undefined)) return;
  const known = [target, ...(previous === undefined ? [] : [previous])];
  const strange = inForce.filter(
    ({ weights }) => weights !== undefined && !known.some((one) => sameWeights(one, weights)),
  );
  if (strange.length > 0) {
    const clusters = strange.map((one) => placeOf(one, inForce)).join(', ');
    throw new CanaryError(
      `${run} left a change half done, and the weights in ${clusters} have been changed by someone else since. Nothing is overwritten: bring all clusters to the same weights by hand, or with the operation rollback.`,
    );
  }
  const weights = previous ?? target;
  const plan = planRollout(bare(release, weights), state, 'back');
  await writeTogether(fleet, plan.routes, context.signal, recordIn(context));
  log.warn(`Settled: all clusters hold ${formatWeights(weights)}.`);
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
