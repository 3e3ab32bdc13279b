import { describe, expect, test } from '@jest/globals';
import { rolledOut } from './support/deployments.ts';
import { ISTIO } from './support/kube.ts';
import type { Kube, Obj } from './support/kube.ts';
import {
  APP,
  HOST,
  NAMESPACE,
  NO_WORKLOADS,
  destination,
  destinationRule,
  gateway,
  image,
  virtualService,
} from './support/objects.ts';
import { testOnEmbedded } from './support/on-embedded.ts';
import { subsetsIn, useStage } from './support/stage.ts';

const stage = useStage();

const INNER = `${APP}-mesh`;

/** The VirtualService for the sidecars, next to that for the ingress. */
const inner = (...split: readonly unknown[]): Obj => ({
  ...virtualService([{ name: 'inside', timeout: '5s', route: split }], { hosts: [HOST], gateways: ['mesh'] }),
  metadata: { name: INNER, namespace: NAMESPACE },
});

const named = (kube: Kube, name: string, namespace = NAMESPACE): Promise<Obj> =>
  kube.get(ISTIO, 'VirtualService', name, namespace);

describe('two VirtualServices of one service, for the sidecars and for the ingress (scenario 11)', () => {
  const both = { ...NO_WORKLOADS, 'virtual-service': `${APP}, ${INNER}` };

  test('are refused unless the input names those that change, and change together, up to the retirement', async () => {
    await stage.adopt({
      vs: [virtualService([{ route: [destination('v1')] }]), inner(destination('v1', 100))],
    });
    await stage.underLoad(async () => {
      const refused = await stage.run({ ...NO_WORKLOADS, weights: 'v1=80,v2=20' });
      expect(refused.code).toBe(1);
      expect(refused.log).toContain(
        `Set the input virtual-service to those that should change together (${APP}, ${INNER})`,
      );
      expect(refused.outputs['changed']).toBe('0');

      await stage.pass({ ...both, weights: 'v1=80,v2=20' });
      for (const kube of [stage.east, stage.west]) {
        const outer = await named(kube, APP);
        const within = await named(kube, INNER);
        expect(revisionsIn(within)).toEqual(revisionsIn(outer));
        expect(within['spec']).toMatchObject({
          hosts: [HOST],
          gateways: ['mesh'],
          http: [
            { name: 'canary-preview-v1', timeout: '5s' },
            { name: 'canary-preview-v2', timeout: '5s' },
            { name: 'inside', timeout: '5s', route: [destination('v1', 80), destination('v2', 20)] },
          ],
        });
      }
      expect((await stage.pass({ ...both, weights: 'v1=80,v2=20' })).outputs['changed']).toBe('0');

      // The order only decides which is created if none exists.
      const turned = `${INNER}, ${APP}`;
      await stage.pass({ ...NO_WORKLOADS, operation: 'verify', 'virtual-service': turned });

      await stage.pass({ ...both, weights: 'v1=0,v2=100' });
      const done = await stage.pass({ ...both, operation: 'retire', version: 'v1' });
      expect(done.outputs['weights']).toBe('v2=100');
      for (const kube of [stage.east, stage.west]) {
        for (const name of [APP, INNER]) expect(subsetsIn(await named(kube, name))).toEqual(['v2']);
      }
    });
  });

  testOnEmbedded(
    'of which someone has edited one are refused, and the edit is named (scenario 12)',
    async () => {
      await stage.adopt({
        vs: [virtualService([{ route: [destination('v1')] }]), inner(destination('v1', 100))],
      });
      await stage.pass({ ...both, weights: 'v1=80,v2=20' });
      const vs = await named(stage.west, INNER);
      const { http, ...spec } = vs['spec'] as { http: { name: string }[] };
      const edited = http.map((route) =>
        route.name === 'inside' ? { ...route, route: [destination('v1', 50), destination('v2', 50)] } : route,
      );
      await stage.west.replace({ ...vs, spec: { ...spec, http: edited } });
      const run = await stage.run({ ...both, weights: 'v1=50,v2=50' });
      expect(run.code).toBe(0);
      const other = await named(stage.west, INNER);
      const again = {
        ...other,
        spec: {
          ...spec,
          http: edited.map((one) =>
            one.name === 'inside' ? { ...one, route: [destination('v1', 10), destination('v2', 90)] } : one,
          ),
        },
      };
      await stage.west.replace(again);
      const refused = await stage.run({ ...both, weights: 'v1=20,v2=80' });
      expect(refused.code).toBe(1);
      expect(refused.log).toMatch(
        /helloworld-mesh in west holds v1=10,v2=90 instead of the v1=50,v2=50.*kubectl-replace/,
      );
      expect(refused.outputs['changed']).toBe('0');
    },
  );

  testOnEmbedded('of which one is chosen change apart', async () => {
    await stage.adopt({
      vs: [virtualService([{ route: [destination('v1')] }]), inner(destination('v1', 100))],
    });
    const before = (await named(stage.east, INNER)).metadata.resourceVersion;
    await stage.pass({ ...NO_WORKLOADS, 'virtual-service': APP, weights: 'v1=80,v2=20' });
    expect((await named(stage.east, INNER)).metadata.resourceVersion).toBe(before);
  });

  testOnEmbedded('of which one is missing are refused before anything is written', async () => {
    await stage.adopt({ vs: [virtualService([{ route: [destination('v1')] }])] });
    const run = await stage.run({ ...both, weights: 'v1=80,v2=20' });
    expect(run.code).toBe(1);
    expect(run.log).toMatch(/There is no VirtualService gray-demo\/helloworld-mesh in east/);
    expect(run.outputs['changed']).toBe('0');
  });
});

