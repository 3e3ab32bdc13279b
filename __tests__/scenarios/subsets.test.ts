import { describe, expect, test } from '@jest/globals';
import { available, rolledOut } from './support/deployments.ts';
import { ISTIO } from './support/kube.ts';
import type { Kube, Obj } from './support/kube.ts';
import {
  APP,
  HOST,
  NAMESPACE,
  NO_WORKLOADS,
  deployment,
  destinationRule,
  gateway,
  image,
  namespace,
  service,
  virtualService,
} from './support/objects.ts';
import { testOnEmbedded } from './support/on-embedded.ts';
import { useStage } from './support/stage.ts';

const stage = useStage();

const ROOT = 'istio-system';

interface Subset {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly trafficPolicy?: unknown;
}

const rule = (
  subsets: readonly Subset[],
  { name = APP, namespace: where = NAMESPACE, ...spec }: Readonly<Record<string, unknown>> = {},
): Obj => ({
  ...destinationRule([], { host: HOST, subsets, ...spec }),
  metadata: { name: name as string, namespace: where as string },
});

/** A Deployment of one pod with these labels besides that of the app; it responds with `Hello version: SHOWN`. */
const workload = (name: string, labels: Readonly<Record<string, string>>, shown = name): Obj => ({
  ...deployment(name, { name: `${APP}-${name}` }),
  metadata: { name: `${APP}-${name}`, namespace: NAMESPACE, labels: { app: APP } },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: APP, run: name } },
    template: {
      metadata: { labels: { app: APP, run: name, ...labels } },
      spec: { containers: [{ name: APP, image: image(shown), ports: [{ containerPort: 5000 }] }] },
    },
  },
});

/** A team's route that sends all traffic to the first of two subsets. */
const route = (first: string, second: string): Obj =>
  virtualService([
    {
      name: 'main',
      route: [first, second].map((subset, i) => ({
        destination: { host: HOST, subset, port: { number: 5000 } },
        weight: i === 0 ? 100 : 0,
      })),
    },
  ]);

interface Team {
  readonly east: readonly Obj[];
  readonly west: readonly Obj[];
  /** In both clusters, in this order. */
  readonly traffic: readonly Obj[];
}

/** Creates what a team runs already, and waits until every ingress serves it. */
async function adopt({ east, west, traffic }: Team): Promise<void> {
  await stage.everywhere(namespace(), service());
  await Promise.all([run(stage.east, east), run(stage.west, west)]);
  await stage.everywhere(...traffic);
  await stage.served('any');
}

async function run(kube: Kube, workloads: readonly Obj[]): Promise<void> {
  await kube.create(...workloads);
  await Promise.all(workloads.map(({ metadata }) => available(kube, metadata.name)));
}

/** The specs of a cluster's DestinationRules by name. */
async function rules(kube: Kube = stage.east): Promise<ReadonlyMap<string, unknown>> {
  const found = await kube.list(ISTIO, 'DestinationRule', NAMESPACE);
  return new Map(found.map(({ metadata, ...object }) => [metadata.name, object['spec']]));
}

describe('the subset of a version', () => {
  test('may select by a label value other than its name, from adoption to retirement (case 03)', async () => {
    const [old, next] = ['v1-0-0', 'v1-1-0'] as const;
    await adopt({
      east: [workload('one', { version: '1.0.0' }, old)],
      west: [workload('two', { version: '1.1.0' }, next)],
      traffic: [
        rule([
          { name: old, labels: { version: '1.0.0' } },
          { name: next, labels: { version: '1.1.0' } },
        ]),
        gateway(),
        route(old, next),
      ],
    });
    const inputs = { ...NO_WORKLOADS, clusters: `${old}: east\n${next}: west`, version: next };
    await stage.underLoad(async () => {
      const split = await stage.pass({ ...inputs, weights: `${old}=80,${next}=20` });
      expect(split.outputs).toMatchObject({ verdict: 'pass', weights: `${old}=80,${next}=20` });
      expect((await stage.pass({ ...inputs, weights: `${old}=80,${next}=20` })).outputs['changed']).toBe('0');
      const status = await stage.pass({ ...inputs, operation: 'status' });
      expect(status.log).toContain(`${old}: 1 of 1 pods ready`);
      expect(status.log).toContain(`${next}: 1 of 1 pods ready`);

      // The release's own Deployment: its pods carry the labels that the subset selects by.
      await stage.pass({
        ...inputs,
        image: `${next}=${image(next, '1.1')}`,
        weights: `${old}=0,${next}=100`,
      });
      const made = await stage.west.get('apps/v1', 'Deployment', `${APP}-${next}`, NAMESPACE);
      expect(made['spec']).toMatchObject({
        template: { metadata: { labels: { app: APP, version: '1.1.0' } } },
      });

      const retired = await stage.pass({ ...inputs, operation: 'retire', version: old });
      expect(retired.outputs['verdict']).toBe('pass');
    });
    expect([...(await rules()).values()]).toMatchObject([{ subsets: [{ name: next }] }]);
    await expect(stage.east.find('apps/v1', 'Deployment', `${APP}-one`, NAMESPACE)).resolves.toBeUndefined();
    await expect(stage.west.find('apps/v1', 'Deployment', `${APP}-two`, NAMESPACE)).resolves.toBeDefined();
  });

  test('may select by the cluster and the node of a pod', async () => {
    const [node] = await stage.west.list('v1', 'Node');
    await adopt({
      east: [workload('one', {}, 'v1')],
      west: [workload('two', {}, 'v2')],
      traffic: [
        rule([
          { name: 'v1', labels: { 'topology.istio.io/cluster': 'east' } },
          { name: 'v2', labels: { 'kubernetes.io/hostname': node?.metadata.name ?? '' } },
        ]),
        gateway(),
        route('v1', 'v2'),
      ],
    });
    await stage.underLoad(async () => {
      const split = await stage.pass({ ...NO_WORKLOADS, weights: 'v1=70,v2=30' });
      expect(split.outputs).toMatchObject({ verdict: 'pass' });
      const status = await stage.pass({ ...NO_WORKLOADS, operation: 'status' });
      expect(status.log).toContain('v1: 1 of 1 pods ready');
      expect(status.log).toContain('v2: 1 of 1 pods ready');
    });
  });
});

