import { describe, expect, test } from '@jest/globals';
import { lifecycleCases } from './cases/release-cases.ts';
import { eventsOf } from './support/events.ts';
import { ISTIO } from './support/kube.ts';
import type { Kube } from './support/kube.ts';
import { APP, NAMESPACE, NO_WORKLOADS, destination, virtualService } from './support/objects.ts';
import { editWeights, stealUsers } from './support/route-edits.ts';
import { useStage } from './support/stage.ts';

const stage = useStage();

lifecycleCases(stage);

const steps = '20,50,100';
/** A later job knows the release but not the images, so the workloads stay. */
const later = { ...NO_WORKLOADS, steps };

const subsetsOf = async (kube: Kube): Promise<readonly string[]> => {
  const rule = await kube.get(ISTIO, 'DestinationRule', APP, NAMESPACE);
  return (rule['spec'] as { subsets: { name: string }[] }).subsets.map(({ name }) => name);
};

describe('promote', () => {
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
      const events = await eventsOf(stage.west, 'VirtualService', APP);
      expect(events.at(-1)).toEqual([
        'Warning',
        'TrafficRolledBack',
        expect.stringMatching(/^weights v1=40,v2=60 → v1=100,v2=0 \(/),
      ]);
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
