import pRetry from 'p-retry';
import { isConflict, isRefused, isUncertain } from '../../kubernetes/client/errors.ts';
import type { Cluster } from '../../kubernetes/client/cluster.ts';
import { WRITE } from '../../core/deadlines.ts';
import type { Change } from '../../kubernetes/change.ts';
import { CanaryError } from '../../core/errors.ts';
import { rerun } from '../../core/wording.ts';
import { nameOf } from '../../kubernetes/objects.ts';
import type { KubeObject } from '../../kubernetes/objects.ts';
import { holdsEdit } from '../../release/holds-edit.ts';
import { applyAsPlanned } from '../apply-as-planned.ts';
import type { TriedChange } from '../dry-run.ts';
import { hasNewStatus, hasSameContent, replaceAsPlanned } from '../replace-as-planned.ts';

/** A write whose outcome is not known is looked up, and attempted again, this often: over the restart of an API server. */
const RETRIES = 5;

/** A change that was written, with the object as the server stored it. */
export interface Written {
  readonly change: Change;
  /** The object before, as far as it was read. */
  readonly earlier: KubeObject | undefined;
  readonly stored: KubeObject;
}

/** Called after each write, and awaited, since it may take a while. */
export type OnWritten = (written: Written) => void | Promise<void>;

/** The object before a change, as its plan or its dry run read it. */
export function earlierOf(change: Change | TriedChange): KubeObject | undefined {
  if (change.verb === 'delete') return change.object;
  return change.before ?? ('live' in change ? change.live : undefined);
}

export interface ConfirmOptions {
  readonly signal?: AbortSignal | undefined;
  /** How the change is written. */
  readonly send?: ((cluster: Cluster, change: Change) => Promise<KubeObject>) | undefined;
  /** Called after an attempt that the server may still carry out. */
  readonly onUncertain?: ((error: unknown) => void) | undefined;
}

/**
 * Writes a change and makes sure of the outcome: where the answer was lost, the object is read to see whether the write was stored,
 * and the write is attempted again where it was not.
 */
export async function writeConfirmed(
  cluster: Cluster,
  change: Change,
  { signal, send = write, onUncertain }: ConfirmOptions = {},
): Promise<KubeObject> {
  let failure: unknown;
  const attempted = async (attempt: number): Promise<KubeObject> => {
    if (attempt > 1) {
      const live = await readLive(cluster, change.object);
      if (isDone(live, change)) return live ?? change.object;
      // Someone else's write came in between: ours would be refused, and must be.
      if (change.verb === 'update' && !isAsPlanned(live, change))
        throw new Overtaken(change.object, live, failure);
    }
    try {
      return await send(cluster, change);
    } catch (error) {
      failure = error;
      if (!isRefused(error)) onUncertain?.(error);
      throw error;
    }
  };
  try {
    return await pRetry(attempted, {
      retries: RETRIES,
      minTimeout: 200,
      maxTimeout: 1_600,
      maxRetryTime: WRITE.retryMs,
      ...(signal === undefined ? {} : { signal }),
      shouldRetry: ({ error }) => isUncertain(error),
    });
  } catch (error) {
    // What ended the write says less than what kept it from ending before.
    throw error instanceof Overtaken ? error : (failure ?? error);
  }
}

/** Someone else wrote the object after an attempt of ours whose outcome is not known. */
class Overtaken extends CanaryError {
  override readonly name = 'Overtaken';

  constructor(object: KubeObject, live: KubeObject | undefined, cause: unknown) {
    const what = live === undefined ? 'was deleted' : 'was changed';
    super(`${nameOf(object)} ${what} by someone else in between; ${rerun()}`, { cause });
  }
}

/** Whether an object as it is now is the outcome of the change. */
function isDone(live: KubeObject | undefined, change: Change): boolean {
  if (change.verb === 'delete')
    return live?.metadata.uid !== change.object.metadata.uid || live === undefined;
  return live !== undefined && holds(live, change);
}

/** Whether an object is as the change found it; its status may have been written since. */
function isAsPlanned(live: KubeObject | undefined, { object, before }: Change): boolean {
  return (
    live?.metadata.resourceVersion === object.metadata.resourceVersion ||
    (live !== undefined && before !== undefined && hasNewStatus(live, before))
  );
}

async function write(cluster: Cluster, change: Change): Promise<KubeObject> {
  const { verb, object } = change;
  switch (verb) {
    case 'apply':
      return applyAsPlanned(cluster, object, earlierOf(change));
    case 'create':
      return cluster.create(object);
    case 'update':
      return replaceAsPlanned(cluster, change);
    case 'delete':
      await removeAsPlanned(cluster, object);
      return object;
  }
}

/**
 * Deletes an object only as it was when the deletion was planned. A controller keeps writing its status, which is no reason to
 * refuse; anything else is.
 */
async function removeAsPlanned(cluster: Cluster, planned: KubeObject): Promise<void> {
  let object = planned;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await cluster.remove(object);
      return;
    } catch (error) {
      if (!isConflict(error)) throw error;
      const live = await readLive(cluster, planned);
      if (live === undefined) return;
      if (!hasSameContent(live, planned) || attempt === RETRIES)
        throw new CanaryError(
          `${nameOf(planned)} in ${cluster.name} was changed by someone else since this run read it, so it is not deleted. Check the change, then ${rerun()}.`,
          { cause: error },
        );
      object = live;
    }
  }
}

export function readLive(
  cluster: Cluster,
  { apiVersion, kind, metadata }: Pick<KubeObject, 'apiVersion' | 'kind' | 'metadata'>,
): Promise<KubeObject | undefined> {
  return cluster.read(apiVersion, kind, metadata.name, metadata.namespace);
}

/**
 * Whether a stored object is the outcome of a create or an update. What someone added beside it does not count, be it a
 * webhook or another app's record.
 */
export function holds(live: KubeObject, { verb, before, object }: Change): boolean {
  return verb !== 'apply' && verb !== 'delete' && holdsEdit(live, { before, after: object });
}
