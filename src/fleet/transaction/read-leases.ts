// Reads the Leases of all config clusters, whoever holds them, and says what they tell together. `lease-format.ts` knows a
// single one, and `held-leases.ts` rewrites those of this run.

import type { ClusterName } from '../../core/names.ts';
import type { Cluster } from '../../kubernetes/client/cluster.ts';
import type { Release } from '../../release/release.ts';
import type { Fleet } from '../fleet.ts';
import type { Intent } from './intent.ts';
import { LEASE_API_VERSION, decodeLease, endedOf, holderOf, intentOf, leaseName } from './lease-format.ts';
import type { Lease, LeaseContent } from './lease-format.ts';

/** The Leases of the config clusters at one moment; undefined where a cluster has none. */
export type Leases = ReadonlyMap<ClusterName, Lease | undefined>;

export function readLease(cluster: Cluster, release: Release): Promise<Lease | undefined> {
  return cluster.read<Lease>(LEASE_API_VERSION, 'Lease', leaseName(release), release.namespace);
}

/** Reads the Lease of every config cluster, and says why some cannot be read. */
export async function readEachLease(
  fleet: Fleet,
  release: Release,
): Promise<{ readonly leases: Leases; readonly failures: ReadonlyMap<ClusterName, unknown> }> {
  const failures = new Map<ClusterName, unknown>();
  const read = release.configClusters.map(async (name) => {
    try {
      return [[name, await readLease(fleet.cluster(name), release)] as const];
    } catch (error) {
      failures.set(name, error);
      return [];
    }
  });
  return { leases: new Map((await Promise.all(read)).flat()), failures };
}

/** Whether any Lease tells of a transaction that has not ended, be its run alive or dead, or is still held after its transaction. */
export function isUnfinished(leases: Leases): boolean {
  const contents = [...leases.values()].map(decodeLease);
  const ended = endedIn(contents);
  return (
    contents.some((content) => content.state === 'unreadable' || isHeldAfterEnd(content, ended)) ||
    openIntents(contents, ended).length > 0
  );
}

/**
 * Whether a Lease is held by a run whose transaction has ended, as another Lease says: its release failed here, or is under way. Nobody
 * needs it any more.
 */
export function isHeldAfterEnd(content: LeaseContent, ended: ReadonlySet<string>): boolean {
  const intent = intentOf(content);
  return intent !== undefined && intent.holder === holderOf(content) && ended.has(intent.transaction);
}

/**
 * The earliest transaction that has not ended. An intent in the Lease of another holder belongs to a run before that one.
 *
 * @param ended what is known to have ended, wherever that was read
 */
export function unfinishedIntent(
  contents: readonly LeaseContent[],
  ended: ReadonlySet<string> = endedIn(contents),
): Intent | undefined {
  const open = openIntents(contents, ended);
  return (open.find(({ holder, intent }) => intent.holder !== holder) ?? open[0])?.intent;
}

function openIntents(
  contents: readonly LeaseContent[],
  ended: ReadonlySet<string> = endedIn(contents),
): readonly { readonly holder: string | undefined; readonly intent: Intent }[] {
  return contents.flatMap((content) => {
    const intent = intentOf(content);
    return intent === undefined || ended.has(intent.transaction)
      ? []
      : [{ holder: holderOf(content), intent }];
  });
}

/** The transactions that are known to have ended. */
export function endedIn(contents: readonly LeaseContent[]): ReadonlySet<string> {
  return new Set(contents.flatMap((content) => endedOf(content) ?? []));
}

/** Who holds a Lease, as people find the run; the intent in it may belong to an earlier one. */
export function describeHolder(content: LeaseContent): string {
  const [holder, intent] = [holderOf(content), intentOf(content)];
  return holder === undefined ? 'Nobody' : intent?.holder === holder ? intent.run : holder;
}

/** Whether a Lease is a run's: held by it, or released by it with its intent. */
export function belongsTo(lease: Lease | undefined, holder: string): boolean {
  const content = decodeLease(lease);
  return content.state === 'released with open intent'
    ? content.intent.holder === holder
    : holderOf(content) === holder;
}
