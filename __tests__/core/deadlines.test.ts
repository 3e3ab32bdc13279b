import { describe, expect, test } from '@jest/globals';
import { CANCELLED_RUNS, KILLED_AFTER_MS, STEPS, cancelledRunMs } from '../../src/core/deadlines.ts';

/** What the process itself needs: it writes summary, report and outputs, and closes its connections. */
const OWN_WORK_MS = 500;

describe('a cancelled run, although a cluster never answers,', () => {
  test.each(Object.entries(CANCELLED_RUNS))('ends before the runner kills it %s', (_moment, steps) => {
    expect(cancelledRunMs(steps) + OWN_WORK_MS).toBeLessThanOrEqual(KILLED_AFTER_MS);
  });

  test('has every step of the table in one of its sequences, or inside another step', () => {
    const named = new Set(Object.values(CANCELLED_RUNS).flat(2));
    const inside = ['askForLock', 'readBeforeRollback'];
    expect(Object.keys(STEPS).filter((step) => !inside.includes(step) && !named.has(step as never))).toEqual(
      [],
    );
    expect(STEPS.askForLock.cancelledMs).toBeLessThan(STEPS.restoreWorkloads.cancelledMs);
    expect(STEPS.readBeforeRollback.cancelledMs).toBeLessThan(STEPS.rollBack.cancelledMs);
  });

  test('takes as long as its steps, of those side by side the longest', () => {
    const { writeTraffic, revertTraffic, releaseLock } = STEPS;
    expect(cancelledRunMs(['writeTraffic', ['restoreWorkloads', 'revertTraffic'], 'releaseLock'])).toBe(
      writeTraffic.cancelledMs + revertTraffic.cancelledMs + releaseLock.cancelledMs,
    );
  });
});

describe('a step', () => {
  test.each(Object.entries(STEPS))('%s has no more time in a cancelled run than usual', (_step, deadline) => {
    expect(deadline.cancelledMs).toBeLessThanOrEqual(deadline.usualMs);
  });
});
