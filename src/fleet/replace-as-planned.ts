import { isDeepStrictEqual } from 'node:util';
import type { Cluster } from '../kubernetes/client/cluster.ts';
import type { WriteOptions } from '../kubernetes/client/write-calls.ts';
import { isConflict } from '../kubernetes/client/errors.ts';
import type { Change } from '../kubernetes/change.ts';
import { contentOf } from '../kubernetes/objects.ts';
import type { KubeObject } from '../kubernetes/objects.ts';

/** How often an object is read again whose status a controller writes meanwhile. */
const ATTEMPTS = 5;

/**
 * Replaces an object only as it was when the change was planned. A controller keeps writing its status, which takes a new
 * resourceVersion and is no reason to refuse; anything else is.
 */
export async function replaceAsPlanned(
  cluster: Cluster,
  { object: planned, before }: Pick<Change, 'object' | 'before'>,
  options: WriteOptions = {},
): Promise<KubeObject> {
  let object = planned;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await cluster.replace(object, options);
    } catch (error) {
      if (!isConflict(error) || before === undefined || attempt === ATTEMPTS) throw error;
      const { apiVersion, kind, metadata } = planned;
      const live = await cluster.read(apiVersion, kind, metadata.name, metadata.namespace);
      if (live === undefined || !hasNewStatus(live, before)) throw error;
      object = withVersionOf(planned, live);
    }
  }
}

/** Whether the status of an object was written since, and nothing else. */
export function hasNewStatus(live: KubeObject, before: KubeObject): boolean {
  return hasSameContent(live, before) && !isDeepStrictEqual(live['status'], before['status']);
}

export function hasSameContent(live: KubeObject, before: KubeObject): boolean {
  return live.metadata.uid === before.metadata.uid && isDeepStrictEqual(contentOf(live), contentOf(before));
}

/** An object to be written over the stored one, guarded by the version that the store gave it. */
export function withVersionOf<T extends KubeObject>(object: T, stored: KubeObject): T {
  const { resourceVersion } = stored.metadata;
  return {
    ...object,
    metadata: { ...object.metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
  };
}
