import { endBy } from '../core/signals.ts';
import { heldIn } from '../release/agreement.ts';
import type { Context } from './context.ts';
import { STEPS } from '../core/deadlines.ts';

/**
 * Looks once more at what every cluster holds, after a run that failed and had written something: what its operation knows of
 * them may be out of date. A cluster that does not answer in time is recorded as unknown.
 */
export async function lookAgain({ release, fleet, journal, signal }: Context): Promise<void> {
  if (journal.failure === undefined || journal.changes.length === 0) return;
  const time = endBy(signal, STEPS.lookAgain, 'Looking again');
  const { state, failures } = await fleet.withSignal(time).readEach(release);
  journal.held = heldIn(release, state, failures);
}
