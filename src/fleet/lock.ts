import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from '../cluster/cluster.ts';
import { ClusterError, isUncertain } from '../cluster/errors.ts';
import { CanaryError } from '../release/errors.ts';
import type { ClusterName, Release } from '../release/release.ts';
import { allOf } from './fleet.ts';
import type { Fleet } from './fleet.ts';
import {
  LEASE_SECONDS,
  Watched,
  holderOf,
  intentOf,
  microTime,
  newLease,
  readLease,
  withIntent,
} from './lease.ts';
import type { Intent, Lease } from './lease.ts';

const RENEW_MS = 10_000;
const POLL_MS = 1_000;
/** How long another run is waited for. */
const WAIT_MS = 60_000;
/** How long one try to renew or to give back may take; with its retries it fits into what a cancelled job is given. */
const REWRITE_TIMEOUT_MS = 2_000;
/** A write whose outcome is not known is looked up, and tried again, this often. */
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
  /** What a dead run left unfinished. */
  readonly abandoned: Intent | undefined;
  /** Whether another run held the lock meanwhile: what was read before may be out of date. */
  readonly waited: boolean;
}

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
  #renewal: NodeJS.Timeout | undefined;

  private constructor(fleet: Fleet, release: Release, identity: Identity) {
    this.#fleet = fleet;
    this.#release = release;
    this.#identity = identity;
  }

  /**
   * Takes the lock in every config cluster; waits up to a minute for another run.
   *
   * @param onLost told when someone else has taken the lock over
   * @throws CanaryError that names the run which holds it
   */
  static async take(
    fleet: Fleet,
    release: Release,
    identity: Identity,
    intent: Intent,
    options: {
      readonly signal: AbortSignal;
      readonly onWait: (text: string) => void;
      readonly onLost: (error: Error) => void;
    },
  ): Promise<Taken> {
    const lock = new Lock(fleet, release, identity);
    let abandoned: Intent | undefined;
    let waited = false;
    // What is held already must not run out while a later cluster is waited for.
    lock.#keepRenewing(options.onLost);
    try {
      for (const name of release.configClusters.toSorted()) {
        const taken = await lock.#acquire(fleet.cluster(name), intent, options);
        abandoned ??= taken.abandoned;
        waited ||= taken.waited;
      }
    } catch (error) {
      await lock.release();
      throw error;
    }
    return { lock, abandoned, waited };
  }

  /** The lock that a run of this identity left behind, kept from now on, and its intent; undefined where it holds none. */
  static async find(fleet: Fleet, release: Release, identity: Identity): Promise<Taken | undefined> {
    const lock = new Lock(fleet, release, identity);
    const found = await allOf(
      release.configClusters.map(
        async (name) => [name, await readLease(fleet.cluster(name), release)] as const,
      ),
    );
    const mine = found.flatMap(([name, lease]) =>
      lease !== undefined && holderOf(lease) === identity.holder ? [[name, lease] as const] : [],
    );
    if (mine.length === 0) return undefined;
    for (const [name, lease] of mine) lock.#held.set(name, lease);
    // Proves that the lock is still this run's, and gives it the time that settling takes.
    await lock.#renew();
    lock.#keepRenewing(() => undefined);
    const abandoned = mine.map(([, lease]) => intentOf(lease)).find((intent) => intent !== undefined);
    return { lock, abandoned, waited: false };
  }

  /** Writes down what this run is about to do, in place of what a dead one was. */
  async intend(intent: Intent): Promise<void> {
    await this.#rewrite((lease) => withIntent(lease, intent));
  }

  /** Gives the lock back. A cluster that cannot be reached frees itself when the lease runs out. */
  async release(): Promise<void> {
    clearInterval(this.#renewal);
    const free = (lease: Lease): Lease => ({
      ...withIntent(lease, undefined),
      spec: { ...lease.spec, holderIdentity: '' },
    });
    await this.#rewrite(free).catch(() => undefined);
    this.#held.clear();
  }

  #keepRenewing(onLost: (error: Error) => void): void {
    this.#renewal = setInterval(() => {
      this.#renew().catch(onLost);
    }, RENEW_MS);
  }

  async #acquire(
    cluster: Cluster,
    intent: Intent,
    { signal, onWait }: { readonly signal: AbortSignal; readonly onWait: (text: string) => void },
  ): Promise<{ readonly abandoned: Intent | undefined; readonly waited: boolean }> {
    const release = this.#release;
    const deadline = Date.now() + WAIT_MS;
    const watched = new Watched();
    let abandoned: Intent | undefined;
    let waited = false;
    let lost = 0;
    for (let told = false; ;) {
      const lease = await readLease(cluster, release);
      const holder = lease === undefined ? '' : holderOf(lease);
      if (holder === this.#identity.holder && lost > 0) {
        // The claim was stored, and its answer got lost.
        this.#held.set(cluster.name, lease);
        return { abandoned, waited };
      }
      if (lease === undefined || ['', this.#identity.holder].includes(holder) || watched.isDead(lease)) {
        abandoned = lease === undefined || holder === this.#identity.holder ? undefined : intentOf(lease);
        this.#held.set(cluster.name, undefined);
        try {
          const wanted = this.#claimed(lease ?? newLease(release), abandoned ?? intent);
          this.#held.set(
            cluster.name,
            await (lease === undefined ? cluster.create(wanted) : cluster.replace(wanted)),
          );
          return { abandoned, waited };
        } catch (error) {
          if (isConflict(error)) waited = true;
          else if (isUncertain(error) && lost + 1 < ATTEMPTS) lost += 1;
          else throw error;
        }
        continue;
      }
      const who = `${intentOf(lease)?.run ?? holder} holds the lock of ${release.app} in ${cluster.name}`;
      if (Date.now() >= deadline) {
        throw new CanaryError(
          `${who}, and did not give it back within ${String(WAIT_MS / 1000)} s. Run again when it has ended.`,
        );
      }
      if (!told) onWait(`${who}: waiting for it.`);
      told = true;
      waited = true;
      await delay(POLL_MS);
      signal.throwIfAborted();
    }
  }

  #claimed(lease: Lease, intent: Intent): Lease {
    const now = microTime();
    const spec = {
      holderIdentity: this.#identity.holder,
      leaseDurationSeconds: LEASE_SECONDS,
      acquireTime: now,
      renewTime: now,
    };
    return { ...withIntent(lease, intent), spec: { ...lease.spec, ...spec } };
  }

  async #renew(): Promise<void> {
    try {
      await this.#rewrite((lease) => ({ ...lease, spec: { ...lease.spec, renewTime: microTime() } }));
    } catch (error) {
      // A cluster that is away for a moment does not cost the lock; a lease that someone else holds by now does.
      if (error instanceof TakenOver) throw error;
    }
  }

  /** Changes the lease in every cluster where it is held. It goes on when the run has been cancelled. */
  async #rewrite(change: (lease: Lease) => Lease): Promise<void> {
    await allOf([...this.#held.keys()].map((name) => this.#rewriteIn(name, change)));
  }

  async #rewriteIn(name: ClusterName, change: (lease: Lease) => Lease): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const cluster = this.#fleet.withSignal(AbortSignal.timeout(REWRITE_TIMEOUT_MS)).cluster(name);
      try {
        const lease = this.#held.get(name) ?? (await readLease(cluster, this.#release));
        if (lease === undefined || holderOf(lease) !== this.#identity.holder) {
          throw new TakenOver(
            `The lock of ${this.#release.app} in ${name} is not held by this run any more.`,
          );
        }
        this.#held.set(name, await cluster.replace(change(lease)));
        return;
      } catch (error) {
        if (error instanceof TakenOver || attempt === ATTEMPTS) throw error;
        // Whether it was stored, and what stands there now, is looked up.
        this.#held.set(name, undefined);
      }
    }
  }
}

/** Someone else has written the lease since. */
class TakenOver extends CanaryError {
  override readonly name = 'TakenOver';
}

function isConflict(error: unknown): boolean {
  return error instanceof ClusterError && error.status === 409;
}
