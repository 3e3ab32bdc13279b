import { isDeepStrictEqual } from 'node:util';
import { ClusterError } from '../cluster/errors.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Change } from '../release/change.ts';
import { CanaryError, messageOf } from '../release/errors.ts';
import { nameOf } from '../release/objects.ts';
import type { KubeObject } from '../release/objects.ts';
import type { ClusterName } from '../release/release.ts';
import type { TriedChange } from './dry-run.ts';
import { allOf } from './fleet.ts';
import type { Fleet } from './fleet.ts';

/** How long a write and its putting back may each take, in ms: both fit into what a cancelled job is given before it is killed. */
const SETTLE_TIMEOUT_MS = 6_000;
/** A write whose outcome is not known is looked up, and tried again, this often. */
const ATTEMPTS = 3;

/** A change that was written, with the object as the server stored it. */
export interface Written {
  readonly change: Change;
  /** What stood there before, as far as it was read. */
  readonly earlier: KubeObject | undefined;
  readonly stored: KubeObject;
}

export type OnWritten = (written: Written) => void;

/** Writes the changes of each cluster in their order, the clusters side by side. What is written stays on a failure. */
export async function writeInOrder(
  fleet: Fleet,
  changes: readonly Change[],
  onWritten: OnWritten,
): Promise<readonly Written[]> {
  const clusters = [...new Set(changes.map(({ cluster }) => cluster))];
  const perCluster = await allOf(
    clusters.map(async (name) => {
      const written: Written[] = [];
      for (const change of changes.filter(({ cluster }) => cluster === name)) {
        const stored = await writeSurely(fleet.cluster(name), change);
        const one = { change, earlier: earlierOf(change), stored };
        onWritten(one);
        written.push(one);
      }
      return written;
    }),
  );
  return perCluster.flat();
}

/**
 * Writes one change in each of several clusters so that all hold it, or none: where one fails, those that were written
 * are put back. A change that someone made after ours is left and reported. Once begun it is not cancelled half way.
 *
 * @throws CanaryError that tells what failed and what stands where
 */
export async function writeTogether(
  fleet: Fleet,
  changes: readonly Change[],
  signal: AbortSignal,
  onWritten: OnWritten,
): Promise<readonly Written[]> {
  signal.throwIfAborted();
  const shielded = fleet.withSignal(AbortSignal.timeout(SETTLE_TIMEOUT_MS));
  const written: Written[] = [];
  try {
    await allOf(
      changes.map(async (change) => {
        const stored = await writeSurely(shielded.cluster(change.cluster), change);
        const one = { change, earlier: earlierOf(change), stored };
        onWritten(one);
        written.push(one);
      }),
    );
    return written;
  } catch (error) {
    const outcome = await putBack(fleet, changes, written, onWritten);
    throw new CanaryError([messageOf(error), ...outcome].join('\n'), { cause: error });
  }
}

/** The dry run has read what an `apply` meets. */
function earlierOf(change: Change | TriedChange): KubeObject | undefined {
  if (change.verb === 'delete') return change.object;
  return change.before ?? ('live' in change ? change.live : undefined);
}

/**
 * Writes a change and makes sure of the outcome: where the answer got lost, the object is read to see whether the write
 * was stored, and the write is tried again where it was not.
 */
async function writeSurely(cluster: Cluster, change: Change): Promise<KubeObject> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await write(cluster, change);
    } catch (error) {
      if (!isUncertain(error) || attempt === ATTEMPTS) throw error;
      const live = await readLive(cluster, change.object);
      if (live !== undefined && holds(live, change)) return live;
      // Someone else's write came in between: ours would be refused, and must be.
      if (
        change.verb === 'update' &&
        live?.metadata.resourceVersion !== change.object.metadata.resourceVersion
      )
        throw error;
    }
  }
}

async function write(cluster: Cluster, { verb, object }: Change): Promise<KubeObject> {
  switch (verb) {
    case 'apply':
      return cluster.apply(object);
    case 'create':
      return cluster.create(object);
    case 'update':
      return cluster.replace(object);
    case 'delete':
      await cluster.remove(object);
      return object;
  }
}

/** Whether the server may have stored the write although it failed for us. */
function isUncertain(error: unknown): boolean {
  return error instanceof ClusterError && (error.status === undefined || error.status >= 500);
}

function readLive(
  cluster: Cluster,
  { apiVersion, kind, metadata }: KubeObject,
): Promise<KubeObject | undefined> {
  return cluster.read(apiVersion, kind, metadata.name, metadata.namespace);
}

/** Whether the stored object is the outcome of a create or an update: what was written, and nothing else. */
function holds(live: KubeObject, { verb, object }: Change): boolean {
  if (verb === 'apply' || verb === 'delete') return false;
  return (
    isDeepStrictEqual(live['spec'], object['spec']) &&
    isDeepStrictEqual(live.metadata.annotations ?? {}, object.metadata.annotations ?? {})
  );
}

/** Gives every object that was written its earlier content again, as long as nobody has changed it since. */
async function putBack(
  fleet: Fleet,
  changes: readonly Change[],
  written: readonly Written[],
  onWritten: OnWritten,
): Promise<readonly string[]> {
  const rescue = fleet.withSignal(AbortSignal.timeout(SETTLE_TIMEOUT_MS));
  const lines = await Promise.all(
    changes.map(async (change): Promise<string | undefined> => {
      const cluster = rescue.cluster(change.cluster);
      const where = `${nameOf(change.object)} in ${change.cluster}`;
      try {
        const known = written.find((one) => one.change === change)?.stored;
        const live = known ?? (await readLive(cluster, change.object));
        if (live === undefined || (known === undefined && !holds(live, change))) return undefined;
        if (change.before === undefined) return `${where} was made, and stays.`;
        const object = withVersionOf(change.before, live);
        const back: Change = { ...change, verb: 'update', object, reason: 'put back' };
        onWritten({ change: back, earlier: live, stored: await writeSurely(cluster, back) });
        return `${where} holds its earlier content again.`;
      } catch (error) {
        return `${where} could not be put back, and holds the new content unless someone changed it: ${messageOf(error)}`;
      }
    }),
  );
  return lines.filter((line) => line !== undefined);
}

/** An object to be written over the stored one, guarded by the version that the store gave it. */
export function withVersionOf<T extends KubeObject>(object: T, stored: KubeObject): T {
  const { resourceVersion } = stored.metadata;
  return {
    ...object,
    metadata: { ...object.metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
  };
}

/** The changes, based on the objects that an earlier stage stored in the same clusters. */
export function rebased(changes: readonly Change[], earlier: readonly Written[]): readonly Change[] {
  return changes.map((change) => {
    const stored = storedIn(earlier, change.cluster, change.object);
    return stored === undefined
      ? change
      : { ...change, object: withVersionOf(change.object, stored), before: stored };
  });
}

function storedIn(
  earlier: readonly Written[],
  cluster: ClusterName,
  object: KubeObject,
): KubeObject | undefined {
  return earlier.find(({ change, stored }) => change.cluster === cluster && nameOf(stored) === nameOf(object))
    ?.stored;
}
