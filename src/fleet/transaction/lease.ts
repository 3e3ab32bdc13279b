import type { Cluster } from '../../kubernetes/client/cluster.ts';
import type { KubeObject } from '../../kubernetes/objects.ts';
import type { Release } from '../../release/release.ts';
import { LOCK } from '../../core/deadlines.ts';
import type { ClusterName } from '../../core/names.ts';
import { allOf } from '../fleet.ts';
import type { Fleet } from '../fleet.ts';
import { INTENT_ANNOTATION, encodeIntent, readIntent } from './intent.ts';
import type { Intent, IntentState } from './intent.ts';

const API_VERSION = 'coordination.k8s.io/v1';
/** The transaction that last ended here with nothing left to do. */
const ENDED_ANNOTATION = 'multicluster-canary/ended';

/** The Kubernetes object behind the lock in one cluster. */
export interface Lease extends KubeObject {
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    readonly acquireTime?: string;
    readonly renewTime?: string;
  };
}

/** The leases of the config clusters at one moment; undefined where a cluster has none. */
export type Leases = ReadonlyMap<ClusterName, Lease | undefined>;

/**
 * Tells a dead holder from one that is alive. Only time that passes between two looks at the same lease counts, by our own
 * monotonic clock, as in leader election (https://pkg.go.dev/k8s.io/client-go/tools/leaderelection): a time that another
 * machine wrote says nothing about now.
 */
export class ExpiryObserver {
  #seen: string | undefined;
  #since = 0;

  isDead({ spec }: Lease): boolean {
    const now = performance.now();
    const sign = JSON.stringify([spec?.holderIdentity, spec?.acquireTime, spec?.renewTime]);
    if (sign !== this.#seen) {
      this.#seen = sign;
      this.#since = now;
    }
    return now - this.#since >= 1000 * secondsOf(spec?.leaseDurationSeconds);
  }
}

function secondsOf(duration: unknown): number {
  return typeof duration === 'number' && Number.isInteger(duration) && duration > 0
    ? duration
    : LOCK.leaseMs / 1000;
}

export function microTime(): string {
  return new Date().toISOString().replace('Z', '000Z');
}

export function readLease(cluster: Cluster, release: Release): Promise<Lease | undefined> {
  return cluster.read<Lease>(API_VERSION, 'Lease', leaseName(release), release.namespace);
}

/** Reads the lease of every config cluster. */
export async function readLeases(fleet: Fleet, release: Release): Promise<Leases> {
  const read = release.configClusters.map(
    async (name) => [name, await readLease(fleet.cluster(name), release)] as const,
  );
  return new Map(await allOf(read));
}

export function leaseName({ app }: Pick<Release, 'app'>): string {
  return `multicluster-canary-${app}`;
}

export function newLease(release: Release): Lease {
  return {
    apiVersion: API_VERSION,
    kind: 'Lease',
    metadata: { name: leaseName(release), namespace: release.namespace },
  };
}

export function holderOf({ spec }: Lease): string {
  return spec?.holderIdentity ?? '';
}

/** Whether nobody has written the lease between two looks at it: then no run has begun or ended in between either. */
export function sameLease(a: Lease | undefined, b: Lease | undefined): boolean {
  return a?.metadata.resourceVersion === b?.metadata.resourceVersion;
}

export function intentIn(lease: Lease): IntentState {
  return readIntent(lease.metadata.annotations?.[INTENT_ANNOTATION], holderOf(lease));
}

/** The intent of a lease, where there is one that can be read. */
export function intentOf(lease: Lease | undefined): Intent | undefined {
  const state = lease === undefined ? undefined : intentIn(lease);
  return state?.state === 'open' ? state.intent : undefined;
}

export function withIntent(lease: Lease, intent: Intent | undefined): Lease {
  return withAnnotation(lease, INTENT_ANNOTATION, intent && encodeIntent(intent));
}

/** The lease of a transaction that has ended; a cluster that could not be told keeps the intent, which then is void. */
export function withEnd(lease: Lease, transaction: string): Lease {
  return withAnnotation(withIntent(lease, undefined), ENDED_ANNOTATION, transaction);
}

function withAnnotation(lease: Lease, key: string, text: string | undefined): Lease {
  const { [key]: _, ...others } = lease.metadata.annotations ?? {};
  const annotations = text === undefined ? others : { ...others, [key]: text };
  return { ...lease, metadata: { ...lease.metadata, annotations } };
}

/** The transactions that are known to have ended. */
export function endedIn(leases: Iterable<Lease | undefined>): ReadonlySet<string> {
  return new Set([...leases].flatMap((lease) => lease?.metadata.annotations?.[ENDED_ANNOTATION] ?? []));
}

/**
 * The earliest of the intents whose transactions have not ended. An intent in the lease of another holder belongs to a run
 * before that one.
 */
export function unfinished(leases: readonly Lease[], ended: ReadonlySet<string>): Intent | undefined {
  const left = leases.flatMap((lease) => {
    const intent = intentOf(lease);
    return intent === undefined || ended.has(intent.transaction) ? [] : [{ lease, intent }];
  });
  return (left.find(({ lease, intent }) => intent.holder !== holderOf(lease)) ?? left[0])?.intent;
}

/** Whether any lease tells of a transaction that has not ended, be its run alive or dead. */
export function isUnfinished(leases: Leases): boolean {
  const all = [...leases.values()].filter((lease) => lease !== undefined);
  const ended = endedIn(all);
  return all.some((lease) => {
    const intent = intentIn(lease);
    return (
      intent.state === 'unreadable' || (intent.state === 'open' && !ended.has(intent.intent.transaction))
    );
  });
}

/** Who holds a lease, as people find the run; the intent in it may belong to a run before. */
export function runOf(lease: Lease): string {
  const intent = intentOf(lease);
  return intent?.holder === holderOf(lease) ? intent.run : holderOf(lease);
}
