import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { image } from '../scenarios/support/objects.ts';
import { TRAFFIC_APIS } from '../scenarios/support/traffic-api.ts';
import type { TrafficApi } from '../scenarios/support/traffic-api.ts';
import { atPhase, cancelled } from './support/cancelling.ts';
import type { Cue, Inputs } from './support/cancelling.ts';
import { LATER, Lane, QUICK } from './support/lanes.ts';

let lane: Lane;
afterEach(() => lane.fleet.stop());

/** A header tells the run's own requests from those of the users. */
const atSample =
  (nth: number): Cue =>
  (cancel) => {
    let seen = 0;
    let verifying = false;
    const off = lane.fleet.onRequest(({ headers }) => {
      if (verifying && headers['x-from'] === 'canary' && (seen += 1) === nth) cancel();
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
    if (kind !== lane.stage.api || !write || cluster !== 'west') return undefined;
    cancel();
    return { delayMs: 500 };
  }),
});

/** What a cancelled run came to, with its log if that is not what is expected. */
interface Outcome {
  readonly code: number;
  readonly says: string | undefined;
  readonly inTime: boolean;
  readonly weights: readonly (string | undefined)[];
  readonly holders: readonly string[];
  /** What the post step had left to do. */
  readonly post: string;
}

/** It ended by itself and in time, says why, and left the clusters as they were, with nothing for the post step. */
const restored = (weights: Outcome['weights']): Outcome => ({
  code: 1,
  says: 'Cancelled by SIGINT',
  inTime: true,
  weights,
  holders: ['', ''],
  post: '',
});

async function outcomeOf(inputs: Inputs, cue: Cue): Promise<Outcome & { readonly log?: string }> {
  const run = await cancelled(lane, inputs, cue);
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
/** Its check needs far more samples than arrive before it is cancelled. */
const step = { ...LATER, weights: 'v1=60,v2=40', tolerance: '3', headers: 'x-from: canary' };

describe.each(TRAFFIC_APIS)('of a release by %s,', (api) => {
  beforeEach(async () => {
    lane = await Lane.open({ api });
  });

  describe('a step that is cancelled (scenario 26)', () => {
    /** Nothing is written before the lock, whatever holds the weights. */
    const phases: Readonly<Record<TrafficApi, readonly string[]>> = {
      VirtualService: ['Read', 'Preflight', 'Lock', 'Ready', 'Preview', 'Weights'],
      HTTPRoute: ['Lock', 'Weights'],
    };
    const cues: readonly (readonly [string, Cue])[] = [
      ...phases[api].map((name) => [`as the phase ${name} begins`, atPhase(name)] as const),
      ['in the middle of the writes', betweenTheWrites],
      ['while it samples', atSample(40)],
    ];

    test.each(cues)('%s leaves all clusters on the weights before it', async (_, cue) => {
      await lane.stage.pass({ ...QUICK, weights: FIRST });
      await lane.stage.underLoad(
        async () => {
          expect(await outcomeOf(step, cue)).toEqual(restored([FIRST, FIRST]));
        },
        { rps: 30 },
      );
    });

    test('during the bake of a promotion restores the weights before that step', async () => {
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
          expect(await outcomeOf(baking, atPhase('Bake'))).toEqual(restored([FIRST, FIRST]));
        },
        { rps: 30 },
      );
    });
  });

  describe('a first install that is cancelled (scenario 26)', () => {
    const install = { ...QUICK, weights: FIRST };

    const phases: Readonly<Record<TrafficApi, readonly string[]>> = {
      VirtualService: ['Namespace', 'Lock', 'Deploy', 'Ready', 'Subsets', 'Preview routes', 'Preview'],
      HTTPRoute: ['Deploy', 'Preview routes', 'Preview'],
    };
    test.each(phases[api])(
      'as the phase %s begins gives no version any traffic, and can be run again',
      async (name) => {
        await lane.stage.underLoad(
          async () => {
            const run = await cancelled(lane, install, atPhase(name));
            await lane.postOf(install, run);
            expect({ code: run.code, inTime: run.took < 7 }).toEqual({ code: 1, inTime: true });
            expect(run.log).toContain('Cancelled by SIGINT');
            // There are preview routes, or nothing: neither serves users.
            const weights = await lane.stage.weights();
            expect(weights.filter((one) => one !== undefined && one !== '')).toEqual([]);
            await expect(lane.holders()).resolves.toEqual(['', '']);
            await lane.stage.pass(install);
          },
          { rps: 30 },
        );
      },
    );

    test('while it waits for pods that do not get ready leaves no routes', async () => {
      const unready = { ...install, image: `v1=${image('v1')}\nv2=${image('v2', 'unready')}` };
      let looks = 0;
      const cue: Cue = (cancel) => ({
        off: lane.fleet.onCall(({ cluster, kind, verb }) => {
          if (cluster === 'west' && kind === 'Deployment' && verb === 'get' && (looks += 1) === 5) cancel();
          return undefined;
        }),
      });
      expect(await outcomeOf(unready, cue)).toEqual(restored([undefined, undefined]));
    });
  });
});
