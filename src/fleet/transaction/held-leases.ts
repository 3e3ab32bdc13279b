// The Leases that this run holds, one by one: remembers how each was stored, and renews, rewrites and releases it. `lock.ts`
// treats them as one lock, and `acquisition.ts` gets them.

import pRetry from 'p-retry';
import type { Clock } from '../../core/clock.ts';
import { LOCK } from '../../core/deadlines.ts';
import { CanaryError } from '../../core/errors.ts';
import type { ClusterName } from '../../core/names.ts';
import { endAfter } from '../../core/signals.ts';
import { isConflict, isRefused } from '../../kubernetes/client/errors.ts';
import type { Release } from '../../release/release.ts';
import type { Fleet } from '../fleet.ts';
import type { Lease } from './lease-format.ts';
import { belongsTo, readLease } from './read-leases.ts';

/** Someone else has written the Lease since. */
export class TakenOver extends CanaryError {
  override readonly name = 'TakenOver';

  constructor({ app }: Release, cluster: ClusterName) {
    super(
      `This run no longer holds the lock of ${app} in ${cluster}: another run has taken it over, and recovers what this one began.`,
    );
  }
}

/** The Leases that a run holds or has claimed, as they were last stored, and the one way to rewrite them. */
export class HeldLeases {
  readonly #fleet: Fleet;
  readonly #release: Release;
  readonly #holder: string;
  readonly #clock: Clock;
  /** Claimed, or given up, without an answer: nobody knows what is stored. */
  readonly #uncertain = new Set<ClusterName>();
  /** Held, as they were stored; undefined where that has to be looked up. */
  readonly #held = new Map<ClusterName, Lease | undefined>();
  /** When each was last renewed for certain. */
  readonly #renewedAt = new Map<ClusterName, number>();

  constructor(fleet: Fleet, release: Release, holder: string, clock: Clock) {
    this.#fleet = fleet;
    this.#release = release;
    this.#holder = holder;
    this.#clock = clock;
  }

  get names(): readonly ClusterName[] {
    return [...this.#held.keys()];
  }

  has(name: ClusterName): boolean {
    return this.#held.has(name);
  }

  /** How long ago the Lease was last renewed for certain, in ms. */
  ageOf(name: ClusterName): number {
    return this.#clock.now() - (this.#renewedAt.get(name) ?? Number.NEGATIVE_INFINITY);
  }

  /** From here on, the Lease may be stored. */
  claimBegins(name: ClusterName): void {
    this.#uncertain.add(name);
    this.#renewedAt.set(name, this.#clock.now());
  }

  acquired(name: ClusterName, lease: Lease): void {
    this.#uncertain.delete(name);
    this.#held.set(name, lease);
  }

  /** The Lease is certainly not stored. */
  claimRefused(name: ClusterName): void {
    this.#uncertain.delete(name);
  }

  /**
   * Rewrites the Lease in every cluster where it is held. It goes on when the run has been cancelled, until the signal ends.
   *
   * @returns why it could not be rewritten, by cluster
   */
  rewrite(change: (lease: Lease) => Lease, until: AbortSignal): Promise<ReadonlyMap<ClusterName, Error>> {
    return this.#rewriteIn(this.names, change, until);
  }

  /** Releases some of the Leases. What cannot be released now is released at the end. */
  async giveUp(
    names: readonly ClusterName[],
    change: (lease: Lease) => Lease,
    until: AbortSignal,
  ): Promise<void> {
    for (const name of names) this.#held.delete(name);
    const failures = await this.#rewriteIn(names, change, until);
    for (const name of failures.keys()) this.#uncertain.add(name);
  }

  /** Releases all Leases, those included of which it is not known whether they are stored. */
  async giveUpAll(
    change: (lease: Lease) => Lease,
    until: AbortSignal,
  ): Promise<ReadonlyMap<ClusterName, Error>> {
    for (const name of this.#uncertain) this.#held.set(name, undefined);
    const failures = await this.rewrite(change, until);
    this.#held.clear();
    return new Map([...failures].filter(([, error]) => !(error instanceof TakenOver)));
  }

  async #rewriteIn(
    names: readonly ClusterName[],
    change: (lease: Lease) => Lease,
    until: AbortSignal,
  ): Promise<ReadonlyMap<ClusterName, Error>> {
    const failures = await Promise.all(
      names.map(async (name) => {
        let failure: Error | undefined;
        try {
          await pRetry(() => this.#attempt(name, change, until), {
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

  async #attempt(name: ClusterName, change: (lease: Lease) => Lease, until: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([until, endAfter(LOCK.attemptMs, 'Writing the Lease')]);
    const cluster = this.#fleet.withSignal(signal).cluster(name);
    const lease = this.#held.get(name) ?? (await readLease(cluster, this.#release));
    if (lease === undefined || !belongsTo(lease, this.#holder)) throw new TakenOver(this.#release, name);
    const now = this.#clock.now();
    // Until the answer arrives it is not known what is stored.
    this.#keep(name, undefined);
    this.#keep(name, await cluster.replace(change(lease)));
    this.#renewedAt.set(name, now);
  }

  /** A Lease that was given up in the meantime stays so. */
  #keep(name: ClusterName, lease: Lease | undefined): void {
    if (this.#held.has(name)) this.#held.set(name, lease);
  }
}

/** What is neither refused for good nor lost. */
function mayPass(error: Error): boolean {
  return !(error instanceof TakenOver) && (!isRefused(error) || isConflict(error));
}
