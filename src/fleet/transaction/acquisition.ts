// Gets the lock: claims the Lease of every cluster, and waits for other runs or takes over from a dead one. Once it is held,
// `lock.ts` keeps it.

import type { Clock } from '../../core/clock.ts';
import { LOCK, STEPS } from '../../core/deadlines.ts';
import { CanaryError } from '../../core/errors.ts';
import type { ClusterName } from '../../core/names.ts';
import { endBy, graceAfter } from '../../core/signals.ts';
import { rerun } from '../../core/wording.ts';
import type { Cluster } from '../../kubernetes/client/cluster.ts';
import { isConflict, isRefused, isUncertain } from '../../kubernetes/client/errors.ts';
import type { Release } from '../../release/release.ts';
import { allOf } from '../fleet.ts';
import type { Fleet } from '../fleet.ts';
import { ExpiryObserver } from './expiry-observer.ts';
import type { HeldLeases } from './held-leases.ts';
import type { Intent } from './intent.ts';
import {
  INTENT_ANNOTATION,
  acquiredBy,
  decodeLease,
  encodeLease,
  endedOf,
  holderOf,
  intentOf,
  leaseName,
  newLease,
  released,
  sameLease,
} from './lease-format.ts';
import type { Lease } from './lease-format.ts';
import { describeHolder, endedIn, isHeldAfterEnd, readLease, unfinishedIntent } from './read-leases.ts';
import type { Leases } from './read-leases.ts';

/** A claim whose outcome is not known is looked up, and attempted again, this often. */
const ATTEMPTS = 3;

export interface Acquired {
  /** What an earlier transaction left unfinished. */
  readonly abandoned: Intent | undefined;
  /** Whether another run has had the lock: what was read before may be out of date. */
  readonly stale: boolean;
}

interface Look {
  readonly cluster: Cluster;
  readonly lease: Lease | undefined;
  /** By another run, as far as this Lease tells. */
  readonly isHeld: boolean;
}

/**
 * Acquires the Lease of every config cluster. Runs that name different clusters cannot deadlock: while it waits for a cluster, a run
 * holds only those before it in the order of their names. The first cluster decides who goes first; the claims after it go side by
 * side.
 */
export class Acquisition {
  readonly #fleet: Fleet;
  readonly #release: Release;
  readonly #intent: Intent;
  readonly #held: HeldLeases;
  readonly #clock: Clock;
  readonly #observers: ReadonlyMap<ClusterName, ExpiryObserver>;

  constructor(fleet: Fleet, release: Release, intent: Intent, held: HeldLeases, clock: Clock) {
    this.#fleet = fleet;
    this.#release = release;
    this.#intent = intent;
    this.#held = held;
    this.#clock = clock;
    this.#observers = new Map(release.configClusters.map((name) => [name, new ExpiryObserver(clock)]));
  }

