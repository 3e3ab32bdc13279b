import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { messageOf } from '../../src/core/errors.ts';
import { endAfter, endBy, graceAfter } from '../../src/core/signals.ts';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

/** Seconds until a signal ends, to the tenth; undefined if it does not within a minute. */
function endOf(signal: AbortSignal): number | undefined {
  for (let tenths = 0; tenths <= 600; tenths += 1) {
    if (signal.aborted) return tenths / 10;
    jest.advanceTimersByTime(100);
  }
  return undefined;
}

describe('the grace after a signal', () => {
  test('does not end before the signal does', () => {
    expect(endOf(graceAfter(new AbortController().signal, 1_000))).toBeUndefined();
  });

  test('ends its time after the signal, and says why', () => {
    const run = new AbortController();
    const grace = graceAfter(run.signal, 2_000);
    jest.advanceTimersByTime(5_000);
    run.abort(new Error('Cancelled by SIGINT.'));
    expect([endOf(grace), messageOf(grace.reason)]).toEqual([
      2,
      'not done within 2 s after the run was stopped: Cancelled by SIGINT.',
    ]);
  });

  test('begins at once after a signal that has ended', () => {
    expect(endOf(graceAfter(AbortSignal.abort(), 1_500))).toBe(1.5);
  });
});

describe('a time limit', () => {
  test('ends, and names what took too long', () => {
    const end = endAfter(8_000, 'Releasing the lock');
    expect([endOf(end), messageOf(end.reason)]).toEqual([8, 'Releasing the lock took longer than 8 s']);
  });
});

describe('the deadline of a step', () => {
  const deadline = { usualMs: 8_000, cancelledMs: 1_500 };

  test('is the usual one in a run that goes on', () => {
    expect(endOf(endBy(new AbortController().signal, deadline, 'It'))).toBe(8);
  });

  test('is shorter in a run that is cancelled meanwhile', () => {
    const run = new AbortController();
    const end = endBy(run.signal, deadline, 'It');
    jest.advanceTimersByTime(1_000);
    run.abort();
    expect(endOf(end)).toBe(1.5);
  });
});
