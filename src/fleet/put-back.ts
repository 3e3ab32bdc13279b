import { isDeepStrictEqual } from 'node:util';
import type { Cluster } from '../cluster/cluster.ts';
import { isConflict } from '../cluster/errors.ts';
import type { Change } from '../release/change.ts';
import { messageOf } from '../release/errors.ts';
import { nameOf } from '../release/objects.ts';
import type { KubeObject } from '../release/objects.ts';
import { describeSplit } from '../release/split.ts';
import { lastEditor } from '../release/traffic.ts';
import { annotationsOf, changedAnnotations, holds, readLive, writeSurely } from './write.ts';
import type { OnWritten } from './write.ts';

/** How often a put-back looks again, where something else of the object changes all the time. */
const ATTEMPTS = 3;

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
export async function putBack(
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
