import { endAfter } from '../core/deadlines.ts';
import { heldIn } from '../release/agreement.ts';
import type { Context } from './context.ts';

/** How long the clusters may take to answer, in ms. */
const LOOK_MS = 2_000;
/** A cancelled job is killed soon. */
const CANCELLED_MS = 750;

/**
 * Looks once more at what every cluster holds, after a run that failed and had written something: what its operation knows of
 * them may be out of date. A cluster that does not answer in time is recorded as unknown.
 */
export async function lookAgain({ release, fleet, journal, signal }: Context): Promise<void> {
  if (journal.failure === undefined || journal.changes.length === 0) return;
  const time = endAfter(signal.aborted ? CANCELLED_MS : LOOK_MS, 'Looking again');
  const { state, failures } = await fleet.withSignal(time).readEach(release);
  journal.held = heldIn(release, state, failures);
}