describe('pods that the subsets of two versions select (case 05)', () => {
  const subsets = [
    { name: 'everyone', labels: { app: APP } },
    { name: 'stable', labels: { app: APP } },
    { name: 'canary', labels: { app: APP, track: 'canary' } },
  ];
  const inputs = {
    ...NO_WORKLOADS,
    clusters: 'stable: east\ncanary: west',
    version: 'canary',
    weights: 'stable=80,canary=20',
  };

  test('are refused before anything is written, whatever their weight; the suggested fix works', async () => {
    await adopt({
      east: [workload('stable', {})],
      west: [workload('canary', { track: 'canary' })],
      traffic: [rule(subsets), gateway(), route('stable', 'canary')],
    });
    await stage.underLoad(async () => {
      for (const weights of ['stable=80,canary=20', 'stable=100,canary=0']) {
        const refused = await stage.run({ ...inputs, weights });
        expect(refused.code).toBe(1);
        expect(refused.log).toMatch(
          /The subsets of both stable and canary select Pod gray-demo\/helloworld-canary-\S+ in west: stable selects app=helloworld, canary selects app=helloworld,track=canary \(DestinationRule gray-demo\/helloworld in east\)/,
        );
        expect(refused.log).toContain('Give the subset stable a label that only the pods of stable carry');
        expect(refused.outputs['changed'] ?? '0').toBe('0');
      }
      const status = await stage.run({ ...inputs, operation: 'status' });
      expect(status.log).toContain('stable and canary: 1 of 1 pods ready');
      expect(status.log).toContain('The subsets of both stable and canary select Pod');
      const verified = await stage.run({ ...inputs, operation: 'verify' });
      expect(verified.code).toBe(1);
      expect(verified.log).toContain('The subsets of both stable and canary select Pod');

      // First the pods get the label, then the subset.
      await stage.east.merge({
        ...workload('stable', { track: 'stable' }),
        metadata: { name: `${APP}-stable`, namespace: NAMESPACE },
      });
      await rolledOut(stage.east, `${APP}-stable`);
      const [everyone, , canary] = subsets;
      for (const kube of [stage.east, stage.west])
        await kube.merge(
          rule([
            { name: 'everyone', ...everyone },
            { name: 'stable', labels: { app: APP, track: 'stable' } },
            { name: 'canary', ...canary },
          ]),
        );
      const passed = await stage.pass(inputs);
      expect(passed.outputs['verdict']).toBe('pass');
    });
  });

  testOnEmbedded(
    'are refused even if they do not exist yet, or only one cluster has such a subset',
    async () => {
      const apart = { name: 'stable', labels: { app: APP, track: 'stable' } };
      await adopt({
        east: [workload('stable', { track: 'stable' })],
        west: [],
        traffic: [
          rule([apart, { name: 'canary', labels: { app: APP } }]),
          gateway(),
          virtualService([
            {
              name: 'main',
              route: [{ destination: { host: HOST, subset: 'stable', port: { number: 5000 } } }],
            },
          ]),
        ],
      });
      await stage.underLoad(async () => {
        await stage.east.merge(rule([apart]));
        const come = { image: `canary=${image('canary')}` };
        const refused = await stage.run({ ...inputs, ...come, weights: 'stable=100,canary=0' });
        expect(refused.code).toBe(1);
        expect(refused.log).toMatch(
          /The subsets of both stable and canary select Pod \S+ in east: stable selects app=helloworld,track=stable, canary selects app=helloworld \(/,
        );

        // The other way round: the subset with all users would select the pods of the release.
        await stage.west.merge(rule([{ name: 'stable', labels: { app: APP } }]));
        const brought = await stage.run({ ...inputs, ...come });
        expect(brought.code).toBe(1);
        expect(brought.log).toContain(
          'select the pods of Deployment gray-demo/helloworld-canary in west: stable selects app=helloworld',
        );
        expect(brought.outputs['changed'] ?? '0').toBe('0');
        await expect(
          stage.west.find('apps/v1', 'Deployment', `${APP}-canary`, NAMESPACE),
        ).resolves.toBeUndefined();

        await stage.west.merge(rule([apart]));
        expect((await stage.pass({ ...inputs, ...come })).outputs['verdict']).toBe('pass');
      });
    },
  );
});

describe('several DestinationRules of the service', () => {
  const POLICY = { outlierDetection: { consecutive5xxErrors: 5 } };
  const platform = rule([], {
    trafficPolicy: { tls: { mode: 'ISTIO_MUTUAL' }, connectionPool: { http: { http2MaxRequests: 1000 } } },
  });
  const own = rule(
    [
      { name: 'v1', labels: { track: 'stable' }, trafficPolicy: POLICY },
      { name: 'v2', labels: { track: 'canary' }, trafficPolicy: POLICY },
    ],
    { name: `${APP}-subsets` },
  );
  const workloads = {
    east: [workload('one', { track: 'stable' }, 'v1')],
    west: [workload('two', { track: 'canary' }, 'v2')],
  };

  test('are merged as Istio does: none is changed, but a new subset is added to the one with subsets (case 16)', async () => {
    await adopt({ ...workloads, traffic: [platform, own, gateway(), route('v1', 'v2')] });
    const before = await rules();
    await stage.underLoad(async () => {
      const split = await stage.pass({ ...NO_WORKLOADS, weights: 'v1=70,v2=30' });
      expect(split.outputs).toMatchObject({ verdict: 'pass', 'previous-weights': 'v1=100,v2=0' });
      expect(await rules()).toEqual(before);
      await stage.pass({
        clusters: 'v1: east\nv2: west\nv3: west',
        version: 'v3',
        image: `v3=${image('v3')}`,
        port: '',
        weights: 'v1=60,v2=20,v3=20',
      });
    });
    const after = await rules();
    expect(after.get(APP)).toEqual(before.get(APP));
    const { subsets } = before.get(`${APP}-subsets`) as { subsets: unknown[] };
    expect(after.get(`${APP}-subsets`)).toMatchObject({
      subsets: [...subsets, { name: 'v3', labels: { version: 'v3' } }],
    });
  });

  test('one in the root namespace keeps its effect when the release creates its own', async () => {
    const everywhere = rule([], {
      name: 'everyone',
      namespace: ROOT,
      host: `*.${NAMESPACE}.svc.cluster.local`,
      trafficPolicy: { ...POLICY, tls: { mode: 'ISTIO_MUTUAL' } },
    });
    await withRule(everywhere, async () => {
      await stage.underLoad(async () => {
        const first = await stage.pass({ weights: 'v1=80,v2=20' });
        expect(first.log).toContain(
          'DestinationRule istio-system/everyone, for *.gray-demo.svc.cluster.local, no longer applies to helloworld once DestinationRule gray-demo/helloworld exists',
        );
      });
      expect((await rules()).get(APP)).toMatchObject({
        trafficPolicy: { ...POLICY, tls: { mode: 'ISTIO_MUTUAL' } },
        subsets: [{ name: 'v1' }, { name: 'v2' }],
      });
    });
  });

  test('one in the root namespace with the subsets is enough: no other is created', async () => {
    const { spec } = own as { spec?: unknown };
    await withRule({ ...own, metadata: { name: 'ours', namespace: ROOT }, spec }, async () => {
      await adopt({ ...workloads, traffic: [gateway(), route('v1', 'v2')] });
      await stage.underLoad(async () => {
        expect((await stage.pass({ ...NO_WORKLOADS, weights: 'v1=70,v2=30' })).outputs['verdict']).toBe(
          'pass',
        );
        await stage.pass({ ...NO_WORKLOADS, weights: 'v1=0,v2=100' });
        const retired = await stage.pass({ ...NO_WORKLOADS, operation: 'retire', version: 'v1' });
        expect(retired.log).toContain('DestinationRule istio-system/ours stays: it has a subset v1 too');
      });
      expect(await rules()).toEqual(new Map());
    });
  });

  test('one that hides the subsets from the gateways is refused before anything is written; the suggested fix works', async () => {
    const tracks = [
      { name: 'v1', labels: { track: 'stable' } },
      { name: 'v2', labels: { track: 'canary' } },
    ];
    const hiding = (subsets: readonly Subset[]): Obj =>
      rule(subsets, { name: 'gateways', namespace: ROOT, exportTo: ['.'] });
    await withRule(hiding(tracks.slice(0, 1)), async () => {
      await adopt({
        ...workloads,
        traffic: [
          rule(tracks),
          gateway(),
          virtualService([
            { name: 'main', route: [{ destination: { host: HOST, subset: 'v1', port: { number: 5000 } } }] },
          ]),
        ],
      });
      await stage.underLoad(async () => {
        const refused = await stage.run({ ...NO_WORKLOADS, weights: 'v1=70,v2=30' });
        expect(refused.code).toBe(1);
        expect(refused.log).toContain(
          'For clients in namespace istio-system in east Istio follows DestinationRule istio-system/gateways instead of a DestinationRule of gray-demo, and it has no subset v2',
        );
        expect(refused.outputs['changed'] ?? '0').toBe('0');
        for (const kube of [stage.east, stage.west]) await kube.merge(hiding(tracks));
        expect((await stage.pass({ ...NO_WORKLOADS, weights: 'v1=70,v2=30' })).outputs['verdict']).toBe(
          'pass',
        );
      });
    });
  });

  test("one in the gateways' namespace for other workloads only is refused; the suggested fix works", async () => {
    const other = rule([], {
      name: 'others',
      namespace: ROOT,
      workloadSelector: { matchLabels: { app: 'other' } },
      trafficPolicy: { connectionPool: { tcp: { maxConnections: 10 } } },
    });
    const tracks = [
      { name: 'v1', labels: { track: 'stable' } },
      { name: 'v2', labels: { track: 'canary' } },
    ];
    await adopt({ ...workloads, traffic: [rule(tracks), gateway(), route('v1', 'v2')] });
    await withRule(other, async () => {
      const refused = await stage.run({ ...NO_WORKLOADS, weights: 'v1=70,v2=30' });
      expect(refused.code).toBe(1);
      expect(refused.log).toContain(
        'because DestinationRule istio-system/others is for helloworld too and selects other workloads (workloadSelector)',
      );
      expect(refused.outputs['changed'] ?? '0').toBe('0');
    });
    await stage.served('any');
    await stage.underLoad(async () => {
      expect((await stage.pass({ ...NO_WORKLOADS, weights: 'v1=70,v2=30' })).outputs['verdict']).toBe('pass');
    });
  });

  test('one that is not exported to the gateways is refused before anything is written; the suggested fix works', async () => {
    const exported = (to: readonly string[] | null): Obj =>
      rule(
        [
          { name: 'v1', labels: { track: 'stable' } },
          { name: 'v2', labels: { track: 'canary' } },
        ],
        { exportTo: to },
      );
    await stage.everywhere(namespace(), service());
    await Promise.all([run(stage.east, workloads.east), run(stage.west, workloads.west)]);
    await stage.everywhere(exported(['.']), gateway(), route('v1', 'v2'));
    const refused = await stage.run({ ...NO_WORKLOADS, weights: 'v1=70,v2=30' });
    expect(refused.code).toBe(1);
    expect(refused.log).toContain('DestinationRule gray-demo/helloworld is exported only to . (exportTo)');
    expect(refused.outputs['changed'] ?? '0').toBe('0');
    for (const kube of [stage.east, stage.west]) await kube.merge(exported(null));
    await stage.served('any');
    await stage.underLoad(async () => {
      expect((await stage.pass({ ...NO_WORKLOADS, weights: 'v1=70,v2=30' })).outputs['verdict']).toBe('pass');
    });
  });
});

/** Runs a scenario while both clusters hold a rule outside the namespace of the release, which a reset may leave. */
async function withRule(object: Obj, scenario: () => Promise<void>): Promise<void> {
  await stage.everywhere(object);
  try {
    await scenario();
  } finally {
    const { name, namespace: where } = object.metadata;
    await Promise.all(
      [stage.east, stage.west].map((kube) => kube.remove(ISTIO, 'DestinationRule', name, where)),
    );
  }
}

testOnEmbedded('removed subsets have reached the gateways again before these are sampled', async () => {
  const inputs = { weights: 'v1=50,v2=50', 'max-rps': '1000', 'max-error-rate': '0' };
  await stage.pass(inputs);
  for (const [name, kube] of [['east', stage.east] as const, ['west', stage.west] as const]) {
    await kube.merge(rule([]));
    await stage.answers(name, 503);
  }
  const repaired = await stage.pass(inputs);
  expect(repaired.outputs).toMatchObject({ verdict: 'pass', changed: '2' });
});
