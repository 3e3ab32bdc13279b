import type { CounterTotals } from './counter-totals.ts';
import type { PollLog } from './poll-log.ts';
import { unfindable } from './unknown-hits.ts';

/** Why counters say nothing at the end of a watch, as a sentence without a full stop; undefined where they do. */
export function countersProblem(
  log: PollLog,
  totals: CounterTotals,
  at: number,
  onNoData: 'inconclusive' | 'pass',
): string | undefined {
  if (log.lastFailure !== undefined) return `the last reading failed: ${log.lastFailure.replace(/\.$/, '')}`;
  const { readOnce, empty, unknown } = log;
  if (unknown !== undefined) return unfindable(unknown);
  if (readOnce.length > 0)
    return `${readOnce.join(' and ')} could be read only once, so nothing is known about the requests there`;
  // Where all are, there are no requests to judge.
  if (empty.length > 0 && empty.length < log.addresses && onNoData === 'inconclusive')
    return `the query found no series at ${empty.join(' and ')}, so nothing is known about the requests there (if there are none, set on-no-data: pass)`;
  if (totals.countsTwice)
    return 'the series come from both ends of each request (reporter source and destination), so each counts twice: add reporter="source" to the query';
  const { wavering } = totals;
  if (wavering !== undefined)
    return `the values fell in ${String(wavering.of)} of ${String(wavering.readings)} readings, as a gauge or a recorded rate does: counters only rise until their process restarts`;
  const stalled = totals.stalledFor(at);
  return stalled === undefined
    ? undefined
    : `the counters have not been scraped for ${stalled.toFixed(0)} s, so nothing is known about the requests since`;
}
