import { describe, expect, test } from '@jest/globals';
import type { Run, RunningAction } from '../../testbed/run-action.ts';
import { NO_WORKLOADS, image } from './support/objects.ts';
import { testOnEmbedded } from './support/on-embedded.ts';
import { Stage, useStage } from './support/stage.ts';
import { TRAFFIC_APIS } from './support/traffic-api.ts';

const stage = useStage();

/** Cancels a run when a line appears in its log, then runs its post step as the runner does. */
async function cancelledAt(
  line: string,
  inputs: Readonly<Record<string, string>>,
  own: Stage = stage,
): Promise<Run> {
  let process: RunningAction | undefined;
  let cancelled = 0;
  const run = await own.run(inputs, {
    onStart: (started) => {
      process = started;
    },
    onLog: (text) => {
      if (cancelled > 0 || !text.includes(line)) return;
      cancelled = performance.now();
      process?.kill('SIGINT');
    },
  });
  expect(performance.now() - cancelled).toBeLessThan(7_000);
  const post = await own.run(inputs, { postOf: run.state });
  expect(post.code).toBe(0);
  return run;
}

describe('a cancelled run (scenario 26)', () => {
  test.each(TRAFFIC_APIS)(
    'of a release by %s restores the previous weights if it was sampling, and can be run again',
    async (api) => {
      const own = new Stage(stage.fleet, api);
      if (api === 'HTTPRoute') await own.openIngress();
      await own.underLoad(async () => {
        await own.pass({ weights: 'v1=80,v2=20' });
        const step = { ...NO_WORKLOADS, weights: 'v1=50,v2=50' };
        // At this rate a verdict is minutes away.
        const run = await cancelledAt('::group::Verify', { ...step, 'max-rps': '1' }, own);
        expect(run.code).toBe(1);
        expect(run.log).toContain('Cancelled by SIGINT.');
        await expect(own.weights()).resolves.toEqual(['v1=80,v2=20', 'v1=80,v2=20']);
        await own.pass(step);
        await expect(own.weights()).resolves.toEqual(['v1=50,v2=50', 'v1=50,v2=50']);
      });
    },
  );

  testOnEmbedded(
    'that was killed before its first line is followed by a post step that does nothing',
    async () => {
      const weights = 'v1=80,v2=20';
      const post = await stage.run({ weights }, { postOf: {} });
      expect([post.code, post.log, post.outputs]).toEqual([0, '', {}]);
      await expect(stage.weights()).resolves.toEqual([undefined, undefined]);
    },
  );

  testOnEmbedded('that came to its end is left alone by the post step', async () => {
    const { state } = await stage.pass({ weights: 'v1=80,v2=20' });
    const post = await stage.run({ weights: 'v1=50,v2=50' }, { postOf: state });
    expect([post.code, post.log]).toEqual([0, '']);
    await expect(stage.weights()).resolves.toEqual(['v1=80,v2=20', 'v1=80,v2=20']);
  });

  test('leaves the routes alone if it was waiting for pods', async () => {
    await stage.underLoad(async () => {
      await stage.pass({ clusters: 'v1: east, west', version: 'v1', image: image('v1') });
      const run = await cancelledAt('::group::Ready', {
        clusters: 'v1: east, west\nv2: west',
        weights: 'v1=80,v2=20',
        image: image('v2', 'unready'),
      });
      expect(run.code).toBe(1);
      expect(run.log).toContain('Cancelled by SIGINT.');
      await expect(stage.weights()).resolves.toEqual(['v1=100', 'v1=100']);
    });
  });
});
