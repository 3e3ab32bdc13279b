import { describe, expect, jest, test } from '@jest/globals';
import type { Run } from '../../testbed/run-action.ts';
import { LATER, Lane, QUICK, inLanes, moments } from './support/lanes.ts';
import type { Moment } from './support/lanes.ts';

// Dozens of runs each; a slow machine takes its time.
jest.setTimeout(600_000);

const FIRST = 'v1=80,v2=20';
const NEXT = 'v1=60,v2=40';
const LANES = 3;

type Inputs = Readonly<Record<string, string>>;

/** An operation to be killed, and what stands before and after it. */
interface Killed {
  readonly inputs: Inputs;
  /** What writes nothing once it is done. */
  readonly again: Inputs;
  readonly before: string | undefined;
  readonly after: string;
  /** Weights on the way, which all clusters may hold as well once it is recovered. */
  readonly between?: readonly string[];
  /** What has to work once it is done. */
  readonly afterwards?: (lane: Lane) => Promise<void>;
  /** Brings a fleet to where it begins, from wherever an earlier one left it. */
  readonly prepare: (lane: Lane) => Promise<unknown>;
}

const to = (weights: string): Inputs => ({ ...LATER, weights });
/** Certainty costs samples where one version has all the traffic, and chance has no part there. */
const onlyV2 = { ...QUICK, confidence: '90', weights: 'v1=0,v2=100' };

const step: Killed = {
  inputs: to(NEXT),
  again: to(NEXT),
  before: FIRST,
  after: NEXT,
  prepare: async (lane) => {
    const [held] = await lane.stage.weights();
    if (held !== FIRST) await lane.stage.pass({ ...(held === undefined ? QUICK : LATER), weights: FIRST });
  },
};
const first = (lane: Lane): Promise<unknown> => lane.stage.pass({ ...QUICK, weights: FIRST });
const promote: Killed = { ...step, inputs: { ...LATER, operation: 'promote', steps: '20,40,100' } };
const install: Killed = {
  inputs: { ...QUICK, weights: FIRST },
  again: { ...QUICK, weights: FIRST },
  before: undefined,
  after: FIRST,
  prepare: (lane) => lane.fleet.reset(),
};
const retirement = { ...LATER, operation: 'retire', version: 'v1' };
const retire: Killed = {
  inputs: retirement,
  again: retirement,
  before: 'v1=0,v2=100',
  after: 'v2=100',
  prepare: (lane) => lane.stage.pass(onlyV2),
};

const far: Killed = {
  inputs: { ...LATER, operation: 'promote', steps: '20,40,60,80', 'promote-to': '80' },
  again: to('v1=20,v2=80'),
  before: FIRST,
  between: [NEXT, 'v1=40,v2=60'],
  after: 'v1=20,v2=80',
  prepare: (lane) => lane.stage.pass({ ...LATER, weights: FIRST }),
};
const back: Killed = {
  inputs: { ...LATER, operation: 'rollback' },
  again: { ...LATER, operation: 'rollback', weights: FIRST },
  before: NEXT,
  after: FIRST,
  prepare: async (lane) => {
    for (const weights of ['v1=90,v2=10', FIRST, NEXT]) await lane.stage.pass({ ...LATER, weights });
  },
  afterwards: async (lane) => {
    const further = await lane.stage.pass({ ...LATER, operation: 'rollback' });
    expect(further.outputs).toMatchObject({ weights: 'v1=90,v2=10' });
  },
};

/** All kills by CANARY_FAULTS=all; otherwise every fifth, so that CI stays quick. */
function sampled(all: readonly Moment[]): readonly Moment[] {
  return process.env['CANARY_FAULTS'] === 'all' ? all : all.filter((_, i) => i % 5 === 1);
}

/** The number of calls, or of writes, that an operation makes which nothing disturbs. */
async function count({ inputs, prepare }: Killed, what: 'calls' | 'writes'): Promise<number> {
  const lane = await Lane.open();
  try {
    await prepare(lane);
    const calls = await lane.callsOf(() => lane.stage.pass(inputs));
    return calls.filter(({ write }) => write || what === 'calls').length;
  } finally {
    await lane.fleet.stop();
  }
}

const NONE = 'none';

/** The weights as users feel them: a version at 0 is none, and so is a route of previews alone. */
function effective(weights: string | undefined): string {
  const parts = (weights ?? '').split(',').filter((part) => part !== '' && !part.endsWith('=0'));
  return parts.join(',') || NONE;
}

