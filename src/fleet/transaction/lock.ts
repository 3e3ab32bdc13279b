// The lock of a release as its holder sees it: acquired, renewed, given an intent, and released, in all clusters together.
// `held-leases.ts` does it in each of them; `transaction.ts` decides what the lock is held for.

import { randomUUID } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { LOCK, LOCK_CERTAIN_MS, STEPS } from '../../core/deadlines.ts';
import { CanaryError, messageOf } from '../../core/errors.ts';
import type { ClusterName } from '../../core/names.ts';
import { endAfter, endBy } from '../../core/signals.ts';
import type { Release } from '../../release/release.ts';
import { allOf } from '../fleet.ts';
import type { Fleet } from '../fleet.ts';
import { Acquisition } from './acquisition.ts';
import type { Acquired } from './acquisition.ts';
import { HeldLeases, TakenOver } from './held-leases.ts';
import type { Intent, Owner, TransactionTarget } from './intent.ts';
import {
  assertFitsLease,
  decodeLease,
  encodeLease,
  endedOf,
  holderOf,
  intentOf,
  released,
  renewed,
} from './lease-format.ts';
import type { Lease } from './lease-format.ts';
import { belongsTo, endedIn, readLease, unfinishedIntent } from './read-leases.ts';
import type { Leases } from './read-leases.ts';
import type { ReleaseMode } from './states.ts';

/** A run, as the holder of locks. */
export interface Identity {
  /** Unique for each run. */
  readonly holder: string;
  /** Where people find the run: its URL, or a description. */
  readonly run: string;
}

/** What a lock needs of the run that holds it. */
export interface LockSettings {
  readonly fleet: Fleet;
  readonly release: Release;
  readonly identity: Identity;
  readonly clock: Clock;
  /** Called when another run has taken the lock over. */
  readonly onLost: (error: Error) => void;
}

/** What a run finds of itself once it has ended. */
export interface FoundLock {
  /** The lock that it left behind, renewed from now on; undefined where there is none, or another run has taken it over. */
  readonly own: { readonly lock: Lock; readonly abandoned: Intent | undefined } | undefined;
  /** Why the Lease of a cluster could not be read. */
  readonly unreachable: ReadonlyMap<ClusterName, Error>;
}

/**
 * The Lease `multicluster-canary-<app>` in every config cluster: one run at a time changes a release. Each lock serves one
 * transaction, with an identity of its own.
 */
export class Lock {
  readonly #settings: LockSettings;
  readonly #owner: Owner;
  readonly #leases: HeldLeases;
  /** Ends the renewal. */
  readonly #over = new AbortController();
  #isRenewing = false;
  #isLost = false;

  private constructor(settings: LockSettings, transaction: string) {
    const { fleet, release, identity, clock } = settings;
    this.#settings = settings;
    this.#owner = { transaction, holder: identity.holder, run: identity.run };
    this.#leases = new HeldLeases(fleet, release, identity.holder, clock);
  }

  /** The identity of the transaction that it locks. */
  get transaction(): string {
    return this.#owner.transaction;
  }

  /** Whether another run has taken it over, in any cluster. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /**
   * Acquires the lock in every config cluster; waits for other runs, but not for long.
   *
   * @param seen the Leases when the state that the run works on was read
   * @throws CanaryError that names the run which holds it; what had been acquired by then is released
   */
  static async acquire(
    settings: LockSettings,
    target: TransactionTarget,
    options: {
      readonly seen: Leases;
      readonly signal: AbortSignal;
      readonly onWait: (text: string) => void;
    },
  ): Promise<Acquired & { readonly lock: Lock }> {
    const { fleet, release, identity, clock } = settings;
    const lock = new Lock(settings, `${identity.holder}/${randomUUID()}`);
    const acquisition = new Acquisition(fleet, release, lock.#intentTo(target), lock.#leases, clock);
    try {
      const acquired = await acquisition.run(options.seen, {
        ...options,
        // What is held must not expire while a later cluster is waited for; what is being claimed is not renewed.
        onAcquired: () => {
          lock.#keepRenewing();
        },
      });
      return { lock, ...acquired };
    } catch (error) {
      await lock.release('as found', options.signal);
      throw error;
    }
  }

  /** The lock that a run left behind, or released with its intent, in the clusters that can be reached. */
  static async findOwn(settings: LockSettings, signal: AbortSignal): Promise<FoundLock> {
    const { fleet, release, identity } = settings;
    const unreachable = new Map<ClusterName, Error>();
    const read = await Promise.all(
      release.configClusters.map(async (name) => {
        try {
          return [name, await readLease(fleet.cluster(name), release)] as const;
        } catch (error) {
          unreachable.set(name, error instanceof Error ? error : new Error(messageOf(error)));
          return [name, undefined] as const;
        }
      }),
    );
    const mine = read.flatMap(([name, lease]) =>
      lease !== undefined && belongsTo(lease, identity.holder) ? [{ name, lease }] : [],
    );
    const [first] = mine;
    if (first === undefined) return { own: undefined, unreachable };
    const contents = mine.map(({ lease }) => decodeLease(lease));
    const abandoned = unfinishedIntent(contents, endedIn(read.map(([, lease]) => decodeLease(lease))));
    const last = abandoned ?? intentOf(decodeLease(first.lease));
    const lock = new Lock(settings, last?.transaction ?? identity.holder);
    for (const { name, lease } of mine) lock.#leases.acquired(name, lease);
    // Gives it the time that recovery takes.
    if (!(await lock.isHeld(signal))) {
      await lock.release('open intent', signal);
      return { own: undefined, unreachable };
    }
    lock.#keepRenewing();
    return { own: { lock, abandoned }, unreachable };
  }

  /**
   * Writes down what this transaction is about to do, in place of what an earlier one was.
   *
   * @throws CanaryError where that is too long for a Lease
   */
  async updateIntent(target: TransactionTarget, signal: AbortSignal): Promise<void> {
    assertFitsLease(target);
    const intent = this.#intentTo(target);
    const failures = await this.#leases.rewrite(
      (lease) =>
        encodeLease(lease, {
          state: 'held',
          holder: this.#owner.holder,
          intent,
          ended: endedOf(decodeLease(lease)),
        }),
      endBy(signal, STEPS.updateIntent, 'Writing the intent'),
    );
    await allOf([...failures.values()].map((error) => Promise.reject(error)));
  }

