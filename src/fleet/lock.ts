import { setTimeout as delay } from 'node:timers/promises';
import pRetry from 'p-retry';
import type { Cluster } from '../cluster/cluster.ts';
import { isConflict, isRefused, isUncertain } from '../cluster/errors.ts';
import { CanaryError } from '../release/errors.ts';
import type { ClusterName, Release } from '../release/release.ts';
import { allOf } from './fleet.ts';
import type { Fleet } from './fleet.ts';
import { endAfter, graceAfter } from './grace.ts';
import {
  LEASE_SECONDS,
  Watched,
  holderOf,
  intentOf,
  microTime,
  newLease,
  readLease,
  runOf,
  unfinished,
  withEnd,
  withIntent,
} from './lease.ts';
import type { Aim, Intent, Lease } from './lease.ts';

const RENEW_MS = 10_000;
const POLL_MS = 1_000;
/** How long other runs are waited for, in all clusters together. */
const WAIT_MS = 60_000;
/** How long one try to renew or to give back may take. */
const REWRITE_TIMEOUT_MS = 2_000;
/** How long it is tried: over the restart of an API server, and not until the next renewal. */
const REWRITE_MS = 8_000;
/** How long a cancelled run tries to give back. */
const CANCELLED_MS = 2_000;
/** A claim whose outcome is not known is looked up, and tried again, this often. */
const ATTEMPTS = 3;

/** Who holds a lock. */
export interface Identity {
  /** Unlike that of every other run. */
  readonly holder: string;
  /** Where people find the run: its URL, or a description. */
  readonly run: string;
}

/** The outcome of taking the lock. */
export interface Taken {
  readonly lock: Lock;
  /** What an earlier run left unfinished. */
  readonly abandoned: Intent | undefined;
  /** Whether another run has had the lock: what was read before may be out of date. */
  readonly stale: boolean;
}

/**
 * What a run leaves to the next one: nothing, as its outcome is final; what it found itself, as it has begun nothing of its
 * own; or all, its own aim included.
 */
export type Leaving = 'nothing' | 'what it found' | 'all';

/**
 * The Lease `multicluster-canary-<app>` in every config cluster: one run at a time changes a release. The clusters are taken
 * in the order of their names, so that two runs cannot block each other.
 */
export class Lock {
  readonly #fleet: Fleet;
  readonly #release: Release;
  readonly #identity: Identity;
  /** The lease of each cluster that was asked for, as it was stored; undefined where that has to be looked up. */
  readonly #held = new Map<ClusterName, Lease | undefined>();
  /** Ends the renewal. */
  readonly #over = new AbortController();
  #renewal: NodeJS.Timeout | undefined;
  /** Whether someone else has taken it over, in any cluster. */
  #lost = false;

  private constructor(fleet: Fleet, release: Release, identity: Identity) {
    this.#fleet = fleet;
    this.#release = release;
    this.#identity = identity;
  }

  /**
   * Takes the lock in every config cluster; waits up to a minute for other runs.
   *
   * @param onLost told when someone else has taken the lock over
   * @throws CanaryError that names the run which holds it
   */
  static async take(
    fleet: Fleet,
    release: Release,
    identity: Identity,
    aim: Aim,
    options: {
      readonly signal: AbortSignal;
      readonly onWait: (text: string) => void;
      readonly onLost: (error: Error) => void;
    },
  ): Promise<Taken> {
    const lock = new Lock(fleet, release, identity);
    // What is held already must not run out while a later cluster is waited for.
    lock.#keepRenewing(options.onLost);
    try {
      const { found, waited } = await lock.#takeAll(lock.#intentTo(aim), options);
      const foreign = found.filter((lease) => intentOf(lease)?.holder !== identity.holder);
      const stale =
        waited || foreign.some((lease) => holderOf(lease) !== '' || intentOf(lease) !== undefined);
      return { lock, abandoned: unfinished(foreign, found), stale };
    } catch (error) {
      await lock.release('what it found', options.signal);
      throw error;
    }
  }

