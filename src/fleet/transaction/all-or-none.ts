import { STEPS } from '../../core/deadlines.ts';
import type { Message } from '../../texts/message.ts';
import { inEnglish } from '../../texts/texts.ts';
import { CanaryError, messageOf } from '../../core/errors.ts';
import { endBy, graceAfter } from '../../core/signals.ts';
import { describeSplit } from '../../release/describe-split.ts';
import type { Change } from '../../kubernetes/change.ts';
import type { Cluster } from '../../kubernetes/client/cluster.ts';
import { nameOf } from '../../kubernetes/objects.ts';
import type { KubeObject } from '../../kubernetes/objects.ts';
import { allOf } from '../fleet.ts';
import type { Fleet } from '../fleet.ts';
import { revertChange } from './revert-change.ts';
import { earlierOf, writeConfirmed } from './write-confirmed.ts';
import type { OnWritten, Written } from './write-confirmed.ts';

/** The clusters differ, and nobody else has caused it: the intent in the Leases is still to be recovered. */
export class FleetInconsistent extends CanaryError {
  override readonly name = 'FleetInconsistent';
  /** What each cluster holds. */
  readonly remains: readonly Message[];

  constructor(message: string, remains: readonly Message[], cause: unknown) {
    super(message, { cause });
    this.remains = remains;
  }
}

/** A change failed, and every cluster holds its earlier content, or what someone else has written since. */
export class ChangeReverted extends CanaryError {
  override readonly name = 'ChangeReverted';
}

export interface WriteOptions {
  /** Of the run: writes under way go on a little after a cancellation. */
  readonly signal: AbortSignal;
  readonly onWritten: OnWritten;
  /**
   * A restoration: the signal is its deadline, and what it cuts off has had its time. Once the run is cancelled there is no time to
   * revert what was restored, nor would that help anybody.
   */
  readonly restores?: { readonly run: AbortSignal };
}

/**
 * Writes one change in each of several clusters so that all hold it, or none: where one fails, those that were written are reverted.
 * A change that someone made after ours is left and reported. Once begun it is not cancelled half way.
 *
 * @throws ChangeReverted or FleetInconsistent, which say what failed and what each cluster holds
 */
export async function writeAllOrNone(
  fleet: Fleet,
  changes: readonly Change[],
  { signal, onWritten, restores }: WriteOptions,
): Promise<readonly Written[]> {
  signal.throwIfAborted();
  const until = restores === undefined ? graceAfter(signal, STEPS.writeTraffic.cancelledMs) : signal;
  const shielded = fleet.withSignal(until);
  const written: Written[] = [];
  const uncertain = new Set<Change>();
  try {
    await allOf(
      changes.map(async (change) => {
        const onUncertain = (): void => void uncertain.add(change);
        const stored = await writeUntil(until, shielded.cluster(change.cluster), change, onUncertain);
        const one = { change, earlier: earlierOf(change), stored };
        written.push(one);
        await onWritten(one);
      }),
    );
    return written;
  } catch (error) {
    if (restores?.run.aborted === true) {
      const remains = changes.map((change) => describeRestored(change, storedBy(change, written)));
      throw new FleetInconsistent(messageOf(error), remains, error);
    }
    const outcomes = await Promise.all(
      changes.map((change) => {
        const time = endBy(restores?.run ?? signal, STEPS.revertTraffic, 'Reverting');
        const cluster = fleet.withSignal(time).cluster(change.cluster);
        const sent = { stored: storedBy(change, written), mayArrive: uncertain.has(change) };
        return revertChange(cluster, change, sent, { signal: time, onWritten });
      }),
    );
    const lines = outcomes.flatMap(({ line }) => (line === undefined ? [] : [line]));
    const text = [messageOf(error), ...lines.map(inEnglish)].join('\n');
    throw outcomes.every(({ isConsistent }) => isConsistent)
      ? new ChangeReverted(text, { cause: error })
      : new FleetInconsistent(text, lines, error);
  }
}

function storedBy(change: Change, written: readonly Written[]): KubeObject | undefined {
  return written.find((one) => one.change === change)?.stored;
}

function describeRestored({ cluster, object }: Change, stored: KubeObject | undefined): Message {
  return {
    kind: 'splitRestored',
    object: nameOf(object),
    cluster,
    split: stored && describeSplit(stored),
  };
}

/** What ends a write does not say which one. */
async function writeUntil(
  signal: AbortSignal,
  cluster: Cluster,
  change: Change,
  onUncertain: () => void,
): Promise<KubeObject> {
  try {
    return await writeConfirmed(cluster, change, { signal, onUncertain });
  } catch (error) {
    if (error !== signal.reason) throw error;
    throw new CanaryError(`Writing ${nameOf(change.object)} in ${cluster.name}: ${messageOf(error)}`);
  }
}
