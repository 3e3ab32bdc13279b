import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from '../../kubernetes/client/cluster.ts';
import { isConflict, isRefused, isUncertain } from '../../kubernetes/client/errors.ts';
import { CanaryError } from '../../core/errors.ts';
import type { Release } from '../../release/release.ts';
import type { ClusterName } from '../../core/names.ts';
import { allOf } from '../fleet.ts';
import type { Fleet } from '../fleet.ts';
import { LOCK, STEPS } from '../../core/deadlines.ts';
import { graceAfter } from '../../core/signals.ts';
import { INTENT_ANNOTATION } from './intent.ts';
import type { Intent } from './intent.ts';
import {
  ExpiryObserver,
  endedIn,
  holderOf,
  intentIn,
  leaseName,
  microTime,
  newLease,
  readLease,
  runOf,
  sameLease,
  withIntent,
} from './lease.ts';
import type { Lease, Leases } from './lease.ts';

/** A claim whose outcome is not known is looked up, and tried again, this often. */
const ATTEMPTS = 3;

/** What became of the claims, told as it happens. */
export interface Claims {
  /** From here on, the lease may be stored. */
  readonly begin: (name: ClusterName) => void;
  readonly acquired: (name: ClusterName, lease: Lease) => void;
  /** The lease is certainly not stored. */
  readonly refused: (name: ClusterName) => void;
  /** Releases leases that were acquired, as they were found. */
  readonly release: (names: readonly ClusterName[]) => Promise<void>;
}

export interface Acquired {
  /** The leases as they were found; clusters that had none are missing. */
  readonly found: readonly Lease[];
  /** Transactions that are known to have ended. */
  readonly ended: ReadonlySet<string>;
  /** Whether another run has had the lock since `seen`. */
  readonly stale: boolean;
}

interface Look {
  readonly cluster: Cluster;
  readonly lease: Lease | undefined;
  readonly busy: boolean;
}

/**
 * Acquires the lease of every config cluster, for two runs at a time without a deadlock: while it waits for a cluster, a run
 * holds only those before it in the order of their names, whichever clusters each run names. The first cluster decides who goes
 * first; the claims after it go side by side.
 */
export class Acquisition {
  readonly #fleet: Fleet;
  readonly #release: Release;
  readonly #intent: Intent;
  readonly #claims: Claims;
  readonly #observers: ReadonlyMap<ClusterName, ExpiryObserver>;

  constructor(fleet: Fleet, release: Release, intent: Intent, claims: Claims) {
    this.#fleet = fleet;
    this.#release = release;
    this.#intent = intent;
    this.#claims = claims;
    this.#observers = new Map(release.configClusters.map((name) => [name, new ExpiryObserver()]));
  }

