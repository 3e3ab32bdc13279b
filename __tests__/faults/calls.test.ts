import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { CallAction } from '../../testbed/embedded/start.ts';
import { LATER, Lane, QUICK, inLanes, numbers } from './support/lanes.ts';

// Dozens of runs each; a slow machine takes its time.
jest.setTimeout(600_000);

const WEIGHTS = ['v1=80,v2=20', 'v1=60,v2=40'] as const;
const [FIRST] = WEIGHTS;

/** So many calls a step makes that nothing disturbs. */
let calls = 0;
beforeAll(async () => {
  const lane = await Lane.open();
  await lane.stage.pass({ ...QUICK, weights: FIRST });
  calls = (await lane.callsOf(() => lane.stage.pass({ ...LATER, weights: WEIGHTS[1] }))).length;
  await lane.fleet.stop();
});

describe('every single call of a step', () => {
  // A call that hangs costs no computing: many fleets can wait side by side.
  const faults: readonly (readonly [string, CallAction, number])[] = [
    ['fails with 409', { status: 409 }, 3],
    ['fails with 429', { status: 429, retryAfter: 0 }, 3],
    ['fails with 500', { status: 500 }, 3],
    ['is cut', 'cut', 3],
    ['is carried out, and its answer lost', 'cut-after', 3],
    ['never gets an answer', 'hang', 6],
  ];

  test.each(faults)(
    'that %s leaves all clusters on the new weights, or all on the old, and nothing locked (scenario 25)',
    async (_, fault, lanes) => {
      await inLanes(
        lanes,
        numbers(calls),
        (lane) => lane.stage.pass({ ...QUICK, weights: FIRST }),
        async (lane, nth) => {
          const [held = ''] = await lane.stage.weights();
          const asked = WEIGHTS.find((weights) => weights !== held) ?? FIRST;
          const run = await lane.runWith({ ...LATER, weights: asked }, (_call, made) => made === nth, fault);
          const expected = run.code === 0 ? asked : held;
          const found = { weights: await lane.stage.weights(), holders: await lane.holders() };
          if (JSON.stringify(found) !== JSON.stringify({ weights: [expected, expected], holders: ['', ''] }))
            throw new Error(`Call ${String(nth)}: ${JSON.stringify(found)} after\n${run.log}`);
        },
      );
      expect(calls).toBeGreaterThan(20);
    },
  );
});
