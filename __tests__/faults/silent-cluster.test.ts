import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { KILLED_AFTER_MS } from '../../src/core/deadlines.ts';
import type { Run } from '../../testbed/run-action.ts';
import { cancelled } from './support/cancelling.ts';
import type { Cue } from './support/cancelling.ts';
import { LATER, Lane, QUICK } from './support/lanes.ts';

const FIRST = 'v1=80,v2=20';
const NEXT = 'v1=60,v2=40';
const step = { ...LATER, weights: NEXT };

let lane: Lane;
beforeEach(async () => {
  lane = await Lane.open();
  await lane.stage.pass({ ...QUICK, weights: FIRST });
});
afterEach(() => lane.fleet.stop());

/** From its own write of the weights on, west takes calls and never answers; cancelled once east holds the new weights. */
const duringTheWrites: Cue = (cancel) => {
  let silent = false;
  return {
    off: lane.fleet.onCall(({ cluster, kind, write }) => {
      silent ||= cluster === 'west' && kind === 'VirtualService' && write;
      return silent && cluster === 'west' ? 'hang' : undefined;
    }),
    onLog: (text) => {
      if (text.includes('east: wrote VirtualService')) cancel();
    },
  };
};

/** From the beginning of a phase on, west takes calls and never answers; cancelled at the same moment. */
const duringPhase =
  (name: string): Cue =>
  (cancel) => {
    let silent = false;
    return {
      off: lane.fleet.onCall(({ cluster }) => (silent && cluster === 'west' ? 'hang' : undefined)),
      onLog: (text) => {
        if (!text.includes(`::group::${name}\n`)) return;
        silent = true;
        cancel();
      },
    };
  };

/** It ended by itself, before the runner would have killed it. */
function expectInTime(run: Run & { readonly took: number }): void {
  if (run.code !== 1) throw new Error(`It did not end by itself:\n${run.log}`);
  expect(run.took).toBeLessThan(KILLED_AFTER_MS / 1000);
  expect(run.log).toContain('Cancelled by SIGINT');
}

describe('a run that is cancelled while one cluster is silent', () => {
  test('in the middle of its writes restores the weights in the others, and its post step the rest', async () => {
    const run = await cancelled(lane, step, duringTheWrites);
    expectInTime(run);
    expect(run.log).toContain('in east holds its earlier content again');
    await expect(lane.stage.weights()).resolves.toEqual([FIRST, FIRST]);
    await lane.postOf(step, run);
    expect([await lane.stage.weights(), await lane.holders()]).toEqual([
      [FIRST, FIRST],
      ['', ''],
    ]);
  });

  test('while it verifies restores the weights in the others, and its post step the rest', async () => {
    const run = await cancelled(lane, step, duringPhase('Verify'));
    expectInTime(run);
    expect(run.log).toContain(
      `The weights ${FIRST} could not be restored everywhere. west holds ${NEXT} or ${FIRST}, and did not answer in time`,
    );
    expect(run.log).toContain(`east holds ${FIRST}; west holds unknown weights`);
    await expect(lane.stage.weights()).resolves.toEqual([FIRST, NEXT]);
    await lane.postOf(step, run);
    expect([await lane.stage.weights(), await lane.holders()]).toEqual([
      [FIRST, FIRST],
      ['', ''],
    ]);
  });

  test.each(['Read', 'Lock', 'Ready'])(
    'in the phase %s writes no weights, and leaves no lock',
    async (name) => {
      const run = await cancelled(lane, step, duringPhase(name));
      expectInTime(run);
      await lane.postOf(step, run);
      expect([await lane.stage.weights(), await lane.holders()]).toEqual([
        [FIRST, FIRST],
        ['', ''],
      ]);
    },
  );
});
