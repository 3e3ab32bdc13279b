import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { startFleet } from '../../testbed/start.ts';
import { slowAdmission } from './support/admission.ts';
import { image } from './support/objects.ts';
import { Stage } from './support/stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = new Stage(await startFleet());
});
afterEach(() => stage.fleet.reset());
afterAll(() => stage.fleet.stop());

const FIRST = { clusters: 'v1: east', version: 'v1', image: image('v1'), 'config-clusters': 'east, west' };

describe('a cluster that takes its time', () => {
  test('with admission of 6 s: plan and rollout pass (scenario 38)', async () => {
    await stage.pass(FIRST);
    const end = await slowAdmission(stage.fleet, stage.east, 6_000);
    try {
      await stage.underLoad(async () => {
        const run = await stage.pass({ ...FIRST, image: image('v1', '1.1') });
        expect(run.outputs).toMatchObject({ verdict: 'pass', weights: 'v1=100' });
      });
    } finally {
      await end();
    }
  });

  test.each(['crash-twice', 'late-pull'])(
    'with pods whose start fails twice (%s): they are waited for (scenario 38)',
    async (fault) => {
      await stage.pass(FIRST);
      await stage.underLoad(async () => {
        const run = await stage.pass({ weights: 'v1=80,v2=20', image: image('v2', fault) });
        expect(run.outputs).toMatchObject({ verdict: 'pass', weights: 'v1=80,v2=20' });
      });
    },
  );
});
