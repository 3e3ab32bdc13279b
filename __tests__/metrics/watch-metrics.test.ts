import { describe, expect, test } from '@jest/globals';
import type { Clock } from '../../src/core/clock.ts';
import { pollIntervalMs, watchMetrics } from '../../src/metrics/watch-metrics.ts';
import type { MetricEvidence } from '../../src/metrics/metric-evidence.ts';
import type { Reading } from '../../src/metrics/readings.ts';
import {
  UNREACHABLE,
  countMetric,
  counters,
  judging,
  limitMetric,
  readerOf,
  series,
} from '../support/metrics.ts';

/** Time that passes only in `sleep`. */
function clockOf(onSleep: (now: number) => void = () => undefined): Clock {
  let now = 0;
  return {
    now: () => now,
    sleep: (ms, signal) => {
      now += ms;
      onSleep(now);
      return signal.aborted ? Promise.reject(new Error('ended')) : Promise.resolve();
    },
  };
}

function watch(
  readings: readonly Reading[],
  {
    onSleep,
    signal,
    stopped,
  }: { onSleep?: (now: number) => void; signal?: AbortSignal; stopped?: AbortSignal } = {},
): { readonly polls: () => number; readonly evidence: Promise<readonly MetricEvidence[]> } {
  let polls = 0;
  const reader = readerOf(readings);
  const counting = {
    ...reader,
    read: (end: AbortSignal): Promise<Reading> => {
      polls += 1;
      return reader.read(end);
    },
  };
  const never = new AbortController().signal;
  return {
    polls: () => polls,
    evidence: watchMetrics([{ spec: countMetric(), readers: [counting] }], {
      forMs: 60_000,
      judging: judging(),
      signal: signal ?? never,
      stopped: stopped ?? never,
      onPoll: () => undefined,
      clock: clockOf(onSleep),
    }),
  };
}

const growing = Array.from({ length: 6 }, (_, i) => counters({ v1: 80 * i, v2: 20 * i }));

describe('watching metrics', () => {
  test('polls at the start, every 15 s, and at the end', async () => {
    const { polls, evidence } = watch(growing);
    await expect(evidence).resolves.toMatchObject([{ verdict: 'pass', seconds: 60, polls: 5 }]);
    expect(polls()).toBe(5);
  });

  test('ends as soon as one has failed', async () => {
    const { polls, evidence } = watch([
      counters({ v1: 0, v2: 0 }),
      counters({ v1: 800, v2: 200 }, { v2: 100 }),
    ]);
    await expect(evidence).resolves.toMatchObject([{ verdict: 'fail' }]);
    expect(polls()).toBe(2);
  });

  test('tries again where the last reading fails, which would decide everything', async () => {
    const { polls, evidence } = watch([
      ...growing.slice(0, 4),
      UNREACHABLE,
      UNREACHABLE,
      ...growing.slice(4),
    ]);
    await expect(evidence).resolves.toMatchObject([{ verdict: 'pass', missed: 2 }]);
    expect(polls()).toBe(7);
  });

  test('gives up then after a while', async () => {
    const { evidence } = watch([...growing.slice(0, 4), UNREACHABLE]);
    await expect(evidence).resolves.toMatchObject([{ verdict: 'inconclusive', seconds: 75 }]);
  });

  test('is undecided where something else ends it', async () => {
    const other = new AbortController();
    const { evidence } = watch(growing, {
      stopped: other.signal,
      onSleep: (now) => {
        if (now >= 30_000) other.abort();
      },
    });
    await expect(evidence).resolves.toMatchObject([{ verdict: 'undecided', polls: 2 }]);
  });

  test('ends with the run', async () => {
    const run = new AbortController();
    const { evidence } = watch(growing, {
      signal: run.signal,
      onSleep: () => {
        run.abort(new Error('Cancelled by SIGINT.'));
      },
    });
    await expect(evidence).rejects.toThrow('Cancelled by SIGINT.');
  });

  test('reads all addresses side by side', async () => {
    let open = 0;
    let most = 0;
    const slow = (cluster: string): ReturnType<typeof readerOf> => ({
      ...readerOf([], cluster),
      read: async () => {
        open += 1;
        most = Math.max(most, open);
        await new Promise(setImmediate);
        open -= 1;
        return { kind: 'value', series: [series(0)], notes: [] };
      },
    });
    await watchMetrics([{ spec: limitMetric(), readers: ['east', 'west', 'north'].map(slow) }], {
      forMs: 2000,
      judging: judging(),
      signal: new AbortController().signal,
      stopped: new AbortController().signal,
      onPoll: () => undefined,
      clock: clockOf(),
    });
    expect(most).toBe(3);
  });
});

test.each([
  [600_000, 15_000],
  [20_000, 5000],
  [1000, 1000],
])('a watch of %d ms is polled every %d ms', (forMs, everyMs) => {
  expect(pollIntervalMs(forMs)).toBe(everyMs);
});