  /**
   * @param seen the leases when the state that the run works on was read
   * @throws CanaryError that names the run which holds the lock, or an intent that cannot be read
   */
  async run(
    seen: Leases,
    { signal, onWait }: { readonly signal: AbortSignal; readonly onWait: (text: string) => void },
  ): Promise<Acquired> {
    const deadline = performance.now() + LOCK.waitMs;
    const found = new Map<ClusterName, Lease | undefined>();
    const told = new Set<ClusterName>();
    let waited = false;
    for (;;) {
      const missing = this.#release.configClusters.toSorted().filter((name) => !found.has(name));
      if (missing.length === 0) break;
      // All clusters from the beginning, so that the leases of a dead run expire at the same time.
      const looks = await allOf(missing.map((name) => this.#look(name)));
      const ended = endedIn([...looks.map(({ lease }) => lease), ...found.values()]);
      const firstBusy = looks.findIndex(({ busy }) => busy);
      const free = firstBusy < 0 ? looks : looks.slice(0, firstBusy);
      const claimed = await this.#claimAll(free, found.size === 0, ended, signal);
      for (const { cluster, lease } of claimed) found.set(cluster.name, lease);
      signal.throwIfAborted();
      const blocking = looks[claimed.length];
      if (blocking === undefined) continue;
      waited = true;
      // Who lost a claim looks again at once, to see to whom.
      if (!blocking.busy || blocking.lease === undefined) continue;
      const who = `${runOf(blocking.lease)} holds the lock of ${this.#release.app} in ${blocking.cluster.name}`;
      if (performance.now() >= deadline) {
        throw new CanaryError(
          `${who} and did not release it within ${String(LOCK.waitMs / 1000)} s. Re-run this step when that run has ended.`,
        );
      }
      if (!told.has(blocking.cluster.name)) onWait(`${who}: waiting for it.`);
      told.add(blocking.cluster.name);
      await delay(LOCK.pollMs, undefined, { signal }).catch(() => {
        signal.throwIfAborted();
      });
    }
    const leases = [...found.values()].filter((lease) => lease !== undefined);
    const stale = waited || [...found].some(([name, lease]) => !sameLease(lease, seen.get(name)));
    return { found: leases, ended: endedIn(leases), stale };
  }

  async #look(name: ClusterName): Promise<Look> {
    const cluster = this.#fleet.cluster(name);
    const lease = await readLease(cluster, this.#release);
    const theirs = lease !== undefined && !['', this.#intent.holder].includes(holderOf(lease));
    return { cluster, lease, busy: theirs && this.#observers.get(name)?.isDead(lease) !== true };
  }

  /**
   * Claims these leases: the first of all by itself, the others side by side.
   *
   * @returns those acquired before the first that someone else was faster to claim; what came after it is released
   */
  async #claimAll(
    looks: readonly Look[],
    none: boolean,
    ended: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<readonly Look[]> {
    for (const { cluster, lease } of looks) this.#assertReadable(cluster, lease);
    const [first, ...others] = looks;
    if (first === undefined) return [];
    const claim = (look: Look): Promise<boolean> => this.#claim(look, ended, signal);
    if (none && !(await claim(first))) return [];
    const rest = none ? others : looks;
    const outcomes = await allOf(rest.map(claim));
    const lost = outcomes.indexOf(false);
    const all = none ? [first, ...rest] : rest;
    if (lost < 0) return all;
    const after = rest.filter((_, i) => i > lost && outcomes[i] === true);
    await this.#claims.release(after.map(({ cluster }) => cluster.name));
    return all.slice(0, all.length - rest.length + lost);
  }

  /** What cannot be read may be all that tells how to settle an earlier run. */
  #assertReadable({ name }: Cluster, lease: Lease | undefined): void {
    const intent = lease && intentIn(lease);
    if (intent?.state !== 'unreadable') return;
    const { namespace } = this.#release;
    throw new CanaryError(
      `The Lease ${namespace}/${leaseName(this.#release)} in ${name} holds an intent that this version of the action does not understand: ${intent.text}. An earlier run may have left the clusters apart. If a newer version wrote it, use that version. Otherwise make sure that all clusters hold the same weights, then remove it: kubectl --context ${name} --namespace ${namespace} annotate lease ${leaseName(this.#release)} ${INTENT_ANNOTATION}-`,
    );
  }

  /** Takes the lock in one cluster; false where someone else was faster. */
  async #claim(look: Look, ended: ReadonlySet<string>, signal: AbortSignal): Promise<boolean> {
    const { holder } = this.#intent;
    signal.throwIfAborted();
    const { name } = look.cluster;
    // A claim under way is not cancelled: nobody would know whether it was stored, and the lock would stay behind.
    const cluster = this.#fleet.withSignal(graceAfter(signal, STEPS.claimLock.cancelledMs)).cluster(name);
    let held = look.lease;
    for (let attempt = 1; ; attempt += 1) {
      this.#claims.begin(name);
      try {
        const wanted = this.#claimed(held ?? newLease(this.#release), ended);
        this.#claims.acquired(
          name,
          await (held === undefined ? cluster.create(wanted) : cluster.replace(wanted)),
        );
        return true;
      } catch (error) {
        // What was refused was not stored: there is nothing to keep, nor to release.
        if (isRefused(error)) this.#claims.refused(name);
        if (isConflict(error)) return false;
        if (!isUncertain(error) || attempt >= ATTEMPTS) throw error;
      }
      held = await readLease(cluster, this.#release);
      if (held !== undefined && holderOf(held) === holder && !sameLease(held, look.lease)) {
        this.#claims.acquired(name, held);
        return true;
      }
      if (!sameLease(held, look.lease)) {
        this.#claims.refused(name);
        return false;
      }
    }
  }

  /** What another run left unfinished stays written down until it is settled: this one may die as well. */
  #claimed(lease: Lease, ended: ReadonlySet<string>): Lease {
    const now = microTime();
    const state = intentIn(lease);
    const kept = state.state === 'open' && !ended.has(state.intent.transaction);
    const spec = {
      holderIdentity: this.#intent.holder,
      leaseDurationSeconds: LOCK.leaseMs / 1000,
      acquireTime: now,
      renewTime: now,
    };
    return { ...(kept ? lease : withIntent(lease, this.#intent)), spec: { ...lease.spec, ...spec } };
  }
}
