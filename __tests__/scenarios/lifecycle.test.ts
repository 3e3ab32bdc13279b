import { describe, expect, test } from '@jest/globals';
import { ISTIO } from './support/kube.ts';
import type { Kube } from './support/kube.ts';
import { APP, NAMESPACE, NO_WORKLOADS, SEED, destination, image, virtualService } from './support/objects.ts';
import { editWeights, stealUsers } from './support/route-edits.ts';
import { useStage } from './support/stage.ts';

const stage = useStage();

const steps = '20,50,100';
/** A later job knows the release but not the images, so the workloads stay. */
const later = { ...NO_WORKLOADS, steps };

const subsetsOf = async (kube: Kube): Promise<readonly string[]> => {
  const rule = await kube.get(ISTIO, 'DestinationRule', APP, NAMESPACE);
  return (rule['spec'] as { subsets: { name: string }[] }).subsets.map(({ name }) => name);
};

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

  test('stops at a drift and restores the previous step (scenario 27)', async () => {
    await stage.underLoad(async () => {
      await stage.pass({ weights: 'v1=80,v2=20', steps });
      await stealUsers(stage.west, 'v1');
      const run = await stage.run({
        operation: 'promote',
        ...later,
        'promote-to': '100',
        routes: APP,
        headers: 'x-thief: yes',
        'verify-timeout': '5s',
      });
      expect(run.code).toBe(1);
      expect(run.outputs).toMatchObject({ weights: 'v1=80,v2=20' });
      await expect(stage.weights()).resolves.toEqual(['v1=80,v2=20', 'v1=80,v2=20']);
    });
  });

  test('needs steps, a version and a release', async () => {
    const none = await stage.run({ operation: 'promote', ...later });
    expect(none.log).toMatch(/run the operation rollout/);
    const noSteps = await stage.run({ operation: 'promote', ...later, steps: '' });
    expect(noSteps.log).toMatch(/Input steps is required by the operation promote/);
    const wrongGoal = await stage.run({ operation: 'promote', ...later, 'promote-to': '30' });
    expect(wrongGoal.log).toMatch(/Input promote-to: got "30", which is not one of the steps/);
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

  test('goes to the weights you pass', async () => {
    await stage.underLoad(async () => {
      for (const weights of ['v1=100,v2=0', 'v1=50,v2=50']) await stage.pass({ weights });
      const run = await stage.pass({ operation: 'rollback', ...later, weights: 'v1=90,v2=10' });
      expect(run.outputs).toMatchObject({ verdict: 'pass', weights: 'v1=90,v2=10' });
    });
  });

  test('without recorded weights names the input to set (scenario 28)', async () => {
    await stage.pass({ weights: 'v1=80,v2=20' });
    const run = await stage.run({ operation: 'rollback', ...later });
    expect(run.code).toBe(1);
    expect(run.log).toMatch(
      /No earlier weights are recorded on VirtualService helloworld, which holds v1=80,v2=20\. Set the input weights/,
    );
  });

  test('before the first release names the missing namespace (scenario 13)', async () => {
    const run = await stage.run({ operation: 'rollback', ...later });
    expect(run.code).toBe(1);
    expect(run.log).toMatch(/Input namespace: there is no namespace gray-demo in east, west\./);
  });

  test('reunites clusters that someone edited apart', async () => {
    await stage.underLoad(async () => {
      for (const weights of ['v1=100,v2=0', 'v1=80,v2=20']) await stage.pass({ weights });
      await editWeights(stage.west, 40, 60);
      const refused = await stage.run({ weights: 'v1=50,v2=50' });
      expect(refused.code).toBe(1);
      expect(refused.log).toMatch(/in west holds v1=40,v2=60 instead of the v1=80,v2=20.*kubectl-edit/);
      expect(refused.outputs['changed']).toBe('0');
      const run = await stage.pass({ operation: 'rollback', ...later });
      expect(run.outputs).toMatchObject({ verdict: 'pass', weights: 'v1=100,v2=0' });
      await expect(stage.weights()).resolves.toEqual(['v1=100,v2=0', 'v1=100,v2=0']);
    });
  });
});

describe('retire', () => {
  const retire = { operation: 'retire', version: 'v1', ...later };

  test('removes route, subset and workload of a version at weight 0, and keeps the Service (scenario 29)', async () => {
    await stage.underLoad(async () => {
      for (const weights of ['v1=80,v2=20', 'v1=0,v2=100']) await stage.pass({ weights });
      const run = await stage.pass(retire);
      expect(run.outputs).toMatchObject({ verdict: 'pass', weights: 'v2=100', 'next-weights': '' });
      const again = await stage.pass(retire);
      expect(again.outputs['changed']).toBe('0');
    });
    await expect(stage.weights()).resolves.toEqual(['v2=100', 'v2=100']);
    for (const kube of [stage.east, stage.west]) {
      await expect(subsetsOf(kube)).resolves.toEqual(['v2']);
      const vs = await kube.get(ISTIO, 'VirtualService', APP, NAMESPACE);
      expect(JSON.stringify(vs['spec'])).not.toContain('v1');
    }
    await expect(stage.east.find('apps/v1', 'Deployment', `${APP}-v1`, NAMESPACE)).resolves.toBeUndefined();
    await expect(stage.west.find('apps/v1', 'Deployment', `${APP}-v2`, NAMESPACE)).resolves.toBeDefined();
    await expect(stage.west.find('v1', 'Service', APP, NAMESPACE)).resolves.toBeDefined();
  });

  test('is refused at weight 1 (scenario 29)', async () => {
    await stage.pass({ weights: 'v1=1,v2=99' });
    const run = await stage.run(retire);
    expect(run.code).toBe(1);
    expect(run.log).toMatch(/v1 still has traffic \(1% in east, 1% in west\)/);
    expect(run.outputs['changed']).toBe('0');
  });

  test('is refused while another VirtualService names the subset (scenario 29)', async () => {
    await stage.pass({ weights: 'v1=0,v2=100' });
    const other = virtualService([{ route: [destination('v1')] }], {
      hosts: ['inner.example.com'],
      gateways: ['mesh'],
    });
    await stage.west.create({ ...other, metadata: { name: 'inner', namespace: 'default' } });
    const run = await stage.run(retire);
    await stage.west.remove(ISTIO, 'VirtualService', 'inner', 'default');
    expect(run.code).toBe(1);
    expect(run.log).toMatch(/The subset v1 is still named by VirtualService default\/inner in west/);
    expect(run.outputs['changed']).toBe('0');
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

  test('takes over from the second when next-weights still name the first, which has no clusters left', async () => {
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
  });
});
