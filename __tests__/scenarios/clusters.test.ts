import { describe, expect, test } from '@jest/globals';
import { placementCases } from './cases/release-cases.ts';
import { allowNoPods } from './support/deployments.ts';
import { ISTIO } from './support/kube.ts';
import { APP, NAMESPACE, ONLY_V1, image } from './support/objects.ts';
import { useStage } from './support/stage.ts';

describe('a control plane in every cluster', () => {
  const stage = useStage();

  placementCases(stage);

  test('serves a plain list of clusters: every version everywhere', async () => {
    await stage.underLoad(async () => {
      const run = await stage.pass({ clusters: 'east, west', weights: 'v1=50,v2=50' });
      expect(run.outputs['verdict']).toBe('pass');
    });
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
