import { describe, expect, test } from '@jest/globals';
import { available } from './support/deployments.ts';
import { ISTIO } from './support/kube.ts';
import type { Obj } from './support/kube.ts';
import {
  APP,
  HOST,
  NAMESPACE,
  NO_WORKLOADS,
  deployment,
  destination,
  destinationRule,
  gateway,
  image,
  namespace,
  service,
  virtualService,
} from './support/objects.ts';
import { subsetsIn, useStage } from './support/stage.ts';

const stage = useStage();

const SYSTEM = 'istio-system';
const shopHost = 'shop.example.com';
/** v2 is deployed by the release; v1 runs. */
const ADD_V2 = { image: `v2=${image('v2')}`, weights: 'v1=99,v2=1' };
/** The release of what runs, as the messages suggest it. */
const PIN_V1 = {
  image: '',
  port: '',
  weights: 'v1=100',
  version: 'v1',
  clusters: 'v1: east',
  'config-clusters': 'east, west',
};
const whole = { destination: { host: HOST, port: { number: 5000 } } };

/** The entrance that a platform team keeps in the gateway's namespace. */
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

/** Runs v1 in east, and v2 in west if asked for, with these traffic objects in both clusters; waits until the host is served. */
async function running(
  versions: 'v1' | 'v1 and v2',
  host: string,
  ...objects: readonly Obj[]
): Promise<void> {
  await stage.everywhere(namespace(), service());
  const places = [
    { kube: stage.east, version: 'v1' },
    ...(versions === 'v1' ? [] : [{ kube: stage.west, version: 'v2' }]),
  ];
  for (const { kube, version } of places) {
    await kube.create(deployment(version));
    await available(kube, `${APP}-${version}`);
  }
  await stage.everywhere(...objects);
  await stage.served(host);
}

/** Changes the spec of an object in both clusters, as a person with kubectl would. */
async function edit(name: string, where: string, change: (spec: object) => object): Promise<void> {
  for (const kube of [stage.east, stage.west]) {
    const vs = await kube.get(ISTIO, 'VirtualService', name, where);
    await kube.replace({ ...vs, spec: change(vs['spec'] as object) });
  }
}