  /**
   * The lock that a run of this identity left behind, or gave back with its work undone, kept from now on; undefined where there
   * is none, or where another run has it by now.
   */
  static async find(fleet: Fleet, release: Release, identity: Identity): Promise<Taken | undefined> {
    const lock = new Lock(fleet, release, identity);
    const leases = await allOf(release.configClusters.map((name) => readLease(fleet.cluster(name), release)));
    const found = leases.filter((lease) => lease !== undefined);
    const mine = new Map(
      release.configClusters.flatMap((name, i) => {
        const lease = leases[i];
        return lease !== undefined && lock.#isMine(lease) ? [[name, lease] as const] : [];
      }),
    );
    if (mine.size === 0) return undefined;
    for (const [name, lease] of mine) lock.#held.set(name, lease);
    // Gives it the time that settling takes.
    if (!(await lock.isHeld())) {
      await lock.release('all');
      return undefined;
    }
    lock.#keepRenewing(() => undefined);
    return { lock, abandoned: unfinished([...mine.values()], found), stale: true };
  }

  /** Writes down what this run is about to do, in place of what an earlier one was. */
  async intend(aim: Aim): Promise<void> {
    const intent = this.#intentTo(aim);
    const failures = await this.#rewrite(
      (lease) => withIntent(lease, intent),
      endAfter(REWRITE_MS, 'Writing the intent'),
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
   * Gives the lock back. A cluster that cannot be reached frees itself when the lease runs out. Once another run has taken it
   * over, what this one began is left to be settled.
   *
   * @param signal of the run: once it is cancelled there is little time
   * @returns why it could not be given back, by cluster; none where another run has taken it over
   */
  async release(
    leaving: Leaving,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<ReadonlyMap<ClusterName, Error>> {
    clearInterval(this.#renewal);
    this.#over.abort(new CanaryError('The lock is being given back'));
    const failures = await this.#rewrite(
      (lease) => ({
        ...this.#left(lease, this.#lost ? 'all' : leaving),
        spec: { ...lease.spec, holderIdentity: '' },
      }),
      AbortSignal.any([endAfter(REWRITE_MS, 'Giving the lock back'), graceAfter(signal, CANCELLED_MS)]),
    );
    this.#held.clear();
    return new Map([...failures].filter(([, error]) => !(error instanceof TakenOver)));
  }

  #left(lease: Lease, leaving: Leaving): Lease {
    const { holder } = this.#identity;
    if (leaving === 'nothing') return withEnd(lease, holder);
    return leaving === 'all' || intentOf(lease)?.holder !== holder ? lease : withIntent(lease, undefined);
  }

  #intentTo({ target, previous }: Aim): Intent {
    return { target, previous, ...this.#identity };
  }

  /** Held, or given back by this run with its intent in it. */
  #isMine(lease: Lease): boolean {
    const holder = holderOf(lease);
    return (
      holder === this.#identity.holder || (holder === '' && intentOf(lease)?.holder === this.#identity.holder)
    );
  }

