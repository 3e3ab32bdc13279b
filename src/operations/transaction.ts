import { LOCK } from '../core/deadlines.ts';
import { inEnglish } from '../texts/texts.ts';
import { CanaryError, messageOf } from '../core/errors.ts';
import type { ClusterName } from '../core/names.ts';
import { sameWeights } from '../core/weights.ts';
import type { Weights } from '../core/weights.ts';
import { worded } from '../core/wording.ts';
import { FleetInconsistent } from '../fleet/transaction/all-or-none.ts';
import type { Intent, TransactionTarget } from '../fleet/transaction/intent.ts';
import type { Leases } from '../fleet/transaction/read-leases.ts';
import { CannotServe, recover } from '../fleet/transaction/recover.ts';
import type { Recovery } from '../fleet/transaction/recover.ts';
import { Session } from '../fleet/transaction/transaction.ts';
import type { Opening, Transaction } from '../fleet/transaction/transaction.ts';
import type { Written } from '../fleet/transaction/write-confirmed.ts';
import type { Change } from '../kubernetes/change.ts';
import { observe } from '../release/observation.ts';
import { recordChange, phase } from './context.ts';
import { CHANGED, RECOVERED, ROLLED_BACK, tellWritten } from './route-events.ts';
import type { Context } from './context.ts';
import { checkStepOfOther } from './check-recovery.ts';

/** The context of work inside a transaction. */
export function inside(context: Context, transaction: Transaction): Context {
  const { fleet, signal } = transaction;
  return { ...context, fleet, signal, transaction };
}

/**
 * Writes traffic objects in all clusters, or in none.
 *
 * @param direction `back`: a return to earlier weights
 * @throws Error outside of a transaction, which is a defect
 */
export async function writeEverywhere(
  context: Context,
  changes: readonly Change[],
  direction: Intent['direction'] = 'forward',
): Promise<readonly Written[]> {
  const { transaction, signal } = context;
  if (transaction === undefined) throw new Error('Traffic objects are written in a transaction alone');
  const written = await transaction.writeAllOrNone(changes, { signal, onWritten: recordChange(context) });
  tellWritten(context, direction === 'back' ? ROLLED_BACK : CHANGED, written);
  return written;
}

/** How what an earlier run left is recovered. */
export interface RecoveryPolicy {
  /** Whether the work brings its own weights to all clusters, so that it may go on if those of the earlier run can no longer be served. */
  readonly repairs: boolean;
  /** How long a step of the earlier run is watched once it has passed, in ms; 0: not at all. */
  readonly bakeMs: number;
}

/**
 * Runs work that changes the release, as the only run that does so: acquires the lock in every config cluster, recovers what an
 * earlier run left there, and releases the lock whatever happens. What this run leaves open stays in the lock as an intent.
 *
 * @param seen the Leases when the state that the target is based on was read
 */
export async function inTransaction<T>(
  context: Context,
  seen: Leases,
  target: TransactionTarget,
  work: (opening: Opening<Recovery>) => Promise<T>,
  options: RecoveryPolicy,
): Promise<T> {
  const onWait = (text: string): void => {
    context.log.info(text);
  };
  const { session, abandoned, stale } = await phase(context, 'Lock', () =>
    Session.acquire(context, target, { seen, onWait }),
  );
  return releasedAfter(context, session, async () => {
    // Until the work updates the intent, the Leases hold the earlier run's: if this run dies too, that is recovered again.
    const recovery =
      abandoned &&
      (await phase(context, 'Recover', () =>
        session.recover(() => recoverOther(context, session, abandoned, options)),
      ));
    const { current } = session;
    const { fleet, signal } = current;
    const isCurrent = !stale && abandoned === undefined;
    return work(
      isCurrent
        ? { view: 'current', fleet, signal, transaction: current }
        : { view: 'stale', fleet, signal, recovery, begin: (changed) => session.begin(changed) },
    );
  });
}

/** @returns undefined where the clusters are as they were found, and the weights that this run brings replace them */
async function recoverOther(
  context: Context,
  { current }: Session,
  abandoned: Intent,
  { repairs, bakeMs }: RecoveryPolicy,
): Promise<Recovery | undefined> {
  const { release, recorder, log } = context;
  const { fleet, signal } = current;
  const near: Context = { ...context, fleet, signal };
  const written: Written[] = [];
  try {
    const recovery = await recover(abandoned, {
      fleet,
      signal,
      read: async () => observe(release, await fleet.read(release), { differing: 'allowed' }),
      check: (observed, target) =>
        checkStepOfOther(near, observed, { target, previous: abandoned.previous }, bakeMs),
      onWarning: log.warn.bind(log),
      onWritten: async (one) => {
        written.push(one);
        await recordChange(near)(one);
      },
    });
    const { weights } = recovery;
    tellWritten(near, RECOVERED, written);
    if (written.length > 0 && weights !== undefined)
      recorder.record({ kind: 'in force', weights, direction: directionTo(weights, abandoned) });
    return recovery;
  } catch (error) {
    if (!(repairs && error instanceof CannotServe)) throw error;
    log.warn(`${error.message} This run goes on to the weights that it was asked for.`);
    return undefined;
  }
}

