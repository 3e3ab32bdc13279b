import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { ProblemTracker, podProblems } from '../../../src/kubernetes/client/pod-problems.ts';
import type { Pod } from '../../../src/kubernetes/objects.ts';
import { APP, pod } from '../../support/objects.ts';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

const unready = (reason: string | undefined): Pod =>
  pod(
    'hello-v2-0',
    {},
    {
      status: {
        conditions: [{ type: 'Ready', status: 'False', reason: 'ContainersNotReady' }],
        containerStatuses: [{ name: APP, state: reason === undefined ? {} : { waiting: { reason } } }],
      },
    },
  );
const ready = pod('hello-v2-0', {});

/** For how long the pod's trouble was seen where that is too long, in s. */
function look(patience: ProblemTracker, seen: Pod): number | undefined {
  patience.forgetReady([seen]);
  const over = podProblems([seen]).map((trouble) => patience.exceeded(trouble));
  const [first] = over.filter((ms) => ms !== undefined);
  return first === undefined ? undefined : first / 1000;
}

describe('a trouble ends the wait', () => {
  test.each<[string, number, number]>([
    ['ImagePullBackOff', 300, 45],
    ['CreateContainerConfigError', 300, 45],
    ['CrashLoopBackOff', 300, 90],
    // Half of a short wait is left for what comes after.
    ['ImagePullBackOff', 20, 10],
    ['CrashLoopBackOff', 60, 30],
  ])('%s, of %d s at most, after %d s', (reason, timeoutSeconds, limitSeconds) => {
    const patience = new ProblemTracker(timeoutSeconds * 1000);
    const looks = [0, limitSeconds - 1, limitSeconds].map((second, i, all) => {
      jest.advanceTimersByTime((second - (all[i - 1] ?? 0)) * 1000);
      return look(patience, unready(reason));
    });
    expect(looks).toEqual([undefined, undefined, limitSeconds]);
  });

  test('at once where it follows from the manifest alone', () => {
    expect(look(new ProblemTracker(300_000), unready('InvalidImageName'))).toBe(0);
  });

  test('also where the container runs for a while between two crashes', () => {
    const patience = new ProblemTracker(300_000);
    look(patience, unready('CrashLoopBackOff'));
    jest.advanceTimersByTime(60_000);
    expect(look(patience, unready(undefined))).toBeUndefined();
    jest.advanceTimersByTime(30_000);
    expect(look(patience, unready('CrashLoopBackOff'))).toBe(90);
  });

  test('but not where the pod was ready in between', () => {
    const patience = new ProblemTracker(300_000);
    look(patience, unready('CrashLoopBackOff'));
    jest.advanceTimersByTime(60_000);
    look(patience, ready);
    jest.advanceTimersByTime(60_000);
    expect(look(patience, unready('CrashLoopBackOff'))).toBeUndefined();
  });
});
