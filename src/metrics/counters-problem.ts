import type { Message } from '../texts/message.ts';
import type { CounterTotals } from './counter-totals.ts';
import type { PollLog } from './poll-log.ts';

/** Why counters say nothing at the end of a watch; undefined where they do. */
export function countersProblem(
  log: PollLog,
  totals: CounterTotals,
  at: number,
  onNoData: 'inconclusive' | 'pass',
): Message | undefined {
  if (log.lastFailure !== undefined)
    return { kind: 'lastReadingFailed', message: log.lastFailure.replace(/\.$/, '') };
  const { readOnce, empty, unknown } = log;
  if (unknown !== undefined) return { kind: 'cannotBeFound', unknown };
  if (readOnce.length > 0) return { kind: 'readOnce', addresses: readOnce };
  // Where all are, there are no requests to judge.
  if (empty.length > 0 && empty.length < log.addresses && onNoData === 'inconclusive')
    return { kind: 'noSeriesAt', addresses: empty };
  if (totals.countsTwice) return { kind: 'countsTwice' };
  const { wavering } = totals;
  if (wavering !== undefined) return { kind: 'valuesFell', of: wavering.of, readings: wavering.readings };
  const stalled = totals.stalledFor(at);
  return stalled === undefined ? undefined : { kind: 'notScraped', seconds: stalled };
}
