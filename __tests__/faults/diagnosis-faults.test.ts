import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startEmbedded } from '../../testbed/embedded/start.ts';
import type { EmbeddedFleet } from '../../testbed/embedded/start.ts';
import { ISTIO } from '../scenarios/support/kube.ts';
import { HOST, NAMESPACE, destination, virtualService } from '../scenarios/support/objects.ts';
import { Stage } from '../scenarios/support/stage.ts';
import { TRAFFIC_APIS } from '../scenarios/support/traffic-api.ts';
import type { TrafficApi } from '../scenarios/support/traffic-api.ts';

let fleet: EmbeddedFleet;
let stage: Stage;
async function release(api: TrafficApi): Promise<void> {
  fleet = await startEmbedded({ gatewayReplicas: 3 });
  stage = new Stage(fleet, api);
  if (api === 'HTTPRoute') await stage.openIngress();
  await stage.pass({ weights: 'v1=80,v2=20' });
}
afterEach(() => fleet.stop());

describe('one of three gateway replicas that stays on the old revision (scenario 18)', () => {
  test.each(TRAFFIC_APIS)(
    'of a release by %s is reported although the shares of the others are right',
    async (api) => {
      await release(api);
      fleet.freezeReplica('west', 1);
      await stage.underLoad(async () => {
        const moved = await stage.run({
          weights: 'v1=70,v2=30',
          'verify-timeout': '3s',
          'on-failure': 'keep',
        });
        expect(moved.code).toBe(1);
        expect(moved.log).toMatch(/so a gateway replica seems to keep an earlier configuration/);
        expect(moved.log).toMatch(/A gateway replica in west is still on revision 1/);
        const run = await stage.run({ operation: 'verify' });
        expect(run.code).toBe(1);
        expect(run.outputs['verdict']).toBe('fail');
        expect(run.log).toMatch(
          /A gateway replica in west is still on revision 1\. [\d,]+ of [\d,]+ responses carried it/,
        );
        expect(run.log).not.toMatch(/A gateway replica in east/);
      });
    },
  );
});

describe('a run that may read its own namespace only', () => {
  beforeEach(() => release('VirtualService'));

  test('does not name a VirtualService of another one, but says where to look', async () => {
    await stage.west.create(
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'elsewhere' } },
      {
        ...virtualService([{ match: [{ uri: { exact: '/hello' } }], route: [destination('v2')] }], {
          gateways: [`${NAMESPACE}/helloworld`],
        }),
        metadata: { name: 'thief', namespace: 'elsewhere' },
      },
    );
    fleet.onCall(({ kind, verb, namespace }) =>
      kind === 'VirtualService' && verb === 'list' && namespace === undefined
        ? { status: 403, reason: 'Forbidden', message: `virtualservices is forbidden for ${HOST}` }
        : undefined,
    );
    const run = await stage.run({ operation: 'verify' });
    expect(run.code).toBe(1);
    expect(run.log).toMatch(
      /Another route answers in west\. .*none in namespace gray-demo explains it, and those in other namespaces could not be read/,
    );
  });
});

describe('two VirtualServices that change together', () => {
  beforeEach(() => release('VirtualService'));

  test('are all reverted if one cluster refuses one of them (scenario 22)', async () => {
    const inner = {
      ...virtualService([{ route: [destination('v1', 80), destination('v2', 20)] }], {
        hosts: [HOST],
        gateways: ['mesh'],
      }),
      metadata: { name: 'inner', namespace: NAMESPACE },
    };
    await stage.everywhere(inner);
    const both = { image: '', port: '', 'virtual-service': 'helloworld, inner' };
    await stage.pass({ ...both, weights: 'v1=80,v2=20' });
    await stage.underLoad(async () => {
      fleet.onCall(({ cluster, name, verb, dryRun }) =>
        cluster === 'west' && name === 'inner' && verb === 'update' && !dryRun
          ? { status: 403, message: 'forbidden' }
          : undefined,
      );
      const run = await stage.run({ ...both, weights: 'v1=50,v2=50' });
      expect(run.code).toBe(1);
      expect(run.log).toMatch(/VirtualService gray-demo\/inner in east holds its earlier content again/);
    });
    const held = [stage.east, stage.west].flatMap((kube) =>
      ['helloworld', 'inner'].map((name) => kube.get(ISTIO, 'VirtualService', name, NAMESPACE)),
    );
    for (const { spec } of await Promise.all(held)) {
      expect((spec as { http: { route: unknown[] }[] }).http.at(-1)?.route).toMatchObject([
        destination('v1', 80),
        destination('v2', 20),
      ]);
    }
  });
});
