import { isDeepStrictEqual } from 'node:util';
import pRetry from 'p-retry';
import { isUncertain } from '../cluster/errors.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Change } from '../release/change.ts';
import { CanaryError, messageOf } from '../release/errors.ts';
import { nameOf } from '../release/objects.ts';
import type { KubeObject } from '../release/objects.ts';
import type { ClusterName } from '../release/release.ts';
import { describeSplit, sameSplit } from '../release/split.ts';
import { lastEditor } from '../release/traffic.ts';
import { isConflict } from './conflict.ts';
import type { TriedChange } from './dry-run.ts';
import { allOf } from './fleet.ts';
import type { Fleet } from './fleet.ts';
import { endAfter, graceAfter } from './grace.ts';

/** How long writes go on after a cancellation, and after them each put-back: a cancelled job is killed after 10 s. */
const CANCELLED_MS = 3_000;
/** How long one cluster is tried to be put back. */
const PUT_BACK_MS = 20_000;
/** A write whose outcome is not known is looked up, and tried again, this often: over the restart of an API server. */
const RETRIES = 5;
/** No try begins later than this; a server that does not answer takes long to fail. */
const RETRY_MS = 20_000;
/** How often a put-back looks again, where something else of the object changes all the time. */
const PUT_BACK_ATTEMPTS = 3;

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

/** Not all clusters hold the same, and nobody else has caused it: what stands in the lock is still to be settled. */
export class NotSettled extends CanaryError {
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
export async function writeTogether(
  fleet: Fleet,
  changes: readonly Change[],
  signal: AbortSignal,
  onWritten: OnWritten,
  graceMs = CANCELLED_MS,
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
        const time = AbortSignal.any([
          endAfter(PUT_BACK_MS, 'Putting back'),
          graceAfter(signal, CANCELLED_MS),
        ]);
        const cluster = fleet.withSignal(time).cluster(change.cluster);
        const stored = written.find((one) => one.change === change)?.stored;
        return putBack(cluster, change, stored, time, onWritten);
      }),
    );
    const lines = outcomes.flatMap(({ line }) => (line === undefined ? [] : [line]));
    const text = [messageOf(error), ...lines].join('\n');
    throw outcomes.every(({ settled }) => settled)
      ? new CanaryError(text, { cause: error })
      : new NotSettled(text, lines, error);
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
async function writeSurely(cluster: Cluster, change: Change, signal?: AbortSignal): Promise<KubeObject> {
  let failure: unknown;
  const tried = async (attempt: number): Promise<KubeObject> => {
    if (attempt > 1) {
      const live = await readLive(cluster, change.object);
      if (live !== undefined && holds(live, change)) return live;
      // Someone else's write came in between: ours would be refused, and must be.
      if (
        change.verb === 'update' &&
        live?.metadata.resourceVersion !== change.object.metadata.resourceVersion
      )
        throw new CanaryError('It was changed by someone else in between.');
    }
    try {
      return await write(cluster, change);
    } catch (error) {
      failure = error;
      throw error;
    }
  };
  try {
    return await pRetry(tried, {
      retries: RETRIES,
      minTimeout: 200,
      maxTimeout: 1_600,
      maxRetryTime: RETRY_MS,
      ...(signal === undefined ? {} : { signal }),
      shouldRetry: ({ error }) => isUncertain(error),
    });
  } catch (error) {
    throw failure ?? error;
  }
}

