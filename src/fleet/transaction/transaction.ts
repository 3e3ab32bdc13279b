// A session holds the lock and runs transactions under it, following `states.ts`. What is done in one is in `all-or-none.ts`,
// `roll-back.ts` and `recover.ts`.

import { MONOTONIC_CLOCK } from '../../core/clock.ts';
import type { Clock } from '../../core/clock.ts';
import type { ClusterName } from '../../core/names.ts';
import type { Change } from '../../kubernetes/change.ts';
import type { Release } from '../../release/release.ts';
import type { Fleet } from '../fleet.ts';
import { ChangeReverted, FleetInconsistent, writeAllOrNone } from './all-or-none.ts';
import type { WriteOptions } from './all-or-none.ts';
import type { Intent, TransactionTarget } from './intent.ts';
import type { Leases } from './read-leases.ts';
import { Lock } from './lock.ts';
import type { Identity } from './lock.ts';
import { ChangedByOthers } from './recover.ts';
import { RELEASE, after } from './states.ts';
import type { TransactionEvent, TransactionState } from './states.ts';
import type { Written } from './write-confirmed.ts';

/** What a transaction needs of its run. */
export interface TransactionSettings {
  readonly fleet: Fleet;
  readonly release: Release;
  readonly identity: Identity;
  /** Of the run: a cancellation ends the work, and what was begun is brought to its end. */
  readonly signal: AbortSignal;
  readonly clock?: Clock;
}

/** A transaction whose intent is in the Leases: only it can change the weights. */
export interface Transaction {
  /** The clusters, until the run is cancelled or another run takes over the lock. */
  readonly fleet: Fleet;
  readonly signal: AbortSignal;
  /** @throws CanaryError where the lock is not this run's any more, or that is not certain */
  assertHeld(): Promise<void>;
  /** Whether the lock is still this run's, as far as the clusters can tell until the signal ends. */
  isHeld(until: AbortSignal): Promise<boolean>;
  /**
   * Writes one change in each of several clusters so that all hold it, or none; see `writeAllOrNone`.
   *
   * @throws ChangeReverted where none holds it; FleetInconsistent where they differ, and the intent stays in the Leases
   */
  writeAllOrNone(changes: readonly Change[], options: WriteOptions): Promise<readonly Written[]>;
  /** Runs work that restores the earlier weights. Where it fails, the intent stays in the Leases, for whoever tries next. */
  rollBack<T>(work: () => Promise<T>): Promise<T>;
}

/** What the work of a transaction begins with: its lock is acquired, and the clusters can be read. */
export type Opening<R> = Pick<Transaction, 'fleet' | 'signal'> &
  (
    | /** Nothing has changed since the run read the clusters: it may write what it has planned. */
      { readonly view: 'current'; readonly transaction: Transaction }
      /** Another run has been there: whoever still wants to write reads again, and says what they are about to do. */
    | {
        readonly view: 'stale';
        /** How the change of an earlier run was recovered; undefined where none was left, or it is left to this run. */
        readonly recovery: R | undefined;
        readonly begin: (target: TransactionTarget) => Promise<Transaction>;
      }
  );

/** The transaction behind the views of it that others get. It alone knows the state, and releases the lock by it. */
export class Session {
  readonly #lock: Lock;
  readonly #run: AbortSignal;
  readonly #view: Transaction;
  #state: TransactionState;

