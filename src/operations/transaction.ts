import { FleetInconsistent } from '../fleet/transaction/write-all.ts';
import type { Aim, Intent } from '../fleet/transaction/intent.ts';
import { LOCK } from '../core/deadlines.ts';
import type { Leases } from '../fleet/transaction/lease.ts';
import { Lock } from '../fleet/transaction/lock.ts';
import type { ReleaseMode } from '../fleet/transaction/lock.ts';
import { CanaryError, messageOf } from '../core/errors.ts';
import type { Release } from '../release/release.ts';
import type { ClusterName } from '../core/names.ts';
import { formatWeights } from '../core/weights.ts';
import { phase } from './context.ts';
import type { Context } from './context.ts';
import { CannotServe, ChangedByOthers, recover } from './recovery.ts';
import type { Recovery } from './recovery.ts';

/** What has changed since the run looked; its work looks again, and says what it is about to do then. */
export interface Stale {
  /** Writes down another aim than the one the lock was taken with. */
  readonly aimAnew: (aim: Aim) => Promise<void>;
  /** How the transaction of an earlier run was settled; undefined where there was nothing to settle. */
  readonly recovery: Recovery | undefined;
}

/**
 * Runs work that changes the release, as the only run that does so: takes the lock in every config cluster, settles what an
 * earlier run left there, and releases the lock whatever happens. What this one could not settle stays written down in it.
 *
 * @param seen the leases when the state that the aim is based on was read
 * @param options `repairs`: the work brings weights of its own to all clusters, so that it may go on where those of the earlier
 * run can no longer be served
 * @param work receives `stale` where that state may be out of date; it calls `leaveInconsistent` where clusters are left apart
 */
export async function inTransaction<T>(
  context: Context,
  seen: Leases,
  aim: Aim,
  work: (context: Context, stale: Stale | undefined) => Promise<T>,
  { repairs = false }: { readonly repairs?: boolean } = {},
): Promise<T> {
  const { fleet, release, identity, recorder, log } = context;
  const lost = new AbortController();
  const signal = AbortSignal.any([context.signal, lost.signal]);
  const { lock, abandoned, stale } = await phase(context, 'Lock', () =>
    Lock.take(fleet, release, identity, aim, {
      seen,
      signal,
      onWait: (text) => {
        log.info(text);
      },
      onLost: (error) => {
        lost.abort(error);
      },
    }),
  );
  const clusters = { areConsistent: true };
  const leaveInconsistent = (): void => {
    clusters.areConsistent = false;
    recorder.record({ kind: 'inconsistent' });
  };
  const inside: Context = {
    ...context,
    signal,
    leaveInconsistent,
    fleet: fleet.withSignal(signal),
    isHeld: (until) => lock.isHeld(until),
    assertHeld: () => lock.assertHeld(signal),
  };
  let leaving: ReleaseMode = 'what it found';
  try {
    // Until the work aims anew, the lock holds the earlier run's intent: should this run die too, it is settled again.
    const recovery = abandoned && (await phase(context, 'Settle', () => settle(inside, abandoned, repairs)));
    if (recovery?.settled !== 'left to this run') leaving = 'all';
    const aimAnew = async (changed: Aim): Promise<void> => {
      await lock.intend(changed);
      leaving = 'all';
    };
    const looksAgain = stale || recovery !== undefined;
    const result = await work(inside, looksAgain ? { aimAnew, recovery } : undefined);
    if (clusters.areConsistent) leaving = 'nothing';
    return result;
  } catch (error) {
    if (error instanceof FleetInconsistent) {
      leaveInconsistent();
      recorder.record({ kind: 'remains', sentences: error.standing });
    } else if (error instanceof ChangedByOthers || (leaving === 'all' && clusters.areConsistent)) {
      leaving = 'nothing';
    }
    throw error;
  } finally {
    await releaseLock(context, lock, leaving);
  }
}

async function settle(context: Context, abandoned: Intent, repairs: boolean): Promise<Recovery> {
  try {
    return await recover(context, abandoned, true);
  } catch (error) {
    if (!(repairs && error instanceof CannotServe)) throw error;
    context.log.warn(`${error.message} This run goes on to the weights that it was asked for.`);
    return { settled: 'left to this run' };
  }
}

