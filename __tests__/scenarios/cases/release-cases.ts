import { describe, expect, test } from '@jest/globals';
import { APP, AT_DEFAULTS, NAMESPACE, NO_WORKLOADS, ONLY_V1, SEED, image } from '../support/objects.ts';
import { testOnEmbedded } from '../support/on-embedded.ts';
import type { Stage } from '../support/stage.ts';

// Scenarios that read the same whatever kind of object holds the weights. A file runs them on its stage.

const steps = '20,50,100';
/** A later job knows the release but not the images, so the workloads stay. */
const later = { ...NO_WORKLOADS, steps };

/** Deploys v1 with all traffic, and v2 with the image of this fault. */
export async function prepareWorse(stage: Stage, fault: string): Promise<void> {
  await stage.pass({
    image: `v1=${image('v1')}\nv2=${image('v2', fault)}`,
    weights: 'v1=100,v2=0',
    'max-rps': '500',
  });
}

/** The step that gives v2 half of the users. */
export const WORSE_STEP = {
  ...AT_DEFAULTS,
  ...NO_WORKLOADS,
  weights: 'v1=50,v2=50',
  'max-rps': '300',
} as const;

/** How a release starts, goes on in steps, and is run again. */
export function rolloutCases(stage: Stage): void {
  describe('a first install', () => {
    test('shows 8:2 at both ingresses, without a failed request from the moment the route exists (scenario 1)', async () => {
      await stage.underLoad(async () => {
        const run = await stage.pass({ ...AT_DEFAULTS, weights: 'v1=80,v2=20' });
        expect(run.outputs).toMatchObject({
          verdict: 'pass',
          weights: 'v1=80,v2=20',
          'previous-weights': '',
          complete: 'false',
        });
        const observed = JSON.parse(run.outputs['observed'] ?? '') as Record<
          string,
          { v1: number; v2: number }
        >;
        expect(Object.keys(observed)).toEqual(['east', 'west']);
        for (const shares of Object.values(observed)) expect(Math.abs(shares.v2 - 0.2)).toBeLessThan(0.05);
        expect(run.summary).toContain('✅');
      });
      await expect(stage.weights()).resolves.toEqual(['v1=80,v2=20', 'v1=80,v2=20']);
    });
  });

  describe('the same inputs again', () => {
    test('write nothing and pass (scenario 3)', async () => {
      await stage.pass({ weights: 'v1=80,v2=20' });
      const before = await stage.routes();
      await stage.underLoad(async () => {
        const run = await stage.pass({ weights: 'v1=80,v2=20' });
        expect(run.outputs).toMatchObject({ verdict: 'pass', changed: '0' });
      });
      const after = await stage.routes();
      expect(after.map(({ metadata }) => metadata.resourceVersion)).toEqual(
        before.map(({ metadata }) => metadata.resourceVersion),
      );
    });
  });

  describe('staged weights', () => {
    testOnEmbedded('90/10, 50/50, 100/0, 0/100 hold one after the other (scenario 2)', async () => {
      await stage.underLoad(async () => {
        for (const weights of ['v1=90,v2=10', 'v1=50,v2=50', 'v1=100,v2=0', 'v1=0,v2=100']) {
          const run = await stage.pass({ ...AT_DEFAULTS, weights });
          expect(run.outputs).toMatchObject({ verdict: 'pass', weights });
          await expect(stage.weights()).resolves.toEqual([weights, weights]);
        }
      });
    });

    test('uneven steps 1, 7, 33, 100 hold, and each outputs the next (scenario 2)', async () => {
      const next: Record<string, string> = { 1: 'v1=93,v2=7', 7: 'v1=67,v2=33', 33: 'v1=0,v2=100', 100: '' };
      await stage.underLoad(async () => {
        for (const step of [1, 7, 33, 100]) {
          const run = await stage.pass({
            ...AT_DEFAULTS,
            weights: `v1=${String(100 - step)},v2=${String(step)}`,
            steps: '1,7,33,100',
          });
          expect(run.outputs).toMatchObject({
            verdict: 'pass',
            'next-weights': next[step],
            complete: String(step === 100),
          });
        }
      });
    });

    testOnEmbedded('without weights a new version joins at 0 and the others keep theirs', async () => {
      await stage.pass(ONLY_V1);
      await stage.underLoad(async () => {
        const run = await stage.pass({ image: image('v2') });
        expect(run.outputs).toMatchObject({ verdict: 'pass', weights: 'v1=100,v2=0' });
      });
    });
  });
}

