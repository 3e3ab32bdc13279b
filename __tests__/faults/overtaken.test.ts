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

test('a promotion through several steps verifies the weights that another run has gone on to meanwhile', async () => {
  const lane = await Lane.open();
  try {
    const { stage } = lane;
    await stage.pass({ ...QUICK, weights: 'v1=80,v2=20' });
    const goal = 'v1=40,v2=60';
    let preflights = 0;
    const overtaken = await lane.during(
      ({ cluster, kind }) => {
        if (cluster !== 'east' || kind !== 'SelfSubjectRulesReview') return undefined;
        preflights += 1;
        return preflights === 2 ? { after: stage.pass({ ...LATER, weights: goal }) } : undefined;
      },
      () => stage.pass({ ...promotion, steps: '20,40,60', 'promote-to': '60' }),
    );
    expect(overtaken.outputs).toMatchObject({ verdict: 'pass', weights: goal });
    expect(overtaken.log).toContain(`Sampling against ${goal} (the weights in force)`);
    expect(overtaken.summary).toMatch(/get v1 40%, v2 60%/);
  } finally {
    await lane.fleet.stop();
  }
});