/**
 * Settles what this very run left behind when it was killed, or could not settle; called by the `post` step. Where a cluster
 * cannot be reached, the others are settled, and it is left to the next run.
 *
 * @param concluded the transaction that ended with nothing left but its lock
 * @throws CanaryError that names the clusters which are not settled
 */
export async function recoverOwn(context: Context, concluded: string | undefined): Promise<void> {
  const { fleet, release, identity, log } = context;
  const { taken, unreachable } = await Lock.find(fleet, release, identity);
  if (taken === undefined) {
    if (unreachable.size > 0) throw new CanaryError(unknownOf(unreachable));
    log.info('Nothing was left half done.');
    return;
  }
  const { lock, abandoned } = taken;
  let leaving: ReleaseMode = 'all';
  try {
    if (abandoned === undefined || abandoned.transaction === concluded) {
      log.info('The main step ended with nothing left to settle: only its lock is released.');
    } else {
      const left = await recoverReachable(context, abandoned, unreachable);
      if (left.length > 0) throw new FleetInconsistent(left.join(' '), left, undefined);
    }
    leaving = 'nothing';
  } catch (error) {
    if (error instanceof ChangedByOthers) leaving = 'nothing';
    throw error;
  } finally {
    await releaseLock(context, lock, leaving);
  }
}

/** Settles the clusters that can be reached. @returns a sentence for each that cannot */
async function recoverReachable(
  context: Context,
  intent: Intent,
  unreachable: ReadonlyMap<ClusterName, Error>,
): Promise<readonly string[]> {
  const { release, fleet } = context;
  const { failures } = await fleet.readEach(release);
  const away = new Map([...unreachable, ...failures]);
  const near = without(release, away);
  await recover({ ...context, release: near }, intent, false);
  const either = [intent.target, ...(intent.previous === undefined ? [] : [intent.previous])];
  return release.configClusters.flatMap((name) => {
    return !away.has(name)
      ? []
      : [
          `${name} is not settled: it holds ${either.map(formatWeights).join(' or ')}, and could not be reached (${messageOf(away.get(name))}). The next run settles it; re-run this job when the cluster is back.`,
        ];
  });
}

/** The release without some of its clusters. */
function without(release: Release, away: ReadonlyMap<ClusterName, unknown>): Release {
  const kept = (names: readonly ClusterName[]): readonly ClusterName[] =>
    names.filter((name) => !away.has(name));
  const { placement } = release;
  return {
    ...release,
    clusters: kept(release.clusters),
    configClusters: kept(release.configClusters),
    placement: new Map([...placement].map(([version, names]) => [version, kept(names)])),
  };
}

function unknownOf(unreachable: ReadonlyMap<ClusterName, Error>): string {
  const reasons = [...unreachable].map(([name, error]) => `${name}: ${messageOf(error)}`);
  return `The other clusters hold no lock of this run. Whether it left one in ${[...unreachable.keys()].join(', ')} is not known, since that could not be read; the next run settles what it finds there. ${reasons.join(' ')}`;
}

async function releaseLock(context: Context, lock: Lock, leaving: ReleaseMode): Promise<void> {
  const { release, log, signal, onTransaction } = context;
  // Should the run be killed from here on, its post step only has to release the lock.
  if (leaving === 'nothing') onTransaction?.(lock.transaction, 'concluded');
  const failures = await lock.release(leaving, signal);
  for (const [cluster, error] of failures) {
    log.warn(
      `The lock in ${cluster} could not be released: ${messageOf(error)} It expires within ${String(LOCK.leaseMs / 1000)} s, and the next run waits for that.`,
    );
  }
  if (leaving !== 'nothing') return;
  if (failures.size === 0) onTransaction?.(lock.transaction, 'released');
  if (failures.size === release.configClusters.length) {
    log.warn(
      'No cluster could be told that this run has ended. The post step tries again; should it fail too, the next run verifies the weights in force first, and keeps them if they pass.',
    );
  }
}
