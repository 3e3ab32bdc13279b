import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { Cluster } from '../cluster/cluster.ts';
import { ClusterError } from '../cluster/errors.ts';
import { CanaryError, messageOf } from '../release/errors.ts';
import type { KubeObject } from '../release/objects.ts';
import type { ClusterName, Release } from '../release/release.ts';
import type { Weights } from '../release/weights.ts';
import { allOf } from './fleet.ts';
import type { Fleet } from './fleet.ts';

const API_VERSION = 'coordination.k8s.io/v1';
const INTENT_ANNOTATION = 'multicluster-canary/intent';
/** A holder that has not renewed for so long is taken for dead. */
const LEASE_SECONDS = 30;
const RENEW_MS = 10_000;
const POLL_MS = 1_000;
/** How long another run is waited for. */
const WAIT_MS = 60_000;

/** Who holds a lock. */
export interface Identity {
  /** Unlike that of every other run. */
  readonly holder: string;
  /** Where people find the run: its URL, or a description. */
  readonly run: string;
}

/** What a run is about to do to the weights, so that another can settle it should this one die. */
export interface Intent {
  readonly target: Weights;
  /** undefined on a first install */
  readonly previous: Weights | undefined;
  readonly run: string;
}

interface Lease extends KubeObject {
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    readonly acquireTime?: string;
    readonly renewTime?: string;
  };
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
  readonly #identity: Identity;
  readonly #held = new Map<ClusterName, Lease>();
  #renewal: NodeJS.Timeout | undefined;

  private constructor(fleet: Fleet, identity: Identity) {
    this.#fleet = fleet;
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
    const lock = new Lock(fleet, identity);
    let abandoned: Intent | undefined;
    let waited = false;
    // What is held already must not run out while a later cluster is waited for.
    lock.#renewal = setInterval(() => {
      lock.#renew().catch(options.onLost);
    }, RENEW_MS);
    try {
      for (const name of release.configClusters.toSorted()) {
        const taken = await lock.#acquire(fleet.cluster(name), release, intent, options);
        abandoned ??= taken.abandoned;
        waited ||= taken.waited;
      }
    } catch (error) {
      await lock.release();
      throw error;
    }
    return { lock, abandoned, waited };
  }

  /** The lock that a run of this identity left behind, and its intent; undefined where it holds none. */
  static async find(fleet: Fleet, release: Release, identity: Identity): Promise<Taken | undefined> {
    const lock = new Lock(fleet, identity);
    let abandoned: Intent | undefined;
    for (const name of release.configClusters) {
      const lease = await readLease(fleet.cluster(name), release);
      if (lease === undefined || holderOf(lease) !== identity.holder) continue;
      lock.#held.set(name, lease);
      abandoned ??= intentOf(lease);
    }
    return lock.#held.size === 0 ? undefined : { lock, abandoned, waited: false };
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

  async #acquire(
    cluster: Cluster,
    release: Release,
    intent: Intent,
    { signal, onWait }: { readonly signal: AbortSignal; readonly onWait: (text: string) => void },
  ): Promise<{ readonly abandoned: Intent | undefined; readonly waited: boolean }> {
    const deadline = Date.now() + WAIT_MS;
    for (let waited = false, told = false; ; waited = true) {
      const lease = await readLease(cluster, release);
      if (lease === undefined || isFree(lease)) {
        const abandoned = lease === undefined ? undefined : intentOf(lease);
        const wanted = this.#claimed(lease ?? newLease(release), abandoned ?? intent);
        const stored = await claim(cluster, wanted, lease === undefined);
        if (stored !== undefined) {
          this.#held.set(cluster.name, stored);
          return { abandoned, waited };
        }
        continue;
      }
      const holder = `${intentOf(lease)?.run ?? holderOf(lease)} holds the lock of ${release.app} in ${cluster.name}`;
      if (Date.now() >= deadline) {
        throw new CanaryError(
          `${holder}, and did not give it back within ${String(WAIT_MS / 1000)} s. Run again when it has ended.`,
        );
      }
      if (!told) onWait(`${holder}: waiting for it.`);
      told = true;
      await delay(POLL_MS);
      signal.throwIfAborted();
    }
  }

  #claimed(lease: Lease, intent: Intent): Lease {
    const now = new Date().toISOString().replace('Z', '000Z');
    const spec = {
      holderIdentity: this.#identity.holder,
      leaseDurationSeconds: LEASE_SECONDS,
      acquireTime: now,
      renewTime: now,
    };
    return { ...withIntent(lease, intent), spec: { ...lease.spec, ...spec } };
  }

  async #renew(): Promise<void> {
    const renewTime = new Date().toISOString().replace('Z', '000Z');
    try {
      await this.#rewrite((lease) => ({ ...lease, spec: { ...lease.spec, renewTime } }));
    } catch (error) {
      // A cluster that is away for a moment does not cost the lock; a lease that someone else wrote does.
      if (error instanceof ClusterError && error.status !== 409) return;
      throw new CanaryError(`The lock was taken over by another run: ${messageOf(error)}`, { cause: error });
    }
  }

  async #rewrite(change: (lease: Lease) => Lease): Promise<void> {
    // Giving back and renewing go on when the run has been cancelled.
    const fleet = this.#fleet.withSignal(AbortSignal.timeout(RENEW_MS / 2));
    await allOf(
      [...this.#held].map(async ([name, lease]) => {
        this.#held.set(name, await fleet.cluster(name).replace(change(lease)));
      }),
    );
  }
}

