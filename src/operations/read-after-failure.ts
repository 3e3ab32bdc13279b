import { endBy } from '../core/signals.ts';
import { readClusterWeights } from '../release/cluster-weights.ts';
import type { Context } from './context.ts';
import { STEPS } from '../core/deadlines.ts';

/**
 * Records once more what every cluster holds, for a run that failed after it had written something: what its operation last
 * read may be out of date. A cluster that does not answer in time is recorded as unknown.
 */
export async function readAfterFailure({ release, fleet, recorder, signal }: Context): Promise<void> {
  const time = endBy(signal, STEPS.readAfterFailure, 'Reading after the failure');
  const { state, failures } = await fleet.withSignal(time).readEach(release);
  recorder.record({ kind: 'read', held: readClusterWeights(release, state, failures) });
}