describe('TCP and TLS routes (scenario 10)', () => {
  const streams = (v1: number, v2?: number): Record<string, unknown> => {
    const route = [destination('v1', v1), ...(v2 === undefined ? [] : [destination('v2', v2)])];
    const elsewhere = { destination: { host: 'db.example.com', port: { number: 5432 } }, weight: 100 };
    return {
      tcp: [
        { match: [{ port: 5432 }], route: [elsewhere] },
        { match: [{ port: 9000 }], route },
      ],
      tls: [{ match: [{ port: 9443, sniHosts: ['hello.example.com'] }], route }],
    };
  };

  test('to the subsets get the weights of the HTTP route, and lose a retired version', async () => {
    await stage.adopt({ vs: [virtualService([{ route: [destination('v1', 100)] }], streams(100))] });
    await stage.underLoad(async () => {
      await stage.pass({ ...NO_WORKLOADS, weights: 'v1=70,v2=30' });
      for (const { spec } of await stage.routes()) expect(spec).toMatchObject(streams(70, 30));
      expect((await stage.pass({ ...NO_WORKLOADS, weights: 'v1=70,v2=30' })).outputs['changed']).toBe('0');
      await stage.pass({ ...NO_WORKLOADS, weights: 'v1=0,v2=100' });
      await stage.pass({ ...NO_WORKLOADS, operation: 'retire', version: 'v1' });
      for (const vs of await stage.routes()) expect(subsetsIn(vs)).toEqual(['v2']);
    });
  });

  testOnEmbedded('alone are refused: no HTTP request shows what they split', async () => {
    await stage.adopt({
      vs: [{ ...virtualService([]), spec: { hosts: ['*'], gateways: [APP], ...streams(100) } }],
      asked: false,
    });
    const run = await stage.run({ ...NO_WORKLOADS, weights: 'v1=70,v2=30' });
    expect(run.code).toBe(1);
    expect(run.log).toMatch(/leads to helloworld only through TCP or TLS routes/);
    expect(run.outputs['changed']).toBe('0');
  });
});

describe('a delegate VirtualService (scenario 10)', () => {
  const host = 'hello.example.com';
  const FRONT = 'front';
  const root = (): Obj => ({
    ...virtualService(
      [
        { name: 'health', match: [{ uri: { exact: '/healthz' } }], directResponse: { status: 200 } },
        {
          name: 'team',
          match: [{ uri: { prefix: '/hello' } }],
          delegate: { name: APP, namespace: NAMESPACE },
        },
      ],
      { hosts: [host], gateways: ['door'] },
    ),
    metadata: { name: 'root', namespace: FRONT },
  });
  const delegate = (): Obj => {
    const vs = virtualService([{ name: 'hello', route: [destination('v1')] }]);
    const { http } = vs['spec'] as { http: unknown };
    return { ...vs, spec: { http } };
  };

  test('is managed with the hosts and gateways of its root, which may be in another namespace', async () => {
    await stage.everywhere(
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: FRONT } },
      { ...gateway([host]), metadata: { name: 'door', namespace: FRONT } },
    );
    await stage.adopt({ vs: [root(), delegate()], gateways: [], asked: host });
    const before = JSON.stringify((await named(stage.east, 'root', FRONT))['spec']);
    await stage.underLoad(
      async () => {
        const run = await stage.pass({ ...NO_WORKLOADS, weights: 'v1=80,v2=20' });
        expect(run.outputs['verdict']).toBe('pass');
        expect((await stage.pass({ ...NO_WORKLOADS, weights: 'v1=80,v2=20' })).outputs['changed']).toBe('0');
        await stage.pass({ ...NO_WORKLOADS, operation: 'verify' });
      },
      { host },
    );
    await expect(stage.weights()).resolves.toEqual(['v1=80,v2=20', 'v1=80,v2=20']);
    expect(JSON.stringify((await named(stage.east, 'root', FRONT))['spec'])).toBe(before);
    expect(Object.keys((await named(stage.east, APP))['spec'] as object)).toEqual(['http']);
  });

  testOnEmbedded('is named in the message if its root is chosen instead', async () => {
    const own = root();
    await stage.adopt({
      asked: false,
      vs: [
        {
          ...own,
          metadata: { name: APP, namespace: NAMESPACE },
          spec: { ...(own['spec'] as object), gateways: [APP], http: [{ delegate: { name: 'routes' } }] },
        },
        { ...delegate(), metadata: { name: 'routes', namespace: NAMESPACE } },
      ],
    });
    const run = await stage.run({ ...NO_WORKLOADS, weights: 'v1=80,v2=20' });
    expect(run.code).toBe(1);
    expect(run.log).toMatch(
      /leaves the routes to helloworld to its delegate routes. Set the input virtual-service to routes/,
    );
  });
});

