import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Run, RunningAction } from '../../testbed/run-action.ts';
import { image } from '../scenarios/support/objects.ts';
import { LATER, Lane, QUICK } from './support/lanes.ts';

let lane: Lane;
beforeEach(async () => {
  lane = await Lane.open();
});
afterEach(() => lane.fleet.stop());

type Inputs = Readonly<Record<string, string>>;

/** When a run is cancelled: as its log says so, or as one of its calls or requests arrives. */
type Cue = (cancel: () => void) => { readonly onLog?: (text: string) => void; readonly off?: () => void };

const atPhase =
  (name: string): Cue =>
  (cancel) => ({
    onLog: (text) => {
      if (text.includes(`::group::${name}\n`)) cancel();
    },
  });

/** The run's own requests are told from the users' by a header that it is given. */
const atSample =
  (nth: number): Cue =>
  (cancel) => {
    let seen = 0;
    let verifying = false;
    const off = lane.fleet.onRequest(({ headers }) => {
      if (verifying && headers['x-from'] === 'canary' && (seen += 1) === nth) cancel();
      return undefined;
    });
    return {
      off,
      onLog: (text) => {
        verifying ||= text.includes('::group::Verify\n');
      },
    };
  };

/** One cluster has stored the new weights, and the other is slow to. */
const betweenTheWrites: Cue = (cancel) => ({
  off: lane.fleet.onCall(({ cluster, kind, write }) => {
    if (kind !== 'VirtualService' || !write || cluster !== 'west') return undefined;
    cancel();
    return { delayMs: 500 };
  }),
});

/** A job that is cancelled: SIGINT, SIGTERM 7.5 s later, SIGKILL after 2.5 s more. */
async function cancelled(inputs: Inputs, cue: Cue): Promise<Run & { readonly took: number }> {
  let process: RunningAction | undefined;
  let start: number | undefined;
  const timers: NodeJS.Timeout[] = [];
  const { onLog, off } = cue(() => {
    if (start !== undefined) return;
    start = performance.now();
    process?.kill('SIGINT');
    timers.push(setTimeout(() => process?.kill('SIGTERM'), 7_500));
    timers.push(setTimeout(() => process?.kill('SIGKILL'), 10_000));
  });
  const run = await lane.stage.run(inputs, {
    onStart: (started) => {
      process = started;
    },
    ...(onLog === undefined ? {} : { onLog }),
  });
  off?.();
  for (const timer of timers) clearTimeout(timer);
  if (start === undefined) throw new Error(`The moment to cancel never came:\n${run.log}`);
  return { ...run, took: (performance.now() - start) / 1000 };
}

/** What a cancelled run came to; its log is added where it is not what it shall come to. */
interface Outcome {
  readonly code: number;
  readonly says: string | undefined;
  readonly inTime: boolean;
  readonly weights: readonly (string | undefined)[];
  readonly holders: readonly string[];
  /** What was left to do for the post step. */
  readonly post: string;
}

/** It ended by itself and in time, says why, and left the clusters as they were, with nothing for the post step. */
const settled = (weights: Outcome['weights']): Outcome => ({
  code: 1,
  says: 'Cancelled by SIGINT',
  inTime: true,
  weights,
  holders: ['', ''],
  post: '',
});

async function outcomeOf(inputs: Inputs, cue: Cue): Promise<Outcome & { readonly log?: string }> {
  const run = await cancelled(inputs, cue);
  const post = await lane.postOf(inputs, run);
  const outcome = {
    code: run.code,
    says: /Cancelled by SIG\w+/.exec(run.log)?.[0],
    inTime: run.took < 7,
    weights: await lane.stage.weights(),
    holders: await lane.holders(),
    post: post.log.trim(),
  };
  return outcome.code === 1 && outcome.post === '' ? outcome : { ...outcome, log: run.log };
}

const FIRST = 'v1=80,v2=20';
const step = { ...LATER, weights: 'v1=60,v2=40', headers: 'x-from: canary' };

describe('a step that is cancelled (scenario 26)', () => {
  const cues: readonly (readonly [string, Cue])[] = [
    ...['Read', 'Plan', 'Preflight', 'Lock', 'Ready', 'Preview', 'Weights', 'Verify'].map(
      (name) => [`as the phase ${name} begins`, atPhase(name)] as const,
    ),
    ['in the middle of the writes', betweenTheWrites],
    ['while it samples', atSample(40)],
  ];

  test.each(cues)('%s leaves all clusters on the weights before it', async (_, cue) => {
    await lane.stage.pass({ ...QUICK, weights: FIRST });
    await lane.stage.underLoad(
      async () => {
        expect(await outcomeOf(step, cue)).toEqual(settled([FIRST, FIRST]));
      },
      { rps: 30 },
    );
  });

  test('while it watches a step of a promotion gives back the weights before that step', async () => {
    await lane.stage.pass({ ...QUICK, weights: FIRST });
    const baking = {
      ...LATER,
      operation: 'promote',
      steps: '20,40,60',
      'promote-to': '60',
      bake: '60s',
    };
    await lane.stage.underLoad(
      async () => {
        expect(await outcomeOf(baking, atPhase('Bake'))).toEqual(settled([FIRST, FIRST]));
      },
      { rps: 30 },
    );
  });
});

describe('a first install that is cancelled (scenario 26)', () => {
  const install = { ...QUICK, weights: FIRST };

  test.each(['Namespace', 'Lock', 'Deploy', 'Ready', 'Subsets', 'Preview routes', 'Preview'])(
    'as the phase %s begins gives no version any traffic, and can be run again',
    async (name) => {
      await lane.stage.underLoad(
        async () => {
          const run = await cancelled(install, atPhase(name));
          await lane.postOf(install, run);
          expect({ code: run.code, inTime: run.took < 7 }).toEqual({ code: 1, inTime: true });
          expect(run.log).toContain('Cancelled by SIGINT');
          // The preview routes stand, or nothing: users are served by neither.
          const weights = await lane.stage.weights();
          expect(weights.filter((one) => one !== undefined && one !== '')).toEqual([]);
          await expect(lane.holders()).resolves.toEqual(['', '']);
          await lane.stage.pass(install);
        },
        { rps: 30 },
      );
    },
  );

  test('while it waits for pods that do not get ready', async () => {
    const unready = { ...install, image: `v1=${image('v1')}\nv2=${image('v2', 'unready')}` };
    let looks = 0;
    const cue: Cue = (cancel) => ({
      off: lane.fleet.onCall(({ cluster, kind, verb }) => {
        if (cluster === 'west' && kind === 'Deployment' && verb === 'get' && (looks += 1) === 5) cancel();
        return undefined;
      }),
    });
    expect(await outcomeOf(unready, cue)).toEqual(settled([undefined, undefined]));
  });
});
