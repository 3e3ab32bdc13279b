import { randomUUID } from 'node:crypto';
import pRetry from 'p-retry';
import { isConflict, isRefused } from '../../kubernetes/client/errors.ts';
import { CanaryError, messageOf } from '../../core/errors.ts';
import type { Release } from '../../release/release.ts';
import type { ClusterName } from '../../core/names.ts';
import { Acquisition } from './acquire.ts';
import { allOf } from '../fleet.ts';
import type { Fleet } from '../fleet.ts';
import { LOCK, LOCK_CERTAIN_MS, STEPS } from '../../core/deadlines.ts';
import { endAfter, endBy } from '../../core/signals.ts';
import type { Aim, Intent, Owner } from './intent.ts';
import {
  endedIn,
  holderOf,
  intentOf,
  microTime,
  readLease,
  unfinished,
  withEnd,
  withIntent,
} from './lease.ts';
import type { Lease, Leases } from './lease.ts';

/** A run, as the holder of locks. */
export interface Identity {
  /** Unlike that of every other run. */
  readonly holder: string;
  /** Where people find the run: its URL, or a description. */
  readonly run: string;
}

/** The outcome of taking the lock. */
export interface Taken {
  readonly lock: Lock;
  /** What an earlier transaction left unfinished. */
  readonly abandoned: Intent | undefined;
  /** Whether another run has had the lock: what was read before may be out of date. */
  readonly stale: boolean;
}

/** What a run finds of itself once it has ended. */
export interface Found {
  /** The lock that it left behind, renewed from now on; undefined where there is none, or another run has taken it over. */
  readonly taken: Omit<Taken, 'stale'> | undefined;
  /** Why the lock of a cluster could not be read. */
  readonly unreachable: ReadonlyMap<ClusterName, Error>;
}

/**
 * What a transaction leaves to the next one: nothing, as its outcome is final; what it found itself, as it has begun nothing of
 * its own; or all, its own aim included.
 */
export type ReleaseMode = 'nothing' | 'what it found' | 'all';

/**
 * The Lease `multicluster-canary-<app>` in every config cluster: one run at a time changes a release. Each lock serves one
 * transaction, with an identity of its own.
 */
export class Lock {
  readonly #fleet: Fleet;
  readonly #release: Release;
  readonly #owner: Owner;
  /** Leases that were claimed without an answer: nobody knows yet whether they are stored. */
  readonly #claimed = new Set<ClusterName>();
  /** Leases that are held, as they were stored; undefined where that has to be looked up. */
  readonly #held = new Map<ClusterName, Lease | undefined>();
  /** When the lease of each cluster was last renewed for certain, by the monotonic clock. */
  readonly #renewed = new Map<ClusterName, number>();
  /** Ends the renewal. */
  readonly #over = new AbortController();
  #renewal: NodeJS.Timeout | undefined;
  /** Whether someone else has taken it over, in any cluster. */
  #lost = false;

  private constructor(fleet: Fleet, release: Release, owner: Owner) {
    this.#fleet = fleet;
    this.#release = release;
    this.#owner = owner;
  }

  /** The identity of the transaction that it locks. */
  get transaction(): string {
    return this.#owner.transaction;
  }