function readLease(cluster: Cluster, release: Release): Promise<Lease | undefined> {
  return cluster.read<Lease>(API_VERSION, 'Lease', leaseName(release), release.namespace);
}

function leaseName({ app }: Release): string {
  return `multicluster-canary-${app}`;
}

function newLease(release: Release): Lease {
  return {
    apiVersion: API_VERSION,
    kind: 'Lease',
    metadata: { name: leaseName(release), namespace: release.namespace },
  };
}

/** The stored lease; undefined where another run was faster. */
async function claim(cluster: Cluster, lease: Lease, isNew: boolean): Promise<Lease | undefined> {
  try {
    return await (isNew ? cluster.create(lease) : cluster.replace(lease));
  } catch (error) {
    if (error instanceof ClusterError && error.status === 409) return undefined;
    throw error;
  }
}

function holderOf({ spec }: Lease): string {
  return spec?.holderIdentity ?? '';
}

function isFree(lease: Lease): boolean {
  if (holderOf(lease) === '') return true;
  const { renewTime = '', leaseDurationSeconds = LEASE_SECONDS } = lease.spec ?? {};
  const expires = Date.parse(renewTime) + leaseDurationSeconds * 1000;
  return !(expires > Date.now());
}

function withIntent(lease: Lease, intent: Intent | undefined): Lease {
  const { [INTENT_ANNOTATION]: _, ...annotations } = lease.metadata.annotations ?? {};
  const text = intent === undefined ? {} : { [INTENT_ANNOTATION]: encode(intent) };
  return { ...lease, metadata: { ...lease.metadata, annotations: { ...annotations, ...text } } };
}

function encode({ target, previous, run }: Intent): string {
  return JSON.stringify({
    target: Object.fromEntries(target),
    ...(previous === undefined ? {} : { previous: Object.fromEntries(previous) }),
    run,
  });
}

const weights = z
  .record(z.string(), z.number())
  .transform((value): Weights => new Map(Object.entries(value)));
const schema = z.object({ target: weights, previous: weights.optional(), run: z.string() });

function intentOf(lease: Lease): Intent | undefined {
  const text = lease.metadata.annotations?.[INTENT_ANNOTATION];
  if (text === undefined) return undefined;
  try {
    const { target, previous, run } = schema.parse(JSON.parse(text));
    return { target, previous, run };
  } catch {
    return undefined;
  }
}