/** How weights are promoted and rolled back, and how a third version joins. */
export function lifecycleCases(stage: Stage): void {
  describe('promote', () => {
    test('takes one step in each job, and only verifies after the last (scenario 27)', async () => {
      await stage.underLoad(async () => {
        await stage.pass({ weights: 'v1=100,v2=0', steps });
        for (const weights of ['v1=80,v2=20', 'v1=50,v2=50', 'v1=0,v2=100']) {
          const run = await stage.pass({ operation: 'promote', ...later });
          expect(run.outputs).toMatchObject({
            verdict: 'pass',
            weights,
            complete: String(weights === 'v1=0,v2=100'),
          });
          await expect(stage.weights()).resolves.toEqual([weights, weights]);
        }
        const run = await stage.pass({ operation: 'promote', ...later });
        expect(run.outputs).toMatchObject({
          verdict: 'pass',
          changed: '0',
          complete: 'true',
          'next-weights': '',
        });
      });
    });

    test('takes several steps in one job, and watches each before the next (scenario 27)', async () => {
      await stage.underLoad(async () => {
        await stage.pass({ weights: 'v1=100,v2=0', steps });
        const run = await stage.pass({ operation: 'promote', ...later, 'promote-to': '50', bake: '2s' });
        expect(run.outputs).toMatchObject({
          verdict: 'pass',
          weights: 'v1=50,v2=50',
          'next-weights': 'v1=0,v2=100',
          complete: 'false',
        });
        expect(run.log).toMatch(/no drift in 2 s/);
      });
    });
  });

  describe('rollback', () => {
    test('restores the previous step, then the one before it (scenario 28)', async () => {
      await stage.underLoad(async () => {
        for (const weights of ['v1=100,v2=0', 'v1=80,v2=20', 'v1=50,v2=50']) await stage.pass({ weights });
        const once = await stage.pass({ operation: 'rollback', ...later });
        expect(once.outputs).toMatchObject({
          verdict: 'pass',
          weights: 'v1=80,v2=20',
          'previous-weights': 'v1=100,v2=0',
        });
        const twice = await stage.pass({ operation: 'rollback', ...later });
        expect(twice.outputs).toMatchObject({
          verdict: 'pass',
          weights: 'v1=100,v2=0',
          'previous-weights': '',
        });
        await expect(stage.weights()).resolves.toEqual(['v1=100,v2=0', 'v1=100,v2=0']);
      });
    });

    testOnEmbedded('goes to the weights you pass', async () => {
      await stage.underLoad(async () => {
        for (const weights of ['v1=100,v2=0', 'v1=50,v2=50']) await stage.pass({ weights });
        const run = await stage.pass({ operation: 'rollback', ...later, weights: 'v1=90,v2=10' });
        expect(run.outputs).toMatchObject({ verdict: 'pass', weights: 'v1=90,v2=10' });
      });
    });
  });

  describe('a third version', () => {
    test('joins in the middle of a release, 60/30/10 (scenario 4)', async () => {
      const clusters = `${SEED.clusters}\nv3: west`;
      await stage.underLoad(async () => {
        await stage.pass({ weights: 'v1=80,v2=20' });
        const run = await stage.pass({
          clusters,
          version: 'v3',
          image: image('v3'),
          weights: 'v1=60,v2=30,v3=10',
        });
        expect(run.outputs).toMatchObject({
          verdict: 'pass',
          weights: 'v1=60,v2=30,v3=10',
          'previous-weights': 'v1=80,v2=20',
        });
        const step = await stage.pass({ operation: 'promote', ...later, clusters, version: 'v3' });
        expect(step.outputs).toMatchObject({ verdict: 'pass', weights: 'v1=53,v2=27,v3=20' });
      });
    });

    testOnEmbedded(
      'takes over from the second when next-weights still name the first, which has no clusters left',
      async () => {
        const next = 'v1=0,v2=80,v3=20';
        const release = { clusters: 'v2: west\nv3: east', version: 'v3', image: image('v3'), steps };
        await stage.underLoad(async () => {
          await stage.pass({ weights: 'v1=0,v2=100' });
          const deployed = await stage.pass(release);
          expect(deployed.outputs['next-weights']).toBe(next);
          const step = await stage.pass({ ...release, weights: next });
          expect(step.outputs).toMatchObject({
            verdict: 'pass',
            weights: next,
            'next-weights': 'v1=0,v2=50,v3=50',
          });
          await stage.pass({ ...release, operation: 'verify', weights: next });
        });
      },
    );
  });
}

