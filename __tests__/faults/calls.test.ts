import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { CallAction } from '../../testbed/embedded/start.ts';
import { LATER, Lane, QUICK, inLanes } from './support/lanes.ts';

// Dozens of runs each; a slow machine takes its time.
jest.setTimeout(600_000);

const WEIGHTS = ['v1=80,v2=20', 'v1=60,v2=40'] as const;
const [FIRST] = WEIGHTS;

/** The calls of a step that nothing disturbs, by number: those that write, and the others. */
const writes: number[] = [];
const reads: number[] = [];
beforeAll(async () => {
  const lane = await Lane.open();
  await lane.stage.pass({ ...QUICK, weights: FIRST });
  const made = await lane.callsOf(() => lane.stage.pass({ ...LATER, weights: WEIGHTS[1] }));
  for (const [i, { write }] of made.entries()) (write ? writes : reads).push(i + 1);
  await lane.fleet.stop();
});

const CONFLICT: CallAction = { status: 409 };
const BUSY: CallAction = { status: 429, retryAfter: 0 };
const BROKEN: CallAction = { status: 500 };

/** Fails each of these calls of a step, one a run: all clusters hold the new weights, or all the old, and nothing is locked. */
async function failEach(
  calls: readonly number[],
  faults: readonly CallAction[],
  lanes: number,
): Promise<void> {
  await inLanes(
    lanes,
    calls,
    (lane) => lane.stage.pass({ ...QUICK, weights: FIRST }),
    async (lane, nth) => {
      const [held = ''] = await lane.stage.weights();
      const asked = WEIGHTS.find((weights) => weights !== held) ?? FIRST;
      const run = await lane.runWith({ ...LATER, weights: asked }, nth, faults);
      const expected = run.code === 0 ? asked : held;
      const found = { weights: await lane.stage.weights(), holders: await lane.holders() };
      if (JSON.stringify(found) !== JSON.stringify({ weights: [expected, expected], holders: ['', ''] }))
        throw new Error(`Call ${String(nth)}: ${JSON.stringify(found)} after\n${run.log}`);
    },
  );
}

describe('a fault at any single call of a step leaves all clusters on the new weights or all on the old ones, and nothing locked (scenario 25)', () => {
  // A call that hangs costs no computing: several fleets can wait side by side.
  const ways: readonly (readonly [string, readonly CallAction[], number])[] = [
    ['fails with 409', [CONFLICT], 3],
    ['fails with 429', [BUSY], 3],
    ['fails with 500', [BROKEN], 3],
    ['is cut', ['cut'], 3],
    ['is carried out, and its answer lost', ['cut-after'], 3],
    ['never gets an answer', ['hang'], 6],
  ];
  test.each(ways)('where a write %s', async (_, faults, lanes) => {
    await failEach(writes, faults, lanes);
    expect(writes.length).toBeGreaterThanOrEqual(6);
  });

  // A call that changes nothing is tried again: it may meet another fault each time.
  test.each([
    ['fails with 409', [CONFLICT], 3],
    ['fails with 429, then with 500, and is then cut', [BUSY, BROKEN, 'cut'], 5],
    ['never gets an answer', ['hang'], 6],
  ] satisfies typeof ways)('where another call %s', async (_, faults, lanes) => {
    await failEach(reads, faults, lanes);
    expect(reads.length).toBeGreaterThan(20);
  });
});
