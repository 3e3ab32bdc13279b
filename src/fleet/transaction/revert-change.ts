// Undoes one write to one object, where a change did not reach every cluster. Unlike `restore-weights.ts` it plans nothing: it
// writes earlier content over what is stored, and keeps what others have edited.

import { isDeepStrictEqual } from 'node:util';
import type { Message, MessageValues } from '../../texts/message.ts';
import { messageOf } from '../../core/errors.ts';
import { describeSplit, describesSplit } from '../../release/describe-split.ts';
import type { Change } from '../../kubernetes/change.ts';
import type { Cluster } from '../../kubernetes/client/cluster.ts';
import { isConflict } from '../../kubernetes/client/errors.ts';
import { nameOf } from '../../kubernetes/objects.ts';
import type { KubeObject } from '../../kubernetes/objects.ts';
import { editorOf } from '../../release/weight-edits.ts';
import { annotationsOf } from '../../release/edited-parts.ts';
import { withRecoveryMark } from '../../release/recovery-mark.ts';
import { revert } from '../../release/three-way-revert.ts';
import { holds, readLive, writeConfirmed } from './write-confirmed.ts';
import type { OnWritten } from './write-confirmed.ts';

/** How often an object is read again, where others keep changing something else in it, such as its status. */
const ATTEMPTS = 5;

/** What became of a write-back. */
type WriteBack =
  | { readonly outcome: 'written' }
  /** There is nothing of ours in it to undo. */
  | { readonly outcome: 'left'; readonly live: KubeObject }
  | { readonly outcome: 'gone' };

/**
 * Writes earlier content over an object as it is now: reads it, asks what would undo our change, and writes that, again and again
 * where someone else writes in between. The one way in which anything is undone.
 *
 * @param object the one meant, by kind and name
 * @param known its content, where it was just stored
 * @param undo the change to write; undefined where it no longer holds what is to be undone
 */
export async function writeBack(
  cluster: Cluster,
  object: KubeObject,
  undo: (live: KubeObject) => Change | undefined,
  {
    known,
    signal,
    onWritten,
  }: { readonly known?: KubeObject | undefined; readonly signal: AbortSignal; readonly onWritten: OnWritten },
): Promise<WriteBack> {
  let live = known ?? (await readLive(cluster, object));
  for (let attempt = 1; ; attempt += 1) {
    if (live === undefined) return { outcome: 'gone' };
    const change = undo(live);
    if (change === undefined) return { outcome: 'left', live };
    try {
      await onWritten({ change, earlier: live, stored: await writeConfirmed(cluster, change, { signal }) });
      return { outcome: 'written' };
    } catch (error) {
      if (!isConflict(error) || attempt === ATTEMPTS) throw error;
      live = await readLive(cluster, object);
    }
  }
}

/** What became of one cluster after the change failed in another, or in this one. */
interface Outcome {
  /** What it holds; undefined where it holds nothing, as before. */
  readonly line: Message | undefined;
  /** Whether it holds its earlier content again, or something that is not ours to change. */
  readonly isConsistent: boolean;
}

/** What is known of a write. */
interface Sent {
  /** undefined where it is not known to be stored */
  readonly stored: KubeObject | undefined;
  /** Whether a server may still be about to store it. */
  readonly mayArrive: boolean;
}

/**
 * Reverts a change, as long as nobody has changed what it wrote. What others added to the object since stays. An object that the write
 * has not reached, and still may, is marked: its new resourceVersion shuts the write out.
 */
export async function revertChange(
  cluster: Cluster,
  change: Change,
  { stored, mayArrive }: Sent,
  { signal, onWritten }: { readonly signal: AbortSignal; readonly onWritten: OnWritten },
): Promise<Outcome> {
  const { before, object } = change;
  const where = { object: nameOf(object), cluster: change.cluster };
  let state = stateOf(stored !== undefined, false);
  const undo = (live: KubeObject): Change | undefined => {
    const isOurs = holds(live, change);
    const isAwaited = !isOurs && mayArrive && isUntouched(live, change);
    state = stateOf(isOurs, isAwaited);
    if (isAwaited) {
      const marked = withRecoveryMark(live, live.metadata.resourceVersion ?? '');
      return { ...change, verb: 'update', object: marked, before: live, reason: { kind: 'notChanged' } };
    }
    if (!isOurs || before === undefined) return undefined;
    const reverted = revert(live, { before, after: object });
    return { ...change, verb: 'update', object: reverted, before: live, reason: { kind: 'reverted' } };
  };
  try {
    const back = await writeBack(cluster, object, undo, { known: stored, signal, onWritten });
    const line: Message | undefined =
      state === 'awaited' && back.outcome === 'written'
        ? { kind: 'objectUnreached', ...where }
        : lineOf(back, change);
    return { line, isConsistent: true };
  } catch (error) {
    const line: Message = { kind: 'objectNotReverted', ...where, state, error: messageOf(error) };
    return { line, isConsistent: false };
  }
}

/** What an object is to the write that is to be undone. */
function stateOf(isOurs: boolean, isAwaited: boolean): UndoState {
  if (isOurs) return 'ours';
  return isAwaited ? 'awaited' : 'other';
}

type UndoState = MessageValues['objectNotReverted']['state'];

function lineOf(back: WriteBack, change: Change): Message | undefined {
  const { before, object } = change;
  const where = { object: nameOf(object), cluster: change.cluster };
  switch (back.outcome) {
    case 'gone':
      return before === undefined ? undefined : { kind: 'objectGone', ...where };
    case 'written':
      return { kind: 'objectReverted', ...where, first: change.isFirstRoute === true };
    case 'left':
      if (holds(back.live, change)) return { kind: 'objectStays', ...where };
      return isUntouched(back.live, change)
        ? { kind: 'objectUnreached', ...where }
        : {
            kind: 'objectChanged',
            ...where,
            split: describesSplit(back.live) ? describeSplit(back.live) : undefined,
            by: editorOf(back.live),
          };
  }
}

function isUntouched(live: KubeObject, { before }: Change): boolean {
  return (
    before !== undefined &&
    isDeepStrictEqual(live['spec'], before['spec']) &&
    isDeepStrictEqual(annotationsOf(live), annotationsOf(before))
  );
}