/** What the check says of shares, and of a version that is worse than the stable one. */
export function checkCases(stage: Stage): void {
  describe('verify', () => {
    test('passes when every ingress shows the requested 80/20 (scenario 15)', async () => {
      await stage.underLoad(async () => {
        await stage.pass({ weights: 'v1=80,v2=20' });
        const run = await stage.pass({ operation: 'verify', ...AT_DEFAULTS });
        expect(run.outputs).toMatchObject({ verdict: 'pass', weights: 'v1=80,v2=20', changed: '0' });
        expect(Number(run.outputs['samples'])).toBeGreaterThan(800);
      });
    });

    testOnEmbedded.each([
      ['swapped weights', 'v1=20,v2=80', 200],
      ['equal weights', 'v1=50,v2=50', 600],
    ])('fails on %s after few samples, naming every ingress (scenario 15)', async (_, seen, few) => {
      await stage.underLoad(async () => {
        await stage.pass({ weights: seen });
        const run = await stage.run({ operation: 'verify', weights: 'v1=80,v2=20', ...AT_DEFAULTS });
        expect(run.code).toBe(1);
        expect(run.outputs['verdict']).toBe('fail');
        expect(run.log).toMatch(/east \(http.*west \(http/s);
        expect(run.log).toContain(`${seen} is set, but v1=80,v2=20 was expected`);
        expect(Number(run.outputs['samples'])).toBeLessThan(few);
      });
    });
  });

  test('fails by its errors, and the previous weights are restored', async () => {
    await prepareWorse(stage, 'errors');
    await stage.underLoad(
      async () => {
        // Errors up to a third of all requests would be accepted, were it not that the stable version has none.
        const run = await stage.run({ ...WORSE_STEP, 'max-error-rate': '33' });
        expect(run.code).toBe(1);
        expect(run.outputs).toMatchObject({ verdict: 'fail', weights: 'v1=100,v2=0' });
        expect(run.log).toMatch(
          /v2 fails more than twice as often as the other versions: [\d,]+ of [\d,]+ requests failed, against 0 of [\d,]+/,
        );
        await expect(stage.weights()).resolves.toEqual(['v1=100,v2=0', 'v1=100,v2=0']);
      },
      { faulty: true },
    );
  });
}

/** Where versions run. */
export function placementCases(stage: Stage): void {
  test('serves versions that run in several clusters each (scenario 7)', async () => {
    await stage.underLoad(async () => {
      const run = await stage.pass({ clusters: 'v1: east, west\nv2: west, east', weights: 'v1=80,v2=20' });
      expect(run.outputs['verdict']).toBe('pass');
    });
    for (const kube of [stage.east, stage.west]) {
      const deployments = await kube.list('apps/v1', 'Deployment', NAMESPACE);
      expect(deployments.map(({ metadata }) => metadata.name).toSorted()).toEqual([`${APP}-v1`, `${APP}-v2`]);
    }
  });

  test('serves a cluster that runs no version but has an ingress (scenario 7)', async () => {
    await stage.underLoad(async () => {
      const run = await stage.pass({
        clusters: 'v1: east\nv2: east',
        'config-clusters': 'east, west',
        weights: 'v1=80,v2=20',
      });
      expect(run.outputs['verdict']).toBe('pass');
      expect(Object.keys(JSON.parse(run.outputs['observed'] ?? '') as object)).toEqual(['east', 'west']);
    });
    await expect(stage.west.list('apps/v1', 'Deployment', NAMESPACE)).resolves.toEqual([]);
  });
}
