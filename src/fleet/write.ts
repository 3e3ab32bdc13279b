import { isDeepStrictEqual } from 'node:util';
import pRetry from 'p-retry';
import { isUncertain } from '../cluster/errors.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Change } from '../release/change.ts';
import { CanaryError } from '../release/errors.ts';
import type { KubeObject } from '../release/objects.ts';
import { sameSplit } from '../release/split.ts';

/** A write whose outcome is not known is looked up, and tried again, this often: over the restart of an API server. */
const RETRIES = 5;
/** No try begins later than this; a server that does not answer takes long to fail. */
const RETRY_MS = 20_000;

/** A change that was written, with the object as the server stored it. */
export interface Written {
  readonly change: Change;
  /** What stood there before, as far as it was read. */
  readonly earlier: KubeObject | undefined;
  readonly stored: KubeObject;
}

export type OnWritten = (written: Written) => void;

/**
 * Writes a change and makes sure of the outcome: where the answer got lost, the object is read to see whether the write
 * was stored, and the write is tried again where it was not.
 */
export async function writeSurely(
  cluster: Cluster,
  change: Change,
  signal?: AbortSignal,
): Promise<KubeObject> {
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

export function readLive(
  cluster: Cluster,
  { apiVersion, kind, metadata }: KubeObject,
): Promise<KubeObject | undefined> {
  return cluster.read(apiVersion, kind, metadata.name, metadata.namespace);
}

/**
 * Whether a stored object is the outcome of a create or an update. What someone added beside it does not count, be it a
 * webhook or another app's record.
 */
export function holds(live: KubeObject, change: Change): boolean {
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
export function changedAnnotations({ object, before }: Change): ReadonlyMap<string, string | undefined> {
  const after = annotationsOf(object);
  const earlier = annotationsOf(before);
  const keys = [...new Set([...Object.keys(after), ...Object.keys(earlier)])];
  return new Map(keys.filter((key) => after[key] !== earlier[key]).map((key) => [key, after[key]]));
}

export function annotationsOf(object: KubeObject | undefined): Readonly<Record<string, string>> {
  return object?.metadata.annotations ?? {};
}