describe('the settings of a team stay', () => {
  test.each([
    ['short', APP],
    ['full', HOST],
  ])('with host names that are %s: exportTo, labels and policies of subsets', async (_, host) => {
    const to = (subset: string): Record<string, unknown> => ({
      destination: { host, subset, port: { number: 5000 } },
    });
    const vs = virtualService([{ route: [to('v1')] }], { exportTo: ['*'] });
    const subset = {
      name: 'v1',
      labels: { version: 'v1', app: APP },
      trafficPolicy: { tls: { mode: 'ISTIO_MUTUAL' }, connectionPool: { http: { http2MaxRequests: 500 } } },
    };
    const rule = destinationRule([], { host, exportTo: ['*'], subsets: [subset] });
    await stage.adopt({ vs: [vs], rule });
    await stage.underLoad(async () => {
      await stage.pass({ ...NO_WORKLOADS, weights: 'v1=75,v2=25' });
    });
    for (const found of await stage.routes()) {
      const { http, ...rest } = found['spec'] as { http: Record<string, unknown>[] };
      expect(rest).toEqual({ hosts: ['*'], gateways: [APP], exportTo: ['*'] });
      expect(http.at(-1)?.['route']).toMatchObject([
        { ...to('v1'), weight: 75 },
        { ...to('v2'), weight: 25 },
      ]);
    }
    const kept = (await stage.west.get(ISTIO, 'DestinationRule', APP, NAMESPACE))['spec'] as {
      subsets: unknown[];
    };
    expect(kept).toMatchObject({ host, exportTo: ['*'] });
    expect(kept.subsets[0]).toEqual(subset);
  });
});

describe('what someone else manages (scenario 12)', () => {
  test('a field of a workload is shown with its owner, not forced, and nothing is written', async () => {
    await stage.pass({ weights: 'v1=80,v2=20' });
    await stage.east.apply(
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: `${APP}-v1`, namespace: NAMESPACE },
        spec: { template: { spec: { containers: [{ name: APP, image: image('v1', 'pinned') }] } } },
      },
      'team-images',
    );
    await rolledOut(stage.east, `${APP}-v1`);
    await stage.underLoad(async () => {
      const run = await stage.run({ weights: 'v1=50,v2=50' });
      expect(run.code).toBe(1);
      expect(run.log).toMatch(
        /fields have other owners: \.spec\.template\.spec\.containers\[name="helloworld"\]\.image \(conflict with "team-images"/,
      );
      expect(run.outputs['changed']).toBe('0');
    });
    await expect(stage.weights()).resolves.toEqual(['v1=80,v2=20', 'v1=80,v2=20']);
  });

  test('routes that a controller syncs from a repository are changed with a warning, once', async () => {
    const vs = virtualService([{ route: [destination('v1')] }]);
    await stage.adopt({ vs: [], asked: false });
    await Promise.all([stage.east, stage.west].map((kube) => kube.apply(vs, 'argocd-controller')));
    const warning =
      /argocd-controller declares spec\.http of VirtualService gray-demo\/helloworld in east, west/g;
    const planned = await stage.pass({ ...NO_WORKLOADS, operation: 'plan', weights: 'v1=80,v2=20' });
    expect(planned.log.match(warning)).toHaveLength(1);
    const first = await stage.pass({ ...NO_WORKLOADS, weights: 'v1=80,v2=20' });
    expect(first.log.match(warning)).toHaveLength(1);
    const second = await stage.pass({ ...NO_WORKLOADS, weights: 'v1=50,v2=50' });
    expect(second.log.match(warning)).toBeNull();
  });
});

/** The revisions that the destinations of a VirtualService set. */
function revisionsIn({ spec }: Obj): readonly string[] {
  const found = JSON.stringify(spec).matchAll(/"x-canary-revision":"(\d+)"/g);
  return [...new Set([...found].map(([, revision = '']) => revision))];
}
