import { describe, expect, test } from '@jest/globals';
import type { Pod } from '../../src/kubernetes/objects.ts';
import { podProblems } from '../../src/kubernetes/pod-problems.ts';
import { ProblemTracker } from '../../src/kubernetes/problem-tracker.ts';
import { APP, pod } from '../support/objects.ts';

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

/** Looks at a pod at these seconds; for how many its problem had lasted, each time that was too long. */
function lookAt(
  timeoutSeconds: number,
  ...looks: readonly (readonly [second: number, pod: Pod])[]
): readonly (number | undefined)[] {
  let now = 0;
  const tracker = new ProblemTracker(timeoutSeconds * 1000, () => now);
  return looks.map(([second, seen]) => {
    now = second * 1000;
    tracker.forgetReady([seen]);
    const [ms] = podProblems([seen]).flatMap((problem) => tracker.exceeded(problem) ?? []);
    return ms === undefined ? undefined : ms / 1000;
  });
}

describe('a problem ends the wait', () => {
  test.each<[string, number, number]>([
    ['ImagePullBackOff', 300, 45],
    ['CreateContainerConfigError', 300, 45],
    ['CrashLoopBackOff', 300, 90],
    // Half of a short wait is left for what comes after.
    ['ImagePullBackOff', 20, 10],
    ['CrashLoopBackOff', 60, 30],
  ])('%s in a wait of %d s after %d s', (reason, timeoutSeconds, limit) => {
    const failing = unready(reason);
    expect(lookAt(timeoutSeconds, [0, failing], [limit - 1, failing], [limit, failing])).toEqual([
      undefined,
      undefined,
      limit,
    ]);
  });

  test('immediately if the manifest alone causes it', () => {
    expect(lookAt(300, [0, unready('InvalidImageName')])).toEqual([0]);
  });

  test('even if the container runs for a while between two crashes', () => {
    const crashing = unready('CrashLoopBackOff');
    expect(lookAt(300, [0, crashing], [60, unready(undefined)], [90, crashing])).toEqual([
      undefined,
      undefined,
      90,
    ]);
  });

  test('but not if the pod was ready in between', () => {
    const crashing = unready('CrashLoopBackOff');
    expect(lookAt(300, [0, crashing], [60, ready], [120, crashing])).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});
