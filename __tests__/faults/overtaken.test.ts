import { expect, test } from '@jest/globals';
import type { RunningAction } from '../../testbed/run-action.ts';
import { LATER, Lane, QUICK } from './support/lanes.ts';

const promotion = { ...LATER, operation: 'promote', steps: '20,40,100' };

test('a promotion does not skip the step that a dead one left unverified', async () => {
  const lane = await Lane.open();
  try {
    const { stage } = lane;
    await stage.pass({ ...QUICK, weights: 'v1=80,v2=20' });
    let promoting: RunningAction | undefined;
    const killed = await stage.run(promotion, {
      onStart: (started) => {
        promoting = started;
      },
      onLog: (text) => {
        if (text.includes('::group::Verify')) promoting?.kill('SIGKILL');
      },
    });
    expect({ code: killed.code, weights: await stage.weights() }).toEqual({
      code: -1,
      weights: ['v1=60,v2=40', 'v1=60,v2=40'],
    });
    await lane.shortenLeases();
    const next = await stage.pass(promotion);
    expect(next.log).toContain('Recovered: all clusters hold v1=60,v2=40, which is verified now.');
    await expect(stage.weights()).resolves.toEqual(['v1=60,v2=40', 'v1=60,v2=40']);
    expect(next.outputs).toMatchObject({
      verdict: 'pass',
      weights: 'v1=60,v2=40',
      'next-weights': 'v1=0,v2=100',
    });
  } finally {
    await lane.fleet.stop();
  }
});
