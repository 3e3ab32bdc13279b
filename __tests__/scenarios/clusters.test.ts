import { describe, expect, test } from '@jest/globals';
import { allowNoPods } from './support/deployments.ts';
import { ISTIO } from './support/kube.ts';
import { APP, NAMESPACE, ONLY_V1, image } from './support/objects.ts';
import { useStage } from './support/stage.ts';

describe('a control plane in every cluster', () => {
  const stage = useStage();

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

  test('serves a plain list of clusters: every version everywhere', async () => {
    await stage.underLoad(async () => {
      const run = await stage.pass({ clusters: 'east, west', weights: 'v1=50,v2=50' });
      expect(run.outputs['verdict']).toBe('pass');
    });
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

  test('waits for a version in each of its clusters before it gets traffic', async () => {
    await stage.pass(ONLY_V1);
    await allowNoPods(stage.west);
    await stage.underLoad(async () => {
      const run = await stage.run({
        clusters: 'v1: east\nv2: east, west',
        weights: 'v1=80,v2=20',
        image: image('v2'),
      });
      expect(run.code).toBe(1);
      expect(run.log).toMatch(/Version v2 in west/);
    });
    await expect(stage.weights()).resolves.toEqual(['v1=100', 'v1=100']);
  });
});

describe("one control plane that serves both clusters' gateways", () => {
  const stage = useStage({ controlPlane: 'first' });

  test('is the only place with routes, and both ingresses are sampled (scenario 7)', async () => {
    await stage.underLoad(async () => {
      const run = await stage.pass({ 'config-clusters': 'east', weights: 'v1=80,v2=20' });
      expect(run.outputs['verdict']).toBe('pass');
      expect(Object.keys(JSON.parse(run.outputs['observed'] ?? '') as object)).toEqual(['east', 'west']);
      const again = await stage.pass({ 'config-clusters': 'east', weights: 'v1=80,v2=20' });
      expect(again.outputs['changed']).toBe('0');
    });
    await expect(stage.west.find(ISTIO, 'VirtualService', APP, NAMESPACE)).resolves.toBeUndefined();
  });
});
