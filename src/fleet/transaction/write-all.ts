import type { Cluster } from '../../kubernetes/client/cluster.ts';
import type { Change } from '../../kubernetes/change.ts';
import { CanaryError, messageOf } from '../../core/errors.ts';
import { nameOf } from '../../kubernetes/objects.ts';
import type { KubeObject } from '../../kubernetes/objects.ts';
import type { ClusterName } from '../../core/names.ts';
import type { TriedChange } from '../dry-run.ts';
import { allOf } from '../fleet.ts';
import type { Fleet } from '../fleet.ts';
import { STEPS } from '../../core/deadlines.ts';
import { endBy, graceAfter } from '../../core/signals.ts';
import { revertChange } from './revert-change.ts';
import { writeConfirmed } from './write-confirmed.ts';
import type { OnWritten, Written } from './write-confirmed.ts';

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
        const stored = await writeConfirmed(fleet.cluster(name), change);
        const one = { change, earlier: earlierOf(change), stored };
        onWritten(one);
        written.push(one);
      }
      return written;
    }),
  );
  return perCluster.flat();
}

/** Not all clusters hold the same, and nobody else has caused it: what stands in the lock is still to be settled. */
export class FleetInconsistent extends CanaryError {
  override readonly name = 'NotSettled';
  /** What stands where, a sentence each. */
  readonly standing: readonly string[];

  constructor(message: string, standing: readonly string[], cause: unknown) {
    super(message, { cause });
    this.standing = standing;
  }
}

/**
 * Writes one change in each of several clusters so that all hold it, or none: where one fails, those that were written
 * are put back. A change that someone made after ours is left and reported. Once begun it is not cancelled half way.
 *
 * @param graceMs how long writes under way go on once the signal has ended; putting back has its own time
 * @throws CanaryError that tells what failed and what stands where: NotSettled where a cluster could not be put back
 */
export async function writeAllOrNone(
  fleet: Fleet,
  changes: readonly Change[],
  signal: AbortSignal,
  onWritten: OnWritten,
  graceMs: number = STEPS.writeTraffic.cancelledMs,
): Promise<readonly Written[]> {
  signal.throwIfAborted();
  const until = graceMs === 0 ? signal : graceAfter(signal, graceMs);
  const shielded = fleet.withSignal(until);
  const written: Written[] = [];
  try {
    await allOf(
      changes.map(async (change) => {
        const stored = await writeUntil(until, shielded.cluster(change.cluster), change);
        const one = { change, earlier: earlierOf(change), stored };
        onWritten(one);
        written.push(one);
      }),
    );
    return written;
  } catch (error) {
    const outcomes = await Promise.all(
      changes.map((change) => {
        const time = endBy(signal, STEPS.revertTraffic, 'Reverting');
        const cluster = fleet.withSignal(time).cluster(change.cluster);
        const stored = written.find((one) => one.change === change)?.stored;
        return revertChange(cluster, change, stored, time, onWritten);
      }),
    );
    const lines = outcomes.flatMap(({ line }) => (line === undefined ? [] : [line]));
    const text = [messageOf(error), ...lines].join('\n');
    throw outcomes.every(({ settled }) => settled)
      ? new CanaryError(text, { cause: error })
      : new FleetInconsistent(text, lines, error);
  }
}

/** The dry run has read what an `apply` meets. */
function earlierOf(change: Change | TriedChange): KubeObject | undefined {
  if (change.verb === 'delete') return change.object;
  return change.before ?? ('live' in change ? change.live : undefined);
}

/** What ends a write does not say which one. */
async function writeUntil(signal: AbortSignal, cluster: Cluster, change: Change): Promise<KubeObject> {
  try {
    return await writeConfirmed(cluster, change, signal);
  } catch (error) {
    if (error !== signal.reason) throw error;
    throw new CanaryError(`Writing ${nameOf(change.object)} in ${cluster.name}: ${messageOf(error)}`);
  }
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