  /**
   * @param seen the Leases when the state that the run works on was read
   * @param onAcquired called with each Lease that is held from then on
   * @throws CanaryError that names the run which holds the lock, or an intent that cannot be read
   */
  async run(
    seen: Leases,
    options: {
      readonly signal: AbortSignal;
      readonly onWait: (text: string) => void;
      readonly onAcquired: () => void;
    },
  ): Promise<Acquired> {
    const { signal, onWait, onAcquired } = options;
    const deadline = this.#clock.now() + LOCK.waitMs;
    const found = new Map<ClusterName, Lease | undefined>();
    const reported = new Set<ClusterName>();
    let waited = false;
    for (;;) {
      const missing = this.#release.configClusters.toSorted().filter((name) => !found.has(name));
      if (missing.length === 0) break;
      // All clusters from the beginning, so that the Leases of a dead run expire at the same time.
      const looks =
        (waited ? undefined : this.#asSeen(missing, seen)) ??
        (await allOf(missing.map((name) => this.#look(name))));
      const ended = endedIn([...looks.map(({ lease }) => lease), ...found.values()].map(decodeLease));
      const isBusy = ({ isHeld, lease }: Look): boolean =>
        isHeld && !isHeldAfterEnd(decodeLease(lease), ended);
      const firstBusy = looks.findIndex(isBusy);
      const free = firstBusy < 0 ? looks : looks.slice(0, firstBusy);
      const claimed = await this.#claimAll(free, found.size === 0, { ended, seen, signal, onAcquired });
      for (const { cluster, lease } of claimed) found.set(cluster.name, lease);
      signal.throwIfAborted();
      const blocking = looks[claimed.length];
      if (blocking === undefined) continue;
      waited = true;
      // Whoever lost a claim looks again at once, to see to whom.
      if (!isBusy(blocking)) continue;
      const who = `${describeHolder(decodeLease(blocking.lease))} holds the lock of ${this.#release.app} in ${blocking.cluster.name}`;
      if (this.#clock.now() >= deadline) {
        throw new CanaryError(
          `${who} and did not release it within ${String(LOCK.waitMs / 1000)} s. When that run has ended, ${rerun()}.`,
        );
      }
      if (!reported.has(blocking.cluster.name)) onWait(`${who}: waiting for it.`);
      reported.add(blocking.cluster.name);
      await this.#clock.sleep(LOCK.pollMs, signal);
    }
    const contents = [...found.values()].map(decodeLease);
    const foreign = contents.filter((content) => intentOf(content)?.transaction !== this.#intent.transaction);
    return {
      abandoned: unfinishedIntent(foreign, endedIn(contents)),
      stale: waited || [...found].some(([name, lease]) => !sameLease(lease, seen.get(name))),
    };
  }

  /**
   * What the run has seen is as good as a look, where all was free: a claim is refused if anybody has written the Lease since.
   *
   * @returns undefined where only a look can tell
   */
  #asSeen(names: readonly ClusterName[], seen: Leases): readonly Look[] | undefined {
    const isFree = (name: ClusterName): boolean => {
      const content = decodeLease(seen.get(name));
      return seen.has(name) && content.state !== 'unreadable' && holderOf(content) === undefined;
    };
    return names.every(isFree) ? names.map((name) => this.#lookAt(name, seen.get(name))) : undefined;
  }

  async #look(name: ClusterName): Promise<Look> {
    return this.#lookAt(name, await readLease(this.#fleet.cluster(name), this.#release));
  }

  #lookAt(name: ClusterName, lease: Lease | undefined): Look {
    const cluster = this.#fleet.cluster(name);
    const holder = holderOf(decodeLease(lease));
    const isHeld =
      lease !== undefined &&
      holder !== undefined &&
      holder !== this.#intent.holder &&
      this.#observers.get(name)?.isDead(lease) !== true;
    return { cluster, lease, isHeld };
  }

  /**
   * Claims these Leases: the first of all by itself, the others side by side.
   *
   * @returns those acquired before the first that someone else was faster to claim; those after it are given up
   */
  async #claimAll(looks: readonly Look[], none: boolean, options: ClaimOptions): Promise<readonly Look[]> {
    for (const { cluster, lease } of looks) this.#assertReadable(cluster, lease);
    const [first, ...others] = looks;
    if (first === undefined) return [];
    const claim = (look: Look): Promise<boolean> => this.#claim(look, options);
    if (none && !(await claim(first))) return [];
    const rest = none ? others : looks;
    const outcomes = await allOf(rest.map(claim));
    const lost = outcomes.indexOf(false);
    const all = none ? [first, ...rest] : rest;
    if (lost < 0) return all;
    const after = rest.filter((_, i) => i > lost && outcomes[i] === true);
    await this.#held.giveUp(
      after.map(({ cluster }) => cluster.name),
      (lease) => released(lease, 'as found', this.#intent.transaction),
      endBy(options.signal, STEPS.releaseLock, 'Releasing the lock'),
    );
    return all.slice(0, all.length - rest.length + lost);
  }

  /** What cannot be read may be all that tells how to recover an earlier run. */
  #assertReadable({ name }: Cluster, lease: Lease | undefined): void {
    const content = decodeLease(lease);
    if (content.state !== 'unreadable') return;
    const { namespace } = this.#release;
    throw new CanaryError(
      `The Lease ${namespace}/${leaseName(this.#release)} in ${name} holds an intent that this version of the action does not understand: ${content.text}. An earlier run may have left the clusters apart. If a newer version wrote it, use that version. Otherwise make sure that all clusters hold the same weights, then remove it: kubectl --context ${name} --namespace ${namespace} annotate lease ${leaseName(this.#release)} ${INTENT_ANNOTATION}-`,
    );
  }

  /** Claims the Lease of one cluster; false where someone else was faster. */
  async #claim(look: Look, { ended, seen, signal, onAcquired }: ClaimOptions): Promise<boolean> {
    signal.throwIfAborted();
    const { name } = look.cluster;
    // A claim under way is not cancelled: nobody would know whether it was stored, and the lock would stay behind.
    const until = graceAfter(signal, STEPS.claimLock.cancelledMs);
    const cluster = this.#fleet.withSignal(until).cluster(name);
    const acquired = (lease: Lease): true => {
      this.#held.acquired(name, lease);
      onAcquired();
      return true;
    };
    let current = look.lease;
    for (let attempt = 1; ; attempt += 1) {
      this.#held.claimBegins(name);
      try {
        // What the target was based on may be out of date: whoever would recover it must not take it for what the clusters held.
        const intent = sameLease(current, seen.get(name)) ? this.#intent : undefined;
        const wanted = this.#claimOf(current ?? newLease(this.#release), intent, ended);
        return acquired(await (current === undefined ? cluster.create(wanted) : cluster.replace(wanted)));
      } catch (error) {
        // What was refused was not stored: there is nothing to keep, nor to release. An attempt before it may still arrive.
        if (isRefused(error) && attempt === 1) this.#held.claimRefused(name);
        if (isConflict(error)) return false;
        if (!isUncertain(error) || attempt >= ATTEMPTS) throw error;
      }
      current = await readLease(cluster, this.#release);
      if (sameLease(current, look.lease)) continue;
      if (current !== undefined && holderOf(decodeLease(current)) === this.#intent.holder)
        return acquired(current);
      this.#held.claimRefused(name);
      return false;
    }
  }

  /** What another transaction left unfinished stays in the Lease until it is recovered: this run may die as well. */
  #claimOf(lease: Lease, intent: Intent | undefined, endedTransactions: ReadonlySet<string>): Lease {
    const content = decodeLease(lease);
    const found = intentOf(content);
    const { holder } = this.#intent;
    if (found !== undefined && !endedTransactions.has(found.transaction)) return acquiredBy(lease, holder);
    return encodeLease(lease, { state: 'held', holder, intent, ended: endedOf(content) });
  }
}

interface ClaimOptions {
  /** Transactions that are known to have ended. */
  readonly ended: ReadonlySet<string>;
  readonly seen: Leases;
  readonly signal: AbortSignal;
  readonly onAcquired: () => void;
}