  /**
   * Takes the lock in every config cluster; waits up to a minute for other runs.
   *
   * @param seen the leases when the state that the run works on was read
   * @param onLost called when someone else has taken the lock over
   * @throws CanaryError that names the run which holds it
   */
  static async take(
    fleet: Fleet,
    release: Release,
    identity: Identity,
    aim: Aim,
    options: {
      readonly seen: Leases;
      readonly signal: AbortSignal;
      readonly onWait: (text: string) => void;
      readonly onLost: (error: Error) => void;
    },
  ): Promise<Taken> {
    const { holder, run } = identity;
    const lock = new Lock(fleet, release, { transaction: `${holder}/${randomUUID()}`, holder, run });
    const acquisition = new Acquisition(fleet, release, lock.#intentTo(aim), {
      begin: (name) => {
        lock.#claimed.add(name);
        lock.#renewed.set(name, performance.now());
      },
      acquired: (name, lease) => {
        lock.#claimed.delete(name);
        lock.#held.set(name, lease);
        // What is held must not expire while a later cluster is waited for; what is being claimed is not renewed.
        lock.#keepRenewing(options.onLost);
      },
      refused: (name) => {
        lock.#claimed.delete(name);
      },
      release: (names) => lock.#releaseSome(names),
    });
    try {
      const { found, ended, stale } = await acquisition.run(options.seen, options);
      const foreign = found.filter((lease) => intentOf(lease)?.transaction !== lock.transaction);
      return { lock, abandoned: unfinished(foreign, ended), stale };
    } catch (error) {
      await lock.release('what it found', options.signal);
      throw error;
    }
  }

  /**
   * The lock that a run of this identity left behind, or released with its work undone, in the clusters that can be reached.
   */
  static async find(fleet: Fleet, release: Release, { holder, run }: Identity): Promise<Found> {
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
    const found = new Map(read.flatMap(([name, lease]) => (lease === undefined ? [] : [[name, lease]])));
    const mine = [...found].filter(([, lease]) => belongsTo(lease, holder));
    const abandoned = unfinished(
      mine.map(([, lease]) => lease),
      endedIn(found.values()),
    );
    if (mine.length === 0) return { taken: undefined, unreachable };
    const transaction = abandoned?.transaction ?? intentOf(mine[0]?.[1])?.transaction ?? holder;
    const lock = new Lock(fleet, release, { transaction, holder, run });
    for (const [name, lease] of mine) lock.#held.set(name, lease);
    // Gives it the time that settling takes.
    if (!(await lock.isHeld())) {
      await lock.release('all');
      return { taken: undefined, unreachable };
    }
    lock.#keepRenewing(() => undefined);
    return { taken: { lock, abandoned }, unreachable };
  }

  /** Writes down what this transaction is about to do, in place of what an earlier one was. */
  async intend(aim: Aim): Promise<void> {
    const intent = this.#intentTo(aim);
    const failures = await this.#rewrite(
      (lease) => withIntent(lease, intent),
      endAfter(LOCK.changeMs, 'Writing the intent'),
    );
    await allOf([...failures.values()].map((error) => Promise.reject(error)));
  }

  /**
   * Whether the lock is still this run's, as far as the clusters can tell; renews it.
   *
   * @param signal ends the wait for those that do not answer
   */
  async isHeld(signal?: AbortSignal): Promise<boolean> {
    await this.#renew(signal).catch(() => undefined);
    return !this.#lost;
  }

  /**
   * Asks every cluster whether the lock is still this run's, before what must not happen without it. A cluster that does not
   * answer is believed as long as its lease cannot have expired.
   *
   * @throws CanaryError where it is not, or where that is not certain
   */
  async assertHeld(signal: AbortSignal): Promise<void> {
    const until = AbortSignal.any([endAfter(LOCK.changeMs, 'Reading the lock'), signal]);
    const shielded = this.#fleet.withSignal(until);
    await allOf(
      [...this.#held.keys()].map(async (name) => {
        let lease: Lease | undefined;
        try {
          lease = await readLease(shielded.cluster(name), this.#release);
        } catch (error) {
          signal.throwIfAborted();
          const age = performance.now() - (this.#renewed.get(name) ?? -Infinity);
          if (age < LOCK_CERTAIN_MS) return;
          throw new CanaryError(
            `Nothing is changed any more, since it is not certain that this run still holds the lock in ${name}: ${messageOf(error)}`,
          );
        }
        if (lease !== undefined && holderOf(lease) === this.#owner.holder) return;
        this.#lost = true;
        throw this.#takenOver(name);
      }),
    );
  }

  /**
   * Releases the lock. A cluster that cannot be reached frees itself when the lease expires. Once another run has taken it over,
   * what this one began is left to be settled.
   *
   * @param signal of the run: once it is cancelled there is little time
   * @returns why it could not be released, by cluster; none where another run has taken it over
   */
  async release(
    leaving: ReleaseMode,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<ReadonlyMap<ClusterName, Error>> {
    clearInterval(this.#renewal);
    this.#over.abort(new CanaryError('The lock is being released'));
    // Whether a claim without an answer was stored is looked up.
    for (const name of this.#claimed) this.#held.set(name, undefined);
    const failures = await this.#rewrite(
      (lease) => this.#released(lease, this.#lost ? 'all' : leaving),
      endBy(signal, STEPS.releaseLock, 'Releasing the lock'),
    );
    this.#held.clear();
    return new Map([...failures].filter(([, error]) => !(error instanceof TakenOver)));
  }

  /** Releases some of the leases, each as it was found. What cannot be released now is released at the end. */
  async #releaseSome(names: readonly ClusterName[]): Promise<void> {
    for (const name of names) this.#held.delete(name);
    const failures = await this.#rewrite(
      (lease) => this.#released(lease, 'what it found'),
      endAfter(LOCK.changeMs, 'Releasing the lock'),
      names,
    );
    for (const name of failures.keys()) this.#claimed.add(name);
  }

  #released(lease: Lease, leaving: ReleaseMode): Lease {
    const { transaction } = this.#owner;
    const spec = { ...lease.spec, holderIdentity: '' };
    if (leaving === 'nothing') return { ...withEnd(lease, transaction), spec };
    const own = intentOf(lease)?.transaction === transaction;
    return { ...(leaving === 'what it found' && own ? withIntent(lease, undefined) : lease), spec };
  }

  #intentTo(aim: Aim): Intent {
    const { target, previous, direction, history } = aim;
    return { target, previous, direction, history, ...this.#owner };
  }

  #keepRenewing(onLost: (error: Error) => void): void {
    this.#renewal ??= setInterval(() => {
      this.#renew().catch(onLost);
    }, LOCK.renewEveryMs);
  }

  /** A cluster that is away for a moment does not cost the lock; a lease that someone else holds by now does. */
  async #renew(signal = this.#over.signal): Promise<void> {
    const { holder } = this.#owner;
    const failures = await this.#rewrite(
      (lease) => ({ ...lease, spec: { ...lease.spec, holderIdentity: holder, renewTime: microTime() } }),
      AbortSignal.any([endAfter(LOCK.changeMs, 'Renewing the lock'), this.#over.signal, signal]),
    );
    const lost = [...failures].find(
      ([name, error]) => this.#held.has(name) && error instanceof TakenOver,
    )?.[1];
    if (lost === undefined) return;
    this.#lost = true;
    throw lost;
  }

  /**
   * Changes the lease in every cluster where it is held, or in these. It goes on when the run has been cancelled.
   *
   * @returns why it could not be changed, by cluster
   */
  async #rewrite(
    change: (lease: Lease) => Lease,
    until: AbortSignal,
    names: readonly ClusterName[] = [...this.#held.keys()],
  ): Promise<ReadonlyMap<ClusterName, Error>> {
    const failures = await Promise.all(
      names.map(async (name) => {
        let failure: Error | undefined;
        try {
          await pRetry(() => this.#rewriteIn(name, change, until), {
            retries: Number.POSITIVE_INFINITY,
            minTimeout: 100,
            maxTimeout: 1_000,
            signal: until,
            onFailedAttempt: ({ error }) => {
              failure = error;
            },
            shouldRetry: ({ error }) => mayPass(error),
          });
          return [];
        } catch (error) {
          return [[name, failure ?? (error as Error)] as const];
        }
      }),
    );
    return new Map(failures.flat());
  }

  async #rewriteIn(name: ClusterName, change: (lease: Lease) => Lease, until: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([until, endAfter(LOCK.attemptMs, 'Writing the Lease')]);
    const cluster = this.#fleet.withSignal(signal).cluster(name);
    const lease = this.#held.get(name) ?? (await readLease(cluster, this.#release));
    if (lease === undefined || !belongsTo(lease, this.#owner.holder)) throw this.#takenOver(name);
    const now = performance.now();
    // Until the answer comes it is not known what is stored.
    this.#keep(name, undefined);
    this.#keep(name, await cluster.replace(change(lease)));
    this.#renewed.set(name, now);
  }

  /** A lease that was released in the meantime stays so. */
  #keep(name: ClusterName, lease: Lease | undefined): void {
    if (this.#held.has(name)) this.#held.set(name, lease);
  }

  #takenOver(name: ClusterName): TakenOver {
    return new TakenOver(
      `This run no longer holds the lock of ${this.#release.app} in ${name}: another run has taken it over, and settles what this one began.`,
    );
  }
}

/** Held by a run, or released by it with its intent in it. */
function belongsTo(lease: Lease, holder: string): boolean {
  return holderOf(lease) === holder || (holderOf(lease) === '' && intentOf(lease)?.holder === holder);
}

/** Someone else has written the lease since. */
class TakenOver extends CanaryError {
  override readonly name = 'TakenOver';
}

/** What is not refused for good, and not lost. */
function mayPass(error: Error): boolean {
  return !(error instanceof TakenOver) && (!isRefused(error) || isConflict(error));
}