/** Which way a recovery went to these weights: on with the transaction, or back to what was before it. */
function directionTo(weights: Weights, { target, direction }: Intent): Intent['direction'] {
  if (sameWeights(weights, target)) return direction;
  return direction === 'forward' ? 'back' : 'forward';
}

/**
 * Recovers what this very run left behind when it was killed, or could not revert; called by the `post` step. A cluster that cannot
 * be reached is left to the next run.
 *
 * @param concluded the transaction that ended with nothing left but its lock
 * @throws CanaryError that names the clusters which are not recovered
 */
export async function recoverOwn(context: Context, concluded: string | undefined): Promise<void> {
  const { log } = context;
  const { own, unreachable } = await Session.findOwn(context, concluded);
  if (own === undefined) {
    if (unreachable.size > 0) throw new CanaryError(unknownOf(unreachable));
    log.info('Nothing was left half done.');
    return;
  }
  const { session, abandoned } = own;
  await releasedAfter(context, session, async () => {
    if (abandoned === undefined) {
      log.info('The run ended with nothing left to recover: only its lock is released.');
      return;
    }
    await session.recover(() => recoverReachable(context, abandoned, unreachable));
  });
}

/** @throws FleetInconsistent that names the clusters which could not be reached, once the others are recovered */
async function recoverReachable(
  context: Context,
  intent: Intent,
  unreachable: ReadonlyMap<ClusterName, Error>,
): Promise<Recovery> {
  const { release, fleet, signal, log } = context;
  const { state, failures } = await fleet.readEach(release);
  const away = new Map([...unreachable, ...failures]);
  const clusters = release.configClusters.filter((name) => !away.has(name));
  const recovery = await recover(intent, {
    fleet,
    signal,
    read: () => Promise.resolve(observe(release, state, { clusters, differing: 'allowed' })),
    check: undefined,
    onWarning: log.warn.bind(log),
    onWritten: async (one) => {
      await recordChange(context)(one);
      tellWritten(context, RECOVERED, [one]);
    },
  });
  const either = [intent.target, ...(intent.previous === undefined ? [] : [intent.previous])];
  const left = release.configClusters.flatMap((name) =>
    away.has(name)
      ? [{ kind: 'notRecovered', cluster: name, either, error: messageOf(away.get(name)) } as const]
      : [],
  );
  if (left.length > 0) throw new FleetInconsistent(left.map(inEnglish).join(' '), left, undefined);
  return recovery;
}

function unknownOf(unreachable: ReadonlyMap<ClusterName, Error>): string {
  const reasons = [...unreachable].map(([name, error]) => `${name}: ${messageOf(error)}`);
  return `The other clusters hold no lock of this run. Whether it left one in ${[...unreachable.keys()].join(', ')} is not known, since that could not be read; the next run recovers what it finds there. ${reasons.join(' ')}`;
}

async function releasedAfter<T>(context: Context, session: Session, work: () => Promise<T>): Promise<T> {
  const { recorder } = context;
  try {
    return await work();
  } catch (error) {
    if (error instanceof FleetInconsistent) {
      recorder.record({ kind: 'inconsistent' });
      recorder.record({ kind: 'remains', messages: error.remains });
    }
    throw error;
  } finally {
    await release(context, session);
  }
}

async function release({ release, recorder, log, onTransaction }: Context, session: Session): Promise<void> {
  const { state, failures } = await session.release(() => {
    // If the run is killed from here on, its post step only has to release the lock.
    onTransaction?.(session.transaction, 'concluded');
  });
  for (const [cluster, error] of failures) {
    log.warn(
      `The lock in ${cluster} could not be released: ${messageOf(error)} The next run takes it over once it has seen it unchanged for ${String(LOCK.leaseMs / 1000)} s.`,
    );
  }
  if (state === 'inconsistent' || state === 'writing') recorder.record({ kind: 'inconsistent' });
  if (state !== 'consistent') return;
  if (failures.size === 0) onTransaction?.(session.transaction, 'released');
  if (failures.size === release.configClusters.length) {
    log.warn(
      `No cluster could be told that this run has ended. ${worded({ step: 'The post step', command: 'The command' })} tries again; if that fails too, the next run first verifies the weights in force, and keeps them if they pass.`,
    );
  }
}