  /**
   * Whether the lock is still this run's, as far as the clusters can tell; renews it.
   *
   * @param until ends the wait for those that do not answer
   */
  async isHeld(until: AbortSignal): Promise<boolean> {
    await this.#renew(until).catch(() => undefined);
    return !this.#isLost;
  }

  /**
   * Asks every cluster whether the lock is still this run's, before what must not happen without it. A cluster that does not answer
   * counts as held as long as its Lease cannot have expired.
   *
   * @throws CanaryError where it is not, or where that is not certain
   */
  async assertHeld(signal: AbortSignal): Promise<void> {
    const { fleet, release } = this.#settings;
    const until = AbortSignal.any([endAfter(LOCK.changeMs, 'Reading the lock'), signal]);
    const shielded = fleet.withSignal(until);
    await allOf(
      this.#leases.names.map(async (name) => {
        let lease: Lease | undefined;
        try {
          lease = await readLease(shielded.cluster(name), release);
        } catch (error) {
          signal.throwIfAborted();
          if (this.#leases.ageOf(name) < LOCK_CERTAIN_MS) return;
          throw new CanaryError(
            `Nothing more is changed, since it is not certain that this run still holds the lock in ${name}: ${messageOf(error)}`,
          );
        }
        if (holderOf(decodeLease(lease)) === this.#owner.holder) return;
        this.#isLost = true;
        throw new TakenOver(release, name);
      }),
    );
  }

  /**
   * Releases the lock. A cluster that cannot be reached frees itself when the Lease expires. Once another run has taken it over,
   * what this one began is left to be recovered.
   *
   * @param signal of the run: once it is cancelled there is little time
   * @returns why it could not be released, by cluster; none where another run has taken it over
   */
  async release(mode: ReleaseMode, signal: AbortSignal): Promise<ReadonlyMap<ClusterName, Error>> {
    this.#over.abort(new CanaryError('The lock is being released'));
    return this.#leases.giveUpAll(
      (lease) => released(lease, this.#isLost ? 'open intent' : mode, this.#owner.transaction),
      endBy(signal, STEPS.releaseLock, 'Releasing the lock'),
    );
  }

  #intentTo(target: TransactionTarget): Intent {
    return { ...target, ...this.#owner };
  }

  #keepRenewing(): void {
    if (this.#isRenewing) return;
    this.#isRenewing = true;
    void this.#renewUntilOver();
  }

  async #renewUntilOver(): Promise<void> {
    const { clock, onLost } = this.#settings;
    const over = this.#over.signal;
    const sleep = (): Promise<boolean> =>
      clock.sleep(LOCK.renewEveryMs, over).then(
        () => true,
        () => false,
      );
    // A slow renewal does not delay the next one.
    while (await sleep()) this.#renew(over).catch(onLost);
  }

  /** A cluster that is away for a moment does not cost the lock; a Lease that someone else holds by now does. */
  async #renew(until: AbortSignal): Promise<void> {
    const failures = await this.#leases.rewrite(
      (lease) => renewed(lease, this.#owner.holder),
      AbortSignal.any([endAfter(LOCK.changeMs, 'Renewing the lock'), this.#over.signal, until]),
    );
    const lost = [...failures].find(
      ([name, error]) => this.#leases.has(name) && error instanceof TakenOver,
    )?.[1];
    if (lost === undefined) return;
    this.#isLost = true;
    throw lost;
  }
}
