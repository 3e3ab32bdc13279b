import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { startFleet } from '../../testbed/start.ts';
import { ISTIO } from './support/kube.ts';
import type { Obj } from './support/kube.ts';
import {
  APP,
  HOST,
  NAMESPACE,
  deployment,
  destination,
  destinationRule,
  gateway,
  image,
  namespace,
  service,
  virtualService,
} from './support/objects.ts';
import { Stage } from './support/stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = new Stage(await startFleet());
});
afterEach(() => stage.fleet.reset());
afterAll(() => stage.fleet.stop());

const SYSTEM = 'istio-system';
const shopHost = 'shop.example.com';
/** v2 is deployed by the release; v1 runs. */
const ADD_V2 = { image: `v2=${image('v2')}`, weights: 'v1=99,v2=1' };
/** The release of what runs, as the messages spell it out. */
const PIN_V1 = {
  image: '',
  port: '',
  weights: 'v1=100',
  version: 'v1',
  clusters: 'v1: east',
  'config-clusters': 'east, west',
};
const whole = { destination: { host: HOST, port: { number: 5000 } } };

/** The way in that the platform team keeps beside the gateway's pods. */
const shop = (route: Record<string, unknown>): readonly Obj[] => [
  {
    ...gateway([shopHost]),
    metadata: { name: 'public', namespace: SYSTEM },
  },
  {
    ...virtualService([{ name: 'hello', ...route }], { hosts: [shopHost], gateways: ['public'] }),
    metadata: { name: 'shop', namespace: SYSTEM },
  },
];

const isReady = ({ status }: Obj): boolean =>
  (status as { availableReplicas?: number } | undefined)?.availableReplicas === 1;

/** v1 runs in east; these traffic objects are in both clusters, and answer for a host. */
async function running(host: string, ...objects: readonly Obj[]): Promise<void> {
  await stage.everywhere(namespace(), service());
  await stage.east.create(deployment('v1'));
  await stage.east.settled('apps/v1', 'Deployment', `${APP}-v1`, NAMESPACE, isReady);
  await stage.everywhere(...objects);
  await stage.served(host);
}

describe('a VirtualService of the namespace of the gateway leads to the service without a subset (argo-rollouts#1096)', () => {
  test('a new version is refused; the remedy that the message gives brings it to the users of that host', async () => {
    await running(shopHost, ...shop({ route: [whole] }));
    await stage.underLoad(
      async () => {
        const refused = await stage.run(ADD_V2);
        expect(refused.code).toBe(1);
        expect(refused.log).toContain(
          'Without a subset, route hello of VirtualService istio-system/shop in east, west leads to all pods of helloworld: users would get v2',
        );
        expect(refused.log).toContain(
          'make a VirtualService gray-demo/helloworld without hosts and gateways',
        );
        expect(refused.outputs['changed']).toBe('0');
        await expect(stage.east.find(ISTIO, 'VirtualService', APP, NAMESPACE)).resolves.toBeUndefined();

        const delegate = { ...virtualService([]), spec: { http: [{ name: 'hello', route: [whole] }] } };
        await stage.everywhere(delegate);
        for (const kube of [stage.east, stage.west]) {
          const root = await kube.get(ISTIO, 'VirtualService', 'shop', SYSTEM);
          const http = [{ name: 'hello', delegate: { name: APP, namespace: NAMESPACE } }];
          await kube.replace({ ...root, spec: { ...(root['spec'] as object), http } });
        }
        await stage.pass(PIN_V1);
        const run = await stage.pass({ image: `v2=${image('v2')}`, weights: 'v1=80,v2=20' });
        expect(run.outputs['verdict']).toBe('pass');
        expect(run.log).not.toContain('outside the weights');
      },
      { host: shopHost },
    );
  });

  test('a subset there keeps its users where they are, which is said; a second entrance for every host is not opened', async () => {
    await running(shopHost, destinationRule(['v1']), ...shop({ route: [destination('v1')] }));
    await stage.underLoad(
      async () => {
        const refused = await stage.run({ ...ADD_V2, port: '' });
        expect(refused.code).toBe(1);
        expect(refused.log).toContain(
          'VirtualService istio-system/shop leads to helloworld there already. The release would open a second entrance beside it, for every host (*)',
        );
        expect(refused.outputs['changed']).toBe('0');
        const run = await stage.pass({
          image: `v2=${image('v2')}`,
          weights: 'v1=80,v2=20',
          hosts: 'new.example.com',
        });
        expect(run.log).toContain(
          'Route hello of VirtualService istio-system/shop in east, west sends requests to v1, outside the weights.',
        );
        const status = await stage.pass({ operation: 'status', image: '' });
        expect(status.log).toContain(
          'istio-system/shop in east, west sends requests to v1, outside the weights.',
        );
      },
      { host: shopHost },
    );
  });
});

describe('a second VirtualService of the namespace leads to the service without a subset (argo-rollouts#1349)', () => {
  const partnersHost = 'partners.example.com';
  const objects = (): readonly Obj[] => [
    gateway(),
    destinationRule(['v1']),
    virtualService([{ name: 'main', route: [destination('v1')] }], { hosts: [shopHost] }),
    {
      ...virtualService([{ name: 'partners', route: [whole] }], { hosts: [partnersHost] }),
      metadata: { name: `${APP}-partners`, namespace: NAMESPACE },
    },
  ];

  test('a new version is refused; the remedy that the message gives splits both', async () => {
    await running(partnersHost, ...objects());
    await stage.underLoad(
      async () => {
        const refused = await stage.run(ADD_V2);
        expect(refused.code).toBe(1);
        expect(refused.log).toContain(
          'route partners of VirtualService gray-demo/helloworld-partners in east, west leads to all pods',
        );
        expect(refused.log).toContain(`virtual-service: ${APP}, ${APP}-partners`);
        expect(refused.outputs['changed']).toBe('0');
        const both = { 'virtual-service': `${APP}, ${APP}-partners` };
        await stage.pass({ ...PIN_V1, ...both });
        const run = await stage.pass({ ...both, image: `v2=${image('v2')}`, weights: 'v1=80,v2=20' });
        expect(run.outputs['verdict']).toBe('pass');
      },
      { host: partnersHost },
    );
  });

  test('where the new version runs already, verify and status say so', async () => {
    await stage.adopt({
      vs: objects().slice(2),
      rule: destinationRule(['v1', 'v2']),
      asked: partnersHost,
    });
    const told =
      'Route partners of VirtualService gray-demo/helloworld-partners in east, west sends requests to every ready pod of helloworld, whatever the weights.';
    await stage.underLoad(
      async () => {
        const run = await stage.pass({ image: '', port: '', weights: 'v1=80,v2=20' });
        expect(run.log).toContain(told);
        for (const operation of ['verify', 'status', 'plan'])
          expect((await stage.pass({ image: '', port: '', operation })).log).toContain(told);
      },
      { host: partnersHost },
    );
  });
});