  #keepRenewing(onLost: (error: Error) => void): void {
    this.#renewal = setInterval(() => {
      this.#renew().catch(onLost);
    }, RENEW_MS);
  }

  /** Looks at all clusters from the beginning, so that the leases of a dead run are over at the same time. */
  async #takeAll(
    intent: Intent,
    { signal, onWait }: { readonly signal: AbortSignal; readonly onWait: (text: string) => void },
  ): Promise<{ readonly found: readonly Lease[]; readonly waited: boolean }> {
    const left = this.#release.configClusters
      .toSorted()
      .map((name) => ({ cluster: this.#fleet.cluster(name), watched: new Watched() }));
    const deadline = performance.now() + WAIT_MS;
    const found: Lease[] = [];
    const told = new Set<ClusterName>();
    let waited = false;
    while (left.length > 0) {
      const looks = await allOf(
        left.map(async ({ cluster, watched }) => {
          const lease = await readLease(cluster, this.#release);
          return { cluster, lease, busy: lease !== undefined && this.#isBusy(lease, watched) };
        }),
      );
      for (const { cluster, lease, busy } of looks) {
        if (lease !== undefined && busy) {
          const who = `${runOf(lease)} holds the lock of ${this.#release.app} in ${cluster.name}`;
          if (performance.now() >= deadline) {
            throw new CanaryError(
              `${who}, and did not give it back within ${String(WAIT_MS / 1000)} s. Run again when it has ended.`,
            );
          }
          if (!told.has(cluster.name)) onWait(`${who}: waiting for it.`);
          told.add(cluster.name);
          waited = true;
          await delay(POLL_MS);
          break;
        }
        signal.throwIfAborted();
        // A claim under way is not cancelled: nobody would know whether it was stored, and the lock would stay behind.
        const shielded = this.#fleet.withSignal(graceAfter(signal, CANCELLED_MS)).cluster(cluster.name);
        if (!(await this.#claim(shielded, lease, intent))) {
          waited = true;
          break;
        }
        if (lease !== undefined) found.push(lease);
        left.shift();
      }
      signal.throwIfAborted();
    }
    return { found, waited };
  }

  #isBusy(lease: Lease, watched: Watched): boolean {
    return !['', this.#identity.holder].includes(holderOf(lease)) && !watched.isDead(lease);
  }

  /** Takes the lock in one cluster; false where someone else was faster. */
  async #claim(cluster: Cluster, found: Lease | undefined, intent: Intent): Promise<boolean> {
    let standing = found;
    for (let attempt = 1; ; attempt += 1) {
      this.#held.set(cluster.name, undefined);
      try {
        const wanted = this.#claimed(standing ?? newLease(this.#release), intent);
        const stored = await (standing === undefined ? cluster.create(wanted) : cluster.replace(wanted));
        this.#held.set(cluster.name, stored);
        return true;
      } catch (error) {
        if (isUncertain(error) && attempt < ATTEMPTS) {
          standing = await readLease(cluster, this.#release);
        } else {
          // What was refused was not stored: there is nothing to keep, nor to give back.
          if (isRefused(error)) this.#held.delete(cluster.name);
          if (isConflict(error)) return false;
          throw error;
        }
      }
      if (standing !== undefined && holderOf(standing) === this.#identity.holder) {
        this.#held.set(cluster.name, standing);
        return true;
      }
      if (standing?.metadata.resourceVersion !== found?.metadata.resourceVersion) {
        this.#held.delete(cluster.name);
        return false;
      }
    }
  }

  /** What another run left stays written down until it is settled: this one may die as well. */
  #claimed(lease: Lease, intent: Intent): Lease {
    const now = microTime();
    const spec = {
      holderIdentity: this.#identity.holder,
      leaseDurationSeconds: LEASE_SECONDS,
      acquireTime: now,
      renewTime: now,
    };
    return { ...withIntent(lease, intentOf(lease) ?? intent), spec: { ...lease.spec, ...spec } };
  }

  /** A cluster that is away for a moment does not cost the lock; a lease that someone else holds by now does. */
  async #renew(signal = this.#over.signal): Promise<void> {
    const { holder } = this.#identity;
    const failures = await this.#rewrite(
      (lease) => ({ ...lease, spec: { ...lease.spec, holderIdentity: holder, renewTime: microTime() } }),
      AbortSignal.any([endAfter(REWRITE_MS, 'Renewing the lock'), this.#over.signal, signal]),
    );
    const lost = [...failures.values()].find((error) => error instanceof TakenOver);
    if (lost === undefined) return;
    this.#lost = true;
    throw lost;
  }

  /**
   * Changes the lease in every cluster where it is held. It goes on when the run has been cancelled.
   *
   * @returns why it could not be changed, by cluster
   */
  async #rewrite(
    change: (lease: Lease) => Lease,
    until: AbortSignal,
  ): Promise<ReadonlyMap<ClusterName, Error>> {
    const failures = await Promise.all(
      [...this.#held.keys()].map(async (name) => {
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
    const signal = AbortSignal.any([until, endAfter(REWRITE_TIMEOUT_MS, 'Writing the Lease')]);
    const cluster = this.#fleet.withSignal(signal).cluster(name);
    const lease = this.#held.get(name) ?? (await readLease(cluster, this.#release));
    if (lease === undefined || !this.#isMine(lease)) {
      throw new TakenOver(
        `The lock of ${this.#release.app} in ${name} is not held by this run any more: another has taken it over, and settles what this one began.`,
      );
    }
    // Until the answer comes it is not known what is stored.
    this.#held.set(name, undefined);
    const stored = await cluster.replace(change(lease));
    this.#held.set(name, stored);
  }
}

/** Someone else has written the lease since. */
class TakenOver extends CanaryError {
  override readonly name = 'TakenOver';
}

/** What is not refused for good, and not lost. */
function mayPass(error: Error): boolean {
  return !(error instanceof TakenOver) && (!isRefused(error) || isConflict(error));
}