describe('a VirtualService in the namespace of the gateway that routes to the service without a subset (argo-rollouts#1096)', () => {
  test('blocks a new version; the suggested fix brings it to the users of that host', async () => {
    await running('v1', shopHost, ...shop({ route: [whole] }));
    await stage.underLoad(
      async () => {
        const refused = await stage.run(ADD_V2);
        expect(refused.code).toBe(1);
        expect(refused.log).toContain(
          'Without a subset, route hello of VirtualService istio-system/shop in east, west leads to all pods of helloworld: users would get v2',
        );
        expect(refused.log).toContain(
          'create a VirtualService gray-demo/helloworld without hosts and gateways',
        );
        expect(refused.outputs['changed']).toBe('0');
        await expect(stage.east.find(ISTIO, 'VirtualService', APP, NAMESPACE)).resolves.toBeUndefined();

        const delegate = { ...virtualService([]), spec: { http: [{ name: 'hello', route: [whole] }] } };
        await stage.everywhere(delegate);
        const http = [{ name: 'hello', delegate: { name: APP, namespace: NAMESPACE } }];
        await edit('shop', SYSTEM, (spec) => ({ ...spec, http }));
        await stage.pass(PIN_V1);
        const run = await stage.pass({ image: `v2=${image('v2')}`, weights: 'v1=80,v2=20' });
        expect(run.outputs['verdict']).toBe('pass');
        expect(run.log).not.toContain('outside the weights');
      },
      { host: shopHost },
    );
  });

  test('with a subset keeps its users, which is reported; no second entrance is opened for every host', async () => {
    await running('v1', shopHost, destinationRule(['v1']), ...shop({ route: [destination('v1')] }));
    await stage.underLoad(
      async () => {
        const refused = await stage.run({ ...ADD_V2, port: '' });
        expect(refused.code).toBe(1);
        expect(refused.log).toContain(
          'VirtualService istio-system/shop leads to helloworld there already. The release would open a second entrance next to it, for every host (*)',
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

describe('a second VirtualService that routes to the service without a subset (argo-rollouts#1349)', () => {
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

  test('blocks a new version; the suggested fix splits both', async () => {
    await running('v1', partnersHost, ...objects());
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

  test('is reported by verify and status if the new version runs already', async () => {
    await stage.adopt({
      vs: objects().slice(2),
      rule: destinationRule(['v1', 'v2']),
      asked: partnersHost,
    });
    const told =
      'Route partners of VirtualService gray-demo/helloworld-partners in east, west sends requests to every ready pod of helloworld, whatever the weights.';
    await stage.underLoad(
      async () => {
        const run = await stage.pass({ ...NO_WORKLOADS, weights: 'v1=80,v2=20' });
        expect(run.log).toContain(told);
        for (const operation of ['verify', 'status', 'plan'])
          expect((await stage.pass({ ...NO_WORKLOADS, operation })).log).toContain(told);
      },
      { host: partnersHost },
    );
  });
});

const port = { number: 5000 };

describe('a mesh that keeps objects without exportTo to their namespace', () => {
  const partnersHost = 'partners.example.com';
  const front = 'front';
  /** Runs a scenario with more in the configuration of both meshes, which a reset may leave. */
  async function withMeshConfig(more: string, scenario: () => Promise<void>): Promise<void> {
    const kubes = [stage.east, stage.west];
    const key = (mesh: string): Obj => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'istio', namespace: SYSTEM },
      data: { mesh },
    });
    const before = await Promise.all(kubes.map((kube) => kube.get('v1', 'ConfigMap', 'istio', SYSTEM)));
    const texts = before.map(({ data }) => (data as { readonly mesh: string }).mesh);
    await Promise.all(kubes.map((kube, i) => kube.merge(key(`${texts[i] ?? ''}\n${more}\n`))));
    try {
      await scenario();
    } finally {
      await Promise.all(kubes.map((kube, i) => kube.merge(key(texts[i] ?? ''))));
    }
  }

  test('has its hidden rule refused, the suggested fix works, and a hidden route blocks nothing', async () => {
    const more = "defaultVirtualServiceExportTo: ['.']\ndefaultDestinationRuleExportTo: ['.']";
    const unseen = {
      ...virtualService([{ name: 'partners', route: [whole] }], {
        hosts: [partnersHost],
        gateways: [`${NAMESPACE}/${APP}`],
      }),
      metadata: { name: 'partners', namespace: front },
    };
    await withMeshConfig(more, async () => {
      await stage.everywhere({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: front } });
      await running(
        'v1',
        shopHost,
        gateway([shopHost, partnersHost]),
        virtualService([{ name: 'main', route: [whole] }], { hosts: [shopHost], exportTo: ['*'] }),
        unseen,
      );
      await stage.underLoad(
        async () => {
          const refused = await stage.run(PIN_V1);
          expect(refused.code).toBe(1);
          expect(refused.log).toContain(
            'DestinationRule gray-demo/helloworld has no exportTo, and this mesh keeps such rules to their namespace (defaultDestinationRuleExportTo).',
          );
          expect(refused.outputs['changed']).toBe('0');
          await stage.everywhere(destinationRule([], { exportTo: ['*'] }));
          await stage.pass(PIN_V1);
          const run = await stage.pass({ image: `v2=${image('v2')}`, weights: 'v1=80,v2=20' });
          expect(run.outputs['verdict']).toBe('pass');
          expect(run.log).not.toContain('front/partners');
        },
        { host: shopHost },
      );
    });
    const status = await stage.pass({ operation: 'status', ...NO_WORKLOADS });
    expect(status.log).toContain(
      'Route partners of VirtualService front/partners in east, west sends requests to every ready pod of helloworld, whatever the weights.',
    );
  });
});

describe('a VirtualService that splits between Services (flagger#50)', () => {
  const versioned = (name: string, version: string): Obj => {
    const plain = service();
    return {
      ...plain,
      metadata: { name, namespace: NAMESPACE },
      spec: { ...(plain['spec'] as object), selector: { app: APP, version } },
    };
  };
  const byHost = [
    { destination: { host: `${APP}-primary`, port }, weight: 100 },
    { destination: { host: `${APP}-canary`, port }, weight: 0 },
  ];

  test('is refused before anything is written; the suggested fix leads to a split', async () => {
    await running(
      'v1 and v2',
      shopHost,
      gateway(),
      versioned(`${APP}-primary`, 'v1'),
      versioned(`${APP}-canary`, 'v2'),
      virtualService([{ route: byHost }], { hosts: [shopHost, APP], gateways: [APP, 'mesh'] }),
    );
    await stage.underLoad(
      async () => {
        const refused = await stage.run({ ...NO_WORKLOADS, weights: 'v1=80,v2=20' });
        expect(refused.code).toBe(1);
        expect(refused.log).toContain(
          'No route of VirtualService gray-demo/helloworld in east, west leads to helloworld: its routes lead to helloworld-primary, helloworld-canary.',
        );
        expect(refused.outputs['changed']).toBe('0');
        expect((await stage.pass({ ...NO_WORKLOADS, operation: 'status' })).outputs['weights']).toBe('');
      },
      { host: shopHost },
    );
    await stage.everywhere(destinationRule(['v1'], { trafficPolicy: undefined }));
    await edit(APP, NAMESPACE, (spec) => ({ ...spec, http: [{ route: [destination('v1')] }] }));
    await stage.served(shopHost);
    await stage.underLoad(
      async () => {
        const run = await stage.pass({ ...NO_WORKLOADS, weights: 'v1=80,v2=20' });
        expect(run.outputs['verdict']).toBe('pass');
      },
      { host: shopHost },
    );
  });
});

describe('two unnamed routes to the service (argo-rollouts#1100)', () => {
  const api = 'api.example.com';
  const beta = {
    match: [{ headers: { 'x-version': { exact: 'canary' } } }],
    route: [destination('v2', 100)],
  };
  const main = { route: [destination('v1', 90), destination('v2', 10)], timeout: '30s' };

  test('are told apart by their place, which stays right when previews and other routes are added', async () => {
    await running(
      'v1 and v2',
      api,
      gateway(),
      destinationRule(['v1', 'v2']),
      virtualService([beta, main], { hosts: [api, APP], gateways: [APP, 'mesh'] }),
    );
    await stage.underLoad(
      async () => {
        const refused = await stage.run({ ...NO_WORKLOADS, weights: 'v1=70,v2=30' });
        expect(refused.code).toBe(1);
        expect(refused.log).toContain(
          'has 2 HTTP routes that lead to helloworld: http[0], http[1]. Set the input routes to those to split, for example routes: http[1].',
        );
        const status = await stage.pass({ ...NO_WORKLOADS, operation: 'status' });
        expect(status.log).toContain('the unnamed http[1]: v1=90,v2=10');
        expect(status.log).toContain('for example routes: http[1].');
        expect(status.log).not.toContain('agree');
        expect(status.outputs).toMatchObject({ weights: '', agree: '' });

        const chosen = { ...NO_WORKLOADS, routes: 'http[1]' };
        const run = await stage.pass({ ...chosen, weights: 'v1=70,v2=30' });
        expect(run.outputs['verdict']).toBe('pass');
        const told =
          'The unnamed http[0] of VirtualService gray-demo/helloworld in east, west sends requests with header x-version to v2, outside the weights.';
        expect(run.log).toContain(told);
        const again = await stage.pass({ ...chosen, weights: 'v1=70,v2=30' });
        expect(again.outputs['changed']).toBe('0');
        for (const { spec } of await stage.routes())
          expect(spec).toMatchObject({
            http: [beta, { name: 'canary-preview-v1' }, { name: 'canary-preview-v2' }, { timeout: '30s' }],
          });
        expect((await stage.pass({ ...chosen, operation: 'verify' })).log).toContain(told);

        const ahead = { match: [{ uri: { exact: '/health' } }], route: [destination('v1', 100)] };
        await edit(APP, NAMESPACE, (spec) => ({
          ...spec,
          http: [ahead, ...(spec as { http: readonly unknown[] }).http],
        }));
        const moved = await stage.run({ ...chosen, weights: 'v1=50,v2=50' });
        expect(moved.code).toBe(1);
        expect(moved.log).toContain('is now http[2]');
        expect(moved.outputs['changed']).toBe('0');
        await stage.pass({ ...chosen, routes: 'http[2]', weights: 'v1=50,v2=50' });
      },
      { host: api },
    );
  });
});

describe('a service that only sidecars call (bookinfo reviews-90-10)', () => {
  const unverified = { ...NO_WORKLOADS, ingress: 'none', 'propagation-time': '1s' };

  test('needs the input ingress set to none; then its weights are written everywhere and not verified', async () => {
    await stage.adopt({
      vs: [
        virtualService([{ route: [destination('v1', 90), destination('v2', 10)] }], {
          hosts: [HOST],
          gateways: ['mesh'],
        }),
      ],
      gateways: [],
      asked: false,
    });
    const refused = await stage.run({ ...NO_WORKLOADS, weights: 'v1=70,v2=30' });
    expect(refused.code).toBe(1);
    expect(refused.log).toContain('set the input ingress to none');
    expect(refused.outputs['changed']).toBe('0');

    const run = await stage.pass({ ...unverified, weights: 'v1=70,v2=30' });
    expect(run.outputs).toMatchObject({ verdict: '', weights: 'v1=70,v2=30', samples: '0' });
    expect(run.log).toContain('Written, not verified: v1=70,v2=30');
    expect(run.summary).toContain('not verified');
    await expect(stage.weights()).resolves.toEqual(['v1=70,v2=30', 'v1=70,v2=30']);
    // The same by the names of the clusters.
    const again = await stage.pass({
      ...unverified,
      ingress: 'east=none\nwest=none',
      weights: 'v1=70,v2=30',
    });
    expect(again.outputs).toMatchObject({ verdict: '', changed: '0' });

    const verify = await stage.run({ ...unverified, operation: 'verify' });
    expect(verify.code).toBe(1);
    expect(verify.log).toContain('there is nothing to sample, so nothing can be verified');
    const through = await stage.run({
      ...unverified,
      operation: 'promote',
      steps: '50,100',
      'promote-to': '100',
    });
    expect(through.code).toBe(1);
    expect(through.log).toContain('promote one step at a time');

    await stage.pass({ ...unverified, operation: 'promote', steps: '50,100' });
    await stage.pass({ ...unverified, operation: 'rollback' });
    await expect(stage.weights()).resolves.toEqual(['v1=70,v2=30', 'v1=70,v2=30']);
    await stage.pass({ ...unverified, operation: 'promote', steps: '100' });
    const retired = await stage.pass({ ...unverified, operation: 'retire', version: 'v1' });
    expect(retired.outputs).toMatchObject({ verdict: '', weights: 'v2=100' });
    for (const vs of await stage.routes()) expect(subsetsIn(vs)).toEqual(['v2']);
  });

  test('gets a new version with a subset and a weight, and nobody sees an error', async () => {
    await running(
      'v1',
      shopHost,
      gateway(),
      destinationRule(['v1']),
      virtualService([{ route: [destination('v1')] }], { hosts: [shopHost], gateways: [APP, 'mesh'] }),
    );
    await stage.underLoad(
      async () => {
        const run = await stage.pass({ ...unverified, image: `v2=${image('v2')}`, weights: 'v1=50,v2=50' });
        expect(run.outputs).toMatchObject({ verdict: '', weights: 'v1=50,v2=50' });
        await stage.pass({ ...unverified, weights: 'v1=0,v2=100' });
        await stage.pass({ ...unverified, operation: 'retire', version: 'v1' });
      },
      { host: shopHost },
    );
  });
});

describe('another app of the same gateway and host that takes the path', () => {
  const split = { weights: 'v1=80,v2=20' };

  test('does not pass for the release, and its route is named', async () => {
    await stage.pass({ ...split, app: 'cart' });
    const run = await stage.run({ ...split, 'verify-timeout': '3' });
    expect(run.code).toBe(1);
    expect(run.log).toContain('VirtualService gray-demo/cart takes requests in east');
    expect(run.log).not.toContain('still on revision');
    expect(run.outputs['verdict']).not.toBe('pass');
    const behind = await stage.pass({ ...split, app: 'cart', operation: 'verify', image: '' });
    expect(behind.outputs['verdict']).toBe('pass');
  });
});

test('a second Service of the same pods is reported as outside the weights, and the summary does not mention users', async () => {
  const open = [{ route: [{ destination: { host: 'shop', port: { number: 5000 } } }] }];
  await running(
    'v1 and v2',
    HOST,
    destinationRule(['v1', 'v2']),
    gateway(),
    virtualService([{ route: [destination('v1', 80), destination('v2', 20)] }]),
    { ...service(), metadata: { name: 'shop', namespace: NAMESPACE } },
    {
      ...virtualService(open, { hosts: [shopHost] }),
      metadata: { name: 'shop', namespace: NAMESPACE },
    },
  );
  const run = await stage.pass({ operation: 'verify', image: '' });
  expect(run.log).toContain(
    'VirtualService gray-demo/shop in east, west sends requests to Service shop, which selects pods of helloworld as well, outside the weights.',
  );
  expect(run.summary).not.toContain('Users get');
});

test('verify fails on a version that runs but is missing from the weights you pass', async () => {
  await running(
    'v1 and v2',
    HOST,
    destinationRule(['v1', 'v2']),
    gateway(),
    virtualService([{ route: [destination('v1', 97), destination('v2', 3)] }]),
  );
  const run = await stage.run({ operation: 'verify', image: '', weights: 'v1=100', version: 'v1' });
  expect(run.code).toBe(1);
  expect(run.outputs['verdict']).toBe('fail');
  expect(JSON.parse(run.outputs['observed'] ?? '')).toMatchObject({ east: { v2: expect.any(Number) } });
});
