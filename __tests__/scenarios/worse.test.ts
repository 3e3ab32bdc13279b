import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { startFleet } from '../../testbed/start.ts';
import { image } from './support/objects.ts';
import { Stage } from './support/stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = new Stage(await startFleet());
});
afterEach(() => stage.fleet.reset());
afterAll(() => stage.fleet.stop());

/** v1 alone takes the traffic, and v2 has the image of this fault. */
async function prepare(fault: string): Promise<void> {
  await stage.pass({
    image: `v1=${image('v1')}\nv2=${image('v2', fault)}`,
    weights: 'v1=100,v2=0',
    'max-rps': '500',
  });
}

const step = { image: '', port: '', weights: 'v1=50,v2=50', 'max-rps': '300' };

describe('a new version whose share is right, but which is worse than the stable one (scenario 30)', () => {
  test('fails by its errors, and the weights before are in force again', async () => {
    await prepare('errors');
    await stage.underLoad(
      async () => {
        // Errors up to a third of all requests would be accepted, were it not that the stable version has none.
        const run = await stage.run({ ...step, tolerance: '5', 'max-error-rate': '33' });
        expect(run.code).toBe(1);
        expect(run.outputs).toMatchObject({ verdict: 'fail', weights: 'v1=100,v2=0' });
        expect(run.log).toMatch(
          /v2 fails more than 2 times as often as the other versions: \d+ of \d+ requests, against 0 of \d+/,
        );
        await expect(stage.weights()).resolves.toEqual(['v1=100,v2=0', 'v1=100,v2=0']);
      },
      { faulty: true },
    );
  });

  test('fails by the errors of all, where they are more than accepted', async () => {
    await prepare('errors');
    await stage.underLoad(
      async () => {
        const run = await stage.run({ ...step, version: '', tolerance: '5' });
        expect(run.code).toBe(1);
        expect(run.log).toMatch(/\d+ of \d+ requests failed, more than 1 % \(\d+ × status 500\)/);
        await expect(stage.weights()).resolves.toEqual(['v1=100,v2=0', 'v1=100,v2=0']);
      },
      { faulty: true },
    );
  });

  test('fails by its response times, and the weights before are in force again', async () => {
    await prepare('slow');
    await stage.underLoad(async () => {
      const run = await stage.run({ ...step, 'max-latency-increase': '20' });
      expect(run.code).toBe(1);
      expect(run.outputs).toMatchObject({ verdict: 'fail', weights: 'v1=100,v2=0' });
      expect(run.log).toMatch(
        /v2 is more than 20 % slower than the other versions: median [\d.]+ ms, against [\d.]+ ms/,
      );
      await expect(stage.weights()).resolves.toEqual(['v1=100,v2=0', 'v1=100,v2=0']);
    });
  });

  test('passes where nobody asked about response times', async () => {
    await prepare('slow');
    await stage.underLoad(async () => {
      const run = await stage.pass(step);
      expect(run.outputs).toMatchObject({ verdict: 'pass', weights: 'v1=50,v2=50' });
    });
  });
});
