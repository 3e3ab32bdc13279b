import { describe, expect, test } from '@jest/globals';
import { WORSE_STEP, prepareWorse } from './cases/release-cases.ts';
import { eventsOf } from './support/events.ts';
import { rolledOut, setImage } from './support/deployments.ts';
import type { Kube } from './support/kube.ts';
import { APP, AT_DEFAULTS, ONLY_V1, image } from './support/objects.ts';
import { testOnEmbedded } from './support/on-embedded.ts';
import { useStage } from './support/stage.ts';

const stage = useStage();

describe('a new version whose share is right, but which is worse than the stable one (scenario 30)', () => {
  testOnEmbedded('fails if all requests together exceed the accepted error rate', async () => {
    await prepareWorse(stage, 'errors');
    await stage.underLoad(
      async () => {
        const run = await stage.run({ ...WORSE_STEP, version: '' });
        expect(run.code).toBe(1);
        expect(run.log).toMatch(/[\d,]+ of [\d,]+ requests failed, more than 1% \([\d,]+ × status 500\)/);
        await expect(stage.weights()).resolves.toEqual(['v1=100,v2=0', 'v1=100,v2=0']);
      },
      { faulty: true },
    );
  });

  test('fails if it breaks off responses, as no ingress does that only restarts', async () => {
    await prepareWorse(stage, 'broken');
    const run = await stage.run({ ...WORSE_STEP, weights: 'v1=0,v2=100' });
    expect(run.outputs).toMatchObject({ verdict: 'fail', weights: 'v1=100,v2=0' });
    expect(run.log).toMatch(/[\d,]+ of [\d,]+ requests failed, more than 1% \([\d,]+ × response cut off\)/);
  });

  test('fails by its response times, and the previous weights are restored', async () => {
    await prepareWorse(stage, 'slow');
    await stage.underLoad(async () => {
      const run = await stage.run({ ...WORSE_STEP, 'max-latency-increase': '20' });
      expect(run.code).toBe(1);
      expect(run.outputs).toMatchObject({ verdict: 'fail', weights: 'v1=100,v2=0' });
      expect(run.log).toMatch(
        /v2 is more than 20% slower than the other versions: median [\d.]+ ms, against [\d.]+ ms/,
      );
      await expect(stage.weights()).resolves.toEqual(['v1=100,v2=0', 'v1=100,v2=0']);
      const events = await eventsOf(stage.west, 'VirtualService', APP);
      expect(events.slice(-3)).toEqual([
        ['Normal', 'TrafficChanged', expect.stringMatching(/^weights v1=100,v2=0 → v1=50,v2=50 \(/)],
        [
          'Warning',
          'CheckFailed',
          expect.stringMatching(/^verdict fail.*; (east|west): v2 is more than 20% slower/),
        ],
        ['Warning', 'TrafficRolledBack', expect.stringMatching(/^weights v1=50,v2=50 → v1=100,v2=0 \(/)],
      ]);
    });
  });

  testOnEmbedded('passes if response times are not checked', async () => {
    await prepareWorse(stage, 'slow');
    await stage.underLoad(async () => {
      const run = await stage.pass(WORSE_STEP);
      expect(run.outputs).toMatchObject({ verdict: 'pass', weights: 'v1=50,v2=50' });
    });
  });
});

/** Someone replaces the image of v2 in west with one that accepts requests and never responds. */
async function silence(west: Kube): Promise<void> {
  await setImage(west, `${APP}-v2`, image('v2', 'silent'));
  await rolledOut(west, `${APP}-v2`);
}

/** v2, at 20%, must be named exactly when the chance of no response from it among so many is 1% or less. */
function expectNamedUnlessLuck(log: string, reason: string): void {
  const pattern = new RegExp(
    `(v2 does not respond: )?${reason}, and all ([\\d,]+) responses came from v1`,
    'g',
  );
  const found = [...log.matchAll(pattern)].map(([, name, answers]) => ({
    named: name !== undefined,
    answers,
  }));
  expect(found).not.toEqual([]);
  expect(found).toEqual(
    found.map(({ answers }) => ({ named: 0.8 ** Number(answers?.replaceAll(',', '')) <= 0.01, answers })),
  );
}

describe('a new version that never responds (scenario 38)', () => {
  testOnEmbedded('is named before it gets any users', async () => {
    await stage.pass(ONLY_V1);
    await stage.underLoad(async () => {
      const run = await stage.run({
        weights: 'v1=80,v2=20',
        image: `v1=${image('v1')}\nv2=${image('v2', 'silent')}`,
        'verify-timeout': '12s',
      });
      expect(run.code).toBe(1);
      expect(run.log).toMatch(
        /v2 does not respond: 2 requests through the ingress of (east|west) .* got no response within 10 s/,
      );
      await expect(stage.weights()).resolves.toEqual(['v1=100', 'v1=100']);
    });
  });

  test('is named once it has users, whether or not its requests have timed out', async () => {
    await stage.pass({ weights: 'v1=80,v2=20' });
    await silence(stage.west);
    const short = await stage.run({ ...AT_DEFAULTS, operation: 'verify', 'verify-timeout': '3s' });
    expect([short.code, short.outputs['verdict']]).toEqual([1, 'inconclusive']);
    expect(short.log).toMatch(/undecided after 3 s and [\d,]+ samples: /);
    expectNamedUnlessLuck(short.log, '16 requests had no response yet');
    const run = await stage.run({ ...AT_DEFAULTS, operation: 'verify' });
    expect([run.code, run.outputs['verdict']]).toEqual([1, 'fail']);
    expectNamedUnlessLuck(run.log, '[\\d,]+ of [\\d,]+ requests got no response within 10 s, more than 1%');
    expect(run.seconds).toBeLessThan(25);
  });
});
