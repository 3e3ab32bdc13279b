import { isDeepStrictEqual } from 'node:util';
import type { Cluster } from '../../kubernetes/client/cluster.ts';
import { isConflict } from '../../kubernetes/client/errors.ts';
import type { Change } from '../../kubernetes/change.ts';
import { messageOf } from '../../core/errors.ts';
import { nameOf } from '../../kubernetes/objects.ts';
import type { KubeObject } from '../../kubernetes/objects.ts';
import { annotationsOf, revert } from '../../release/three-way-revert.ts';
import { describeSplit } from '../../istio/route-weights.ts';
import { lastEditor } from '../../release/observed-routing.ts';
import { holds, readLive, writeConfirmed } from './write-confirmed.ts';
import type { OnWritten } from './write-confirmed.ts';

/** How often a revert reads the object again, where others keep changing something else in it. */
const ATTEMPTS = 3;

/** What became of one cluster after the change failed in another, or in this one. */
interface Outcome {
  /** What stands there; undefined where nothing does, as before. */
  readonly line: string | undefined;
  /** Whether it holds its earlier content again, or something that is not ours to change. */
  readonly settled: boolean;
}

/**
 * Reverts a change, as long as nobody has changed what it wrote. What others added to the object since stays.
 *
 * @param stored what was written; undefined where that is not known
 */
export async function revertChange(
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
          object: revert(live, { before, after: object }),
          before: live,
          reason: 'revert',
        };
        onWritten({ change: back, earlier: live, stored: await writeConfirmed(cluster, back, signal) });
        return { line: `${where} holds its earlier content again.`, settled: true };
      } catch (error) {
        if (!isConflict(error) || attempt === ATTEMPTS) throw error;
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

/** What the cluster holds where it does not hold our write. */
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
