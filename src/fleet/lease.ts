import { z } from 'zod';
import type { Cluster } from '../cluster/cluster.ts';
import type { KubeObject } from '../release/objects.ts';
import type { Release } from '../release/release.ts';
import type { Weights } from '../release/weights.ts';

const API_VERSION = 'coordination.k8s.io/v1';
const INTENT_ANNOTATION = 'multicluster-canary/intent';
/** The holder of the last run that gave the lease back because it had nothing left to do. */
const ENDED_ANNOTATION = 'multicluster-canary/ended';
/** A holder that has not renewed for so long is taken for dead. */
export const LEASE_SECONDS = 30;
/** No two clocks are so many durations apart: a lease that old is not waited for. */
const FORGOTTEN = 10;

/** What a run is about to do to the weights. */
export interface Aim {
  readonly target: Weights;
  /** undefined on a first install */
  readonly previous: Weights | undefined;
}

/** The aim of a run as it stands in the lease, so that another can settle it should this one die. */
export interface Intent extends Aim {
  readonly run: string;
  /** Whose intent it is: a run that finds what another left keeps it in its own lease until that is settled. */
  readonly holder: string;
}

/** The Kubernetes object behind the lock in one cluster. */
export interface Lease extends KubeObject {
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    readonly acquireTime?: string;
    readonly renewTime?: string;
  };
}

/**
 * Tells a dead holder from one whose clock is another: only what passes between two looks at the same lease is counted, by
 * our clock alone, as leader election does (https://pkg.go.dev/k8s.io/client-go/tools/leaderelection).
 */
export class Watched {
  #renewTime: string | undefined;
  #since = 0;

  isDead({ spec }: Lease): boolean {
    const { renewTime = '', leaseDurationSeconds = LEASE_SECONDS } = spec ?? {};
    const duration = leaseDurationSeconds * 1000;
    const renewed = Date.parse(renewTime);
    if (Number.isNaN(renewed) || Date.now() - renewed > FORGOTTEN * duration) return true;
    if (renewTime !== this.#renewTime) {
      this.#renewTime = renewTime;
      this.#since = performance.now();
    }
    return performance.now() - this.#since >= duration;
  }
}

export function microTime(): string {
  return new Date().toISOString().replace('Z', '000Z');
}

export function readLease(cluster: Cluster, release: Release): Promise<Lease | undefined> {
  return cluster.read<Lease>(API_VERSION, 'Lease', leaseName(release), release.namespace);
}

function leaseName({ app }: Release): string {
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

export function withIntent(lease: Lease, intent: Intent | undefined): Lease {
  return withAnnotation(lease, INTENT_ANNOTATION, intent && encode(intent));
}

/** The lease of a run that has nothing left to do. Should another cluster keep its intent, this tells what that is worth. */
export function withEnd(lease: Lease, holder: string): Lease {
  return withAnnotation(withIntent(lease, undefined), ENDED_ANNOTATION, holder);
}

/** The run that last ended here; see `withEnd`. */
function endedIn(lease: Lease): string | undefined {
  return lease.metadata.annotations?.[ENDED_ANNOTATION];
}

function withAnnotation(lease: Lease, key: string, text: string | undefined): Lease {
  const { [key]: _, ...others } = lease.metadata.annotations ?? {};
  const annotations = text === undefined ? others : { ...others, [key]: text };
  return { ...lease, metadata: { ...lease.metadata, annotations } };
}

function encode({ target, previous, run, holder }: Intent): string {
  return JSON.stringify({
    target: Object.fromEntries(target),
    ...(previous === undefined ? {} : { previous: Object.fromEntries(previous) }),
    run,
    holder,
  });
}

const weights = z
  .record(z.string(), z.number())
  .transform((value): Weights => new Map(Object.entries(value)));
const schema = z.object({
  target: weights,
  previous: weights.optional(),
  run: z.string(),
  holder: z.string().optional(),
});

export function intentOf(lease: Lease): Intent | undefined {
  const text = lease.metadata.annotations?.[INTENT_ANNOTATION];
  if (text === undefined) return undefined;
  try {
    const { target, previous, run, holder = holderOf(lease) } = schema.parse(JSON.parse(text));
    return { target, previous, run, holder };
  } catch {
    return undefined;
  }
}

/**
 * The earliest of the intents that were not brought to their end. An intent in the lease of another holder is that of a run
 * before it; a run that ended has told so in the clusters that it could reach.
 *
 * @param all leases that may tell of an end
 */
export function unfinished(leases: readonly Lease[], all: readonly Lease[]): Intent | undefined {
  const ended = new Set(all.map(endedIn));
  const left = leases.flatMap((lease) => {
    const intent = intentOf(lease);
    return intent === undefined || ended.has(intent.holder) ? [] : [{ lease, intent }];
  });
  return (left.find(({ lease, intent }) => intent.holder !== holderOf(lease)) ?? left[0])?.intent;
}

/** Who holds a lease, as people find it; the intent in it may be of a run before. */
export function runOf(lease: Lease): string {
  const intent = intentOf(lease);
  return intent?.holder === holderOf(lease) ? intent.run : holderOf(lease);
}