  private constructor(settings: TransactionSettings, lock: Lock, state: TransactionState, lost: AbortSignal) {
    this.#lock = lock;
    this.#state = state;
    this.#run = settings.signal;
    const signal = AbortSignal.any([settings.signal, lost]);
    this.#view = {
      signal,
      fleet: settings.fleet.withSignal(signal),
      assertHeld: () => this.#watching(() => lock.assertHeld(signal)),
      isHeld: (until) => this.#watching(() => lock.isHeld(until)),
      writeAllOrNone: (changes, options) => this.#write(changes, options),
      rollBack: (work) => this.#rollBack(work),
    };
  }

  /**
   * Acquires the lock with the intent of a transaction.
   *
   * @param seen the Leases when the state that the target is based on was read
   */
  static async acquire(
    settings: TransactionSettings,
    target: TransactionTarget,
    { seen, onWait }: { readonly seen: Leases; readonly onWait: (text: string) => void },
  ): Promise<{
    readonly session: Session;
    readonly abandoned: Intent | undefined;
    readonly stale: boolean;
  }> {
    const lost = new AbortController();
    const { lock, abandoned, stale } = await Lock.acquire(lockSettings(settings, lost), target, {
      seen,
      signal: settings.signal,
      onWait,
    });
    const state = abandoned === undefined ? 'consistent' : 'inherited';
    return { session: new Session(settings, lock, state, lost.signal), abandoned, stale };
  }

  /**
   * Finds the transaction that a run of this identity left behind, to recover it.
   *
   * @param concluded the transaction that ended with nothing left but its lock
   */
  static async findOwn(
    settings: TransactionSettings,
    concluded: string | undefined,
  ): Promise<{
    /** undefined where the run left nothing, or another run has taken it over */
    readonly own: { readonly session: Session; readonly abandoned: Intent | undefined } | undefined;
    readonly unreachable: ReadonlyMap<ClusterName, Error>;
  }> {
    const lost = new AbortController();
    const { own, unreachable } = await Lock.findOwn(lockSettings(settings, lost), settings.signal);
    if (own === undefined) return { own, unreachable };
    const abandoned = own.abandoned?.transaction === concluded ? undefined : own.abandoned;
    const state = abandoned === undefined ? 'consistent' : 'inconsistent';
    return { own: { session: new Session(settings, own.lock, state, lost.signal), abandoned }, unreachable };
  }

  get transaction(): string {
    return this.#lock.transaction;
  }

  /**
   * Runs the recovery of an earlier transaction, whose intent stays in the Leases until that has succeeded.
   *
   * @param work undefined: it leaves the clusters as they are
   */
  async recover<R>(work: () => Promise<R | undefined>): Promise<R | undefined> {
    try {
      const recovery = await work();
      if (recovery !== undefined) this.#apply('earlier change recovered');
      return recovery;
    } catch (error) {
      if (error instanceof ChangedByOthers) this.#apply('earlier change overruled');
      throw error;
    }
  }

  /** The transaction under the target that its lock was acquired with. */
  get current(): Transaction {
    return this.#view;
  }

  /** The transaction under another target than its lock was acquired with. */
  async begin(target: TransactionTarget): Promise<Transaction> {
    await this.#lock.updateIntent(target, this.#run);
    this.#apply('intent updated');
    return this.#view;
  }

  /**
   * Releases the lock. What it leaves in the Leases follows from the state.
   *
   * @returns that state, and why a Lease could not be released
   */
  async release(onConcluded: () => void): Promise<{
    readonly state: TransactionState;
    readonly failures: ReadonlyMap<ClusterName, Error>;
  }> {
    if (this.#lock.isLost) this.#apply('lock lost');
    const state = this.#state;
    if (state === 'consistent') onConcluded();
    return { state, failures: await this.#lock.release(RELEASE[state], this.#run) };
  }

  async #write(changes: readonly Change[], options: WriteOptions): Promise<readonly Written[]> {
    options.signal.throwIfAborted();
    this.#apply('write begun');
    try {
      const written = await writeAllOrNone(this.#view.fleet, changes, options);
      this.#apply('written everywhere');
      return written;
    } catch (error) {
      if (error instanceof ChangeReverted) this.#apply('reverted everywhere');
      if (error instanceof FleetInconsistent) this.#apply('revert failed');
      throw error;
    }
  }

  async #rollBack<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#apply('rollback failed');
      throw error;
    }
  }

  async #watching<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } finally {
      if (this.#lock.isLost) this.#apply('lock lost');
    }
  }

  #apply(event: TransactionEvent): void {
    this.#state = after(this.#state, event);
  }
}

function lockSettings(
  { fleet, release, identity, clock = MONOTONIC_CLOCK }: TransactionSettings,
  lost: AbortController,
): Parameters<typeof Lock.acquire>[0] {
  return {
    fleet,
    release,
    identity,
    clock,
    onLost: (error) => {
      lost.abort(error);
    },
  };
}