/** All clusters hold one of these weights, the same, and nobody holds the lock. */
async function expectAgreement(
  lane: Lane,
  either: readonly (string | undefined)[],
  ...runs: readonly Run[]
): Promise<void> {
  const [weights, holders] = await Promise.all([lane.stage.weights(), lane.holders()]);
  const [first = NONE, ...others] = weights.map(effective);
  if (
    either.map(effective).includes(first) &&
    others.every((one) => one === first) &&
    holders.every((holder) => holder === '')
  )
    return;
  throw new Error([JSON.stringify({ weights, holders }), ...runs.map(({ log }) => log)].join('\n----\n'));
}

/** Killed, recovered by its post step, then run again: all hold what was asked for, and nothing is left to write. */
async function killAndRunAgain(lane: Lane, moment: Moment, operation: Killed): Promise<void> {
  const { inputs, again, before, after, between = [], afterwards } = operation;
  const killed = await lane.killedAt(inputs, moment);
  if (killed.code !== -1) throw new Error(`${JSON.stringify(moment)} was not reached:\n${killed.log}`);
  const post = await lane.postOf(inputs, killed);
  await expectAgreement(lane, [before, ...between, after], killed, post);
  const [held] = await lane.stage.weights();
  // A promotion that has arrived would go on to the next step.
  const rerun = await lane.stage.pass(held === after ? again : inputs);
  await expectAgreement(lane, [after], killed, post, rerun);
  const last = await lane.stage.pass(again);
  if (last.outputs['changed'] !== '0')
    throw new Error([JSON.stringify(moment), killed, post, rerun, last].map(textOf).join('\n----\n'));
  await afterwards?.(lane);
}

function textOf(part: string | Run): string {
  return typeof part === 'string' ? part : part.log;
}

describe('a run that is killed (scenario 25)', () => {
  test('at any single call of a step is recovered by its post step, and can be run again', async () => {
    const [calls, writes] = [await count(step, 'calls'), await count(step, 'writes')];
    await inLanes(
      LANES,
      // A read that was carried out is one that was not, for all that comes after it.
      [...moments(calls, false, ['before']), ...moments(writes, true, ['after'])],
      step.prepare,
      async (lane, moment) => {
        const [held] = await lane.stage.weights();
        const turned =
          held === FIRST
            ? step
            : { ...step, inputs: to(FIRST), again: to(FIRST), before: NEXT, after: FIRST };
        await killAndRunAgain(lane, moment, turned);
      },
    );
    expect(calls).toBeGreaterThan(20);
  });

  test.each<[string, Killed, readonly Moment['when'][]]>([
    ['a promotion', promote, ['after']],
    ['a first install', install, ['before']],
    ['a retirement', retire, ['after']],
  ])(
    'at any write of %s is recovered by its post step, and can be run again',
    async (_, operation, whens) => {
      const writes = await count(operation, 'writes');
      const around = (_lane: Lane, all: () => Promise<void>): Promise<void> => all();
      await inLanes(
        LANES,
        moments(writes, true, whens),
        () => Promise.resolve(),
        async (lane, moment) => {
          await operation.prepare(lane);
          // A user's load does not outlive a reset.
          await lane.stage.underLoad(() => killAndRunAgain(lane, moment, operation), { rps: 20 });
        },
        around,
      );
      expect(writes).toBeGreaterThan(5);
    },
  );

  test.each<[string, Killed]>([
    ['a promotion through three steps', far],
    ['a rollback', back],
  ])('around any write of %s is recovered by its post step, and can be run again', async (_, operation) => {
    const writes = await count(
      { ...operation, prepare: (lane) => first(lane).then(() => operation.prepare(lane)) },
      'writes',
    );
    await inLanes(LANES, sampled(moments(writes, true, ['before', 'after'])), first, async (lane, moment) => {
      await operation.prepare(lane);
      await killAndRunAgain(lane, moment, operation);
    });
    expect(writes).toBeGreaterThan(5);
  });

  test('without a post step is recovered by the next run, once its Lease has expired', async () => {
    const writes = await count(step, 'writes');
    await inLanes(LANES, moments(writes, true, ['before', 'after']), step.prepare, async (lane, moment) => {
      await step.prepare(lane);
      const killed = await lane.killedAt(step.inputs, moment);
      await lane.shortenLeases();
      const next = await lane.stage.run({ ...LATER, weights: 'v1=70,v2=30' });
      await expectAgreement(lane, ['v1=70,v2=30'], killed, next);
    });
    expect(writes).toBeGreaterThan(5);
  });
});
