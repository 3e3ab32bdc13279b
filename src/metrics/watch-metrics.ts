import { MONOTONIC_CLOCK } from '../core/clock.ts';
import type { Clock } from '../core/clock.ts';
import { METRICS } from '../core/deadlines.ts';
import { messageOf } from '../core/errors.ts';
import type { Judging } from './judge.ts';
import { assignJudges } from './judges.ts';
import type { MetricEvidence } from './metric-evidence.ts';
import type { OpenMetric } from './metric-readers.ts';
import type { MetricReader, Reading } from './readings.ts';

export interface MetricWatch {
  readonly forMs: number;
  readonly judging: Judging;
  /** Ends the run. */
  readonly signal: AbortSignal;
  /** Ends the watch early, without a decision. */
  readonly stopped: AbortSignal;
  readonly onPoll: (evidence: readonly MetricEvidence[]) => void;
  /** For how many ms the weights have been in force without a request of this check; undefined: since the watch began. */
  readonly undisturbedMs?: (() => number) | undefined;
  readonly clock?: Clock;
}

/** How often metrics are polled during a watch. */
export function pollIntervalMs(forMs: number): number {
  return Math.min(METRICS.pollMs, Math.max(METRICS.shortestPollMs, forMs / METRICS.fewestPolls));
}

/**
 * Polls all metrics at once, and again until the time is up or one has failed. The first poll is what the counters are compared
 * with, so the weights have to be in force everywhere by then.
 */
export async function watchMetrics(
  metrics: readonly OpenMetric[],
  { forMs, judging, signal, stopped, onPoll, undisturbedMs, clock = MONOTONIC_CLOCK }: MetricWatch,
): Promise<readonly MetricEvidence[]> {
  const assigned = assignJudges(metrics, judging);
  const readers = [...new Set(assigned.flatMap((one) => one.readers))];
  const begin = clock.now();
  const cut = AbortSignal.any([signal, stopped]);
  const interval = pollIntervalMs(forMs);
  const elapsed = (): number => clock.now() - begin;
  const isStopped = (): boolean => stopped.aborted;
  const evidenceAt = (end: boolean): readonly MetricEvidence[] =>
    assigned.map(({ judge }) => judge.evidence(elapsed() / 1000, end));
  for (;;) {
    const isOver = elapsed() >= forMs;
    const undisturbed = (undisturbedMs ?? elapsed)() / 1000;
    const readings = await readAll(readers, cut);
    signal.throwIfAborted();
    if (isStopped()) return evidenceAt(false);
    const at = elapsed() / 1000;
    let failed = false;
    for (const { judge, readers: own } of assigned) {
      if (judge.add(readingsOf(readings, own), at, undisturbed)) failed = true;
    }
    if (failed) return evidenceAt(false);
    const isMissing = [...readings.values()].some(({ kind }) => kind === 'failure');
    if (isOver && (!isMissing || elapsed() >= forMs + METRICS.retryMs)) return evidenceAt(true);
    onPoll(evidenceAt(false));
    const next = isOver
      ? elapsed() + METRICS.shortestPollMs
      : Math.min(forMs, interval * (1 + Math.floor(elapsed() / interval)));
    await clock.sleep(Math.max(0, next - elapsed()), cut).catch(() => undefined);
    signal.throwIfAborted();
    if (isStopped()) return evidenceAt(false);
  }
}

/** Reads all addresses side by side, once. */
export async function readAll(
  readers: readonly MetricReader[],
  signal: AbortSignal,
): Promise<ReadonlyMap<MetricReader, Reading>> {
  return new Map(
    await Promise.all(readers.map(async (reader) => [reader, await readOne(reader, signal)] as const)),
  );
}

async function readOne(reader: MetricReader, signal: AbortSignal): Promise<Reading> {
  try {
    return await reader.read(signal);
  } catch (error) {
    return {
      kind: 'failure',
      reason: 'invalid answer',
      message: `${reader.address} could not be read: ${messageOf(error)}.`,
    };
  }
}

function readingsOf(
  readings: ReadonlyMap<MetricReader, Reading>,
  readers: readonly MetricReader[],
): readonly Reading[] {
  return readers.flatMap((reader) => readings.get(reader) ?? []);
}
