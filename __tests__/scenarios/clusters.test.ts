import { describe, expect, test } from '@jest/globals';
import { placementCases } from './cases/release-cases.ts';
import { allowNoPods } from './support/deployments.ts';
import { ONLY_V1, image } from './support/objects.ts';
import { Stage, useStage } from './support/stage.ts';
import { TRAFFIC_APIS } from './support/traffic-api.ts';

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
        'ready-timeout': '6s',
      });
      expect(run.code).toBe(1);
      expect(run.log).toMatch(/Version v2 in west/);
    });
    await expect(stage.weights()).resolves.toEqual(['v1=100', 'v1=100']);
  });
});

describe("one control plane that serves both clusters' gateways", () => {
  const stage = useStage({ controlPlane: 'first' });

  test.each(TRAFFIC_APIS)(
    'is the only place with a %s, and both ingresses are sampled (scenario 7)',
    async (api) => {
      const own = new Stage(stage.fleet, api);
      if (api === 'HTTPRoute') await own.openIngress(['east']);
      const release = { 'config-clusters': 'east', weights: 'v1=80,v2=20' };
      await own.underLoad(async () => {
        const run = await own.pass(release);
        expect(run.outputs['verdict']).toBe('pass');
        expect(Object.keys(JSON.parse(run.outputs['observed'] ?? '') as object)).toEqual(['east', 'west']);
        const again = await own.pass(release);
        expect(again.outputs['changed']).toBe('0');
      });
      await expect(own.weights()).resolves.toEqual(['v1=80,v2=20', undefined]);
    },
  );
});