/** What ends a write does not say which one. */
async function writeUntil(signal: AbortSignal, cluster: Cluster, change: Change): Promise<KubeObject> {
  try {
    return await writeSurely(cluster, change, signal);
  } catch (error) {
    if (error !== signal.reason) throw error;
    throw new CanaryError(`Writing ${nameOf(change.object)} in ${cluster.name}: ${messageOf(error)}`);
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

function readLive(
  cluster: Cluster,
  { apiVersion, kind, metadata }: KubeObject,
): Promise<KubeObject | undefined> {
  return cluster.read(apiVersion, kind, metadata.name, metadata.namespace);
}

/**
 * Whether a stored object is the outcome of a create or an update. What someone added beside it does not count, be it a
 * webhook or another app's record.
 */
function holds(live: KubeObject, change: Change): boolean {
  const { verb, object } = change;
  if (verb === 'apply' || verb === 'delete') return false;
  const sameSpec =
    object.kind === 'VirtualService'
      ? sameSplit(live, object)
      : isDeepStrictEqual(live['spec'], object['spec']);
  return (
    sameSpec && [...changedAnnotations(change)].every(([key, value]) => annotationsOf(live)[key] === value)
  );
}

/** The annotations that a change sets, or with undefined takes away. */
function changedAnnotations({ object, before }: Change): ReadonlyMap<string, string | undefined> {
  const after = annotationsOf(object);
  const earlier = annotationsOf(before);
  const keys = [...new Set([...Object.keys(after), ...Object.keys(earlier)])];
  return new Map(keys.filter((key) => after[key] !== earlier[key]).map((key) => [key, after[key]]));
}

function annotationsOf(object: KubeObject | undefined): Readonly<Record<string, string>> {
  return object?.metadata.annotations ?? {};
}

/** What became of one cluster after the change failed in another, or in this one. */
interface Outcome {
  /** What stands there; undefined where nothing does, as before. */
  readonly line: string | undefined;
  /** Whether it holds its earlier content again, or something that is not ours to change. */
  readonly settled: boolean;
}

/**
 * Gives an object its earlier content again, as long as nobody has changed what was written.
 *
 * @param stored what was written; undefined where that is not known
 */
async function putBack(
  cluster: Cluster,
  change: Change,
  stored: KubeObject | undefined,
  signal: AbortSignal,
  onWritten: OnWritten,
): Promise<Outcome> {
  const { before, object } = change;
  const where = `${nameOf(object)} in ${change.cluster}`;
  let ours = stored !== undefined;
  try {
    let live = stored ?? (await readLive(cluster, object));
    for (let attempt = 1; ; attempt += 1) {
      if (live === undefined)
        return { line: before === undefined ? undefined : `${where} is gone.`, settled: true };
      ours = holds(live, change);
      if (!ours) return { line: `${where} ${otherwise(live, change)}`, settled: true };
      if (before === undefined) return { line: `${where} was made, and stays.`, settled: true };
      try {
        const back: Change = {
          ...change,
          verb: 'update',
          object: undone(live, before, change),
          before: live,
          reason: 'put back',
        };
        onWritten({ change: back, earlier: live, stored: await writeSurely(cluster, back, signal) });
        return { line: `${where} holds its earlier content again.`, settled: true };
      } catch (error) {
        if (!isConflict(error) || attempt === PUT_BACK_ATTEMPTS) throw error;
        live = await readLive(cluster, object);
      }
    }
  } catch (error) {
    const failed = ours
      ? 'could not be put back, and holds the new content unless someone changed it'
      : 'could not be looked at, and holds the new content or the earlier one';
    return { line: `${where} ${failed}: ${messageOf(error)}`, settled: false };
  }
}

/** What stands where our write does not. */
function otherwise(live: KubeObject, { before }: Change): string {
  const untouched =
    before !== undefined &&
    isDeepStrictEqual(live['spec'], before['spec']) &&
    isDeepStrictEqual(annotationsOf(live), annotationsOf(before));
  if (untouched) return 'holds its earlier content: the change never got there.';
  const held = live.kind === 'VirtualService' ? `: it holds ${describeSplit(live)}` : '';
  const editor = lastEditor(live);
  return `was changed by someone else since${held}${editor === '' ? '' : ` (last written by ${editor})`}.`;
}

/** The stored object with our change taken out of it again, and all that others added beside it left. */
function undone(live: KubeObject, before: KubeObject, change: Change): KubeObject {
  const earlier = annotationsOf(before);
  const own = changedAnnotations(change);
  const annotations = Object.fromEntries([
    ...Object.entries(annotationsOf(live)).filter(([key]) => !own.has(key)),
    ...[...own.keys()].flatMap((key) => (earlier[key] === undefined ? [] : [[key, earlier[key]] as const])),
  ]);
  const { annotations: _, ...metadata } = live.metadata;
  return {
    ...live,
    spec: before['spec'],
    metadata: Object.keys(annotations).length === 0 ? metadata : { ...metadata, annotations },
  };
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
