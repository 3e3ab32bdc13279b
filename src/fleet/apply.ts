import { CanaryError, messageOf } from '../release/errors.ts';
import { nameOf } from '../release/objects.ts';
import type { KubeObject } from '../release/objects.ts';
import type { Change } from '../release/change.ts';
import type { ClusterName } from '../release/release.ts';
import { allOf } from './fleet.ts';
import type { Fleet } from './fleet.ts';

/** How long putting back may take in all, in ms: less than a cancelled job is given before it is killed. */
const PUT_BACK_TIMEOUT_MS = 6_000;

/** A change that was written, with the object as the server stored it. */
export interface Written {
  readonly change: Change;
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
        const one = await write(fleet, change);
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
 * are put back. A change that someone made after ours is left and reported.
 *
 * @throws CanaryError that tells what failed and what stands where
 */
export async function writeTogether(
  fleet: Fleet,
  changes: readonly Change[],
  onWritten: OnWritten,
): Promise<readonly Written[]> {
  const written: Written[] = [];
  try {
    await allOf(
      changes.map(async (change) => {
        const one = await write(fleet, change);
        onWritten(one);
        written.push(one);
      }),
    );
    return written;
  } catch (error) {
    if (written.length === 0) throw error;
    const outcome = await putBack(fleet, written);
    throw new CanaryError(`${messageOf(error)}\n${outcome}`, { cause: error });
  }
}

async function write(fleet: Fleet, change: Change): Promise<Written> {
  const cluster = fleet.cluster(change.cluster);
  const { object } = change;
  switch (change.verb) {
    case 'apply':
      return { change, stored: await cluster.apply(object) };
    case 'create':
      return { change, stored: await cluster.create(object) };
    case 'update':
      return { change, stored: await cluster.replace(object) };
    case 'delete':
      await cluster.remove(object);
      return { change, stored: object };
  }
}

/** Gives every written object its earlier content again, as long as nobody has changed it since. */
async function putBack(fleet: Fleet, written: readonly Written[]): Promise<string> {
  const rescue = fleet.withSignal(AbortSignal.timeout(PUT_BACK_TIMEOUT_MS));
  const lines = await Promise.all(
    written.map(async ({ change, stored }) => {
      const where = `${nameOf(stored)} in ${change.cluster}`;
      if (change.before === undefined) return `${where} was made, and stays.`;
      try {
        await rescue.cluster(change.cluster).replace(withVersionOf(change.before, stored));
        return `${where} holds its earlier content again.`;
      } catch (error) {
        return `${where} could not be put back and holds the new content: ${messageOf(error)}`;
      }
    }),
  );
  await rescue.close();
  return lines.join('\n');
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
