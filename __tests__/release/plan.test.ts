import { describe, expect, test } from '@jest/globals';
import { inEnglish } from '../../src/texts/texts.ts';
import type { Change } from '../../src/kubernetes/change.ts';
import type { DestinationRule, Gateway, KubeObject, VirtualService } from '../../src/kubernetes/objects.ts';
import { nameOf } from '../../src/kubernetes/objects.ts';
import { observe } from '../../src/release/observation.ts';
import { planRollback, planRollout } from '../../src/release/plan.ts';
import type { Plan } from '../../src/release/plan.ts';
import { recordOf } from '../../src/release/history.ts';
import type { Release } from '../../src/release/release.ts';
import type { ClusterState, FleetState } from '../../src/release/state.ts';
import { readRouteStates } from '../../src/release/route-state.ts';
import { formatWeights } from '../../src/core/weights.ts';
import { podTemplateOf } from '../../src/kubernetes/pod-templates.ts';
import {
  APP,
  HOST,
  NAMESPACE,
  clusterState,
  deployment,
  destinationRule,
  fleetOf,
  gateway,
  namespaceOf,
  pod,
  service,
  to,
  toOther,
  versionPod,
  virtualService,
} from '../support/objects.ts';
import { EAST, WEST, release, weights } from '../support/release.ts';

/** No pod has told anything of the cluster yet. */
const NOWHERE = { clusterId: undefined, nodes: undefined };

/** `east create Gateway gray-demo/helloworld` */
const told = (changes: readonly Change[]): readonly string[] =>
  changes.map(({ cluster, verb, object }) => `${cluster} ${verb} ${nameOf(object)}`);

const replaceIn = <T extends KubeObject>(objects: readonly T[], one: T): readonly T[] => [
  ...objects.filter(({ metadata }) => metadata.name !== one.metadata.name),
  one,
];

/** The fleet as it stands once a plan has been carried out: what an API server would hold then. */
function after(fleet: FleetState, plan: Plan): FleetState {
  const writes = [...plan.workloads, ...plan.subsets, ...plan.previews, ...plan.routes];
  return new Map(
    [...fleet].map(([name, state]) => [
      name,
      writes.filter(({ cluster }) => cluster === name).reduce(written, state),
    ]),
  );
}

function written(state: ClusterState, { object }: Change): ClusterState {
  const { traffic } = state;
  switch (object.kind) {
    case 'Namespace':
      return { ...state, namespace: object };
    case 'Service':
      return { ...state, service: object };
    case 'Deployment':
      return {
        ...state,
        deployments: replaceIn(state.deployments, object),
        pods: replaceIn(state.pods, pod(object.metadata.name, podTemplateOf(object)?.metadata?.labels ?? {})),
      };
    default:
      return traffic === undefined ? state : { ...state, traffic: withTraffic(traffic, object) };
  }
}

function withTraffic(
  traffic: NonNullable<ClusterState['traffic']>,
  object: KubeObject,
): NonNullable<ClusterState['traffic']> {
  switch (object.kind) {
    case 'VirtualService':
      return { ...traffic, virtualServices: replaceIn(traffic.virtualServices, object as VirtualService) };
    case 'DestinationRule':
      return {
        ...traffic,
        destinationRules: replaceIn(traffic.destinationRules, object as DestinationRule),
        everywhere: {
          ...traffic.everywhere,
          destinationRules: replaceIn(traffic.everywhere.destinationRules, object as DestinationRule),
        },
      };
    default:
      return { ...traffic, gateways: replaceIn(traffic.gateways, object as Gateway) };
  }
}

const splits = (given: Release, fleet: FleetState): readonly string[] =>
  readRouteStates(given, fleet).map(
    ({ cluster, weights: held }) => `${cluster} ${held === undefined ? 'none' : formatWeights(held)}`,
  );

/** All that a plan writes to Istio's objects, as far as it can be told in a line each. */
const trafficIn = ({ subsets, previews, routes }: Plan): readonly string[] =>
  told([...subsets, ...previews, ...routes]);
const virgin = fleetOf(clusterState(EAST), clusterState(WEST));
const at = (given: Readonly<Record<string, number>>, rest: Parameters<typeof release>[0] = {}): Release =>
  release({ ...rest, traffic: { ...rest.traffic, weights: weights(given) } });

describe('a first install', () => {
  const given = at({ v1: 80, v2: 20 });
  const plan = planRollout(observe(given, virgin));

  test('deploys each version in its own cluster, with the Service in both', () => {
    expect(told(plan.workloads)).toEqual([
      'east apply Service gray-demo/helloworld',
      'east apply Deployment gray-demo/helloworld-v1',
      'west apply Service gray-demo/helloworld',
      'west apply Deployment gray-demo/helloworld-v2',
    ]);
  });

  test('makes Gateway and subsets in every config cluster', () => {
    expect(told(plan.subsets)).toEqual([
      'east create Gateway gray-demo/helloworld',
      'east create DestinationRule gray-demo/helloworld',
      'west create Gateway gray-demo/helloworld',
      'west create DestinationRule gray-demo/helloworld',
    ]);
  });

  test('makes the VirtualServices with preview routes, and only then gives weights', () => {
    expect([told(plan.previews), told(plan.routes)]).toEqual([
      ['east create VirtualService gray-demo/helloworld', 'west create VirtualService gray-demo/helloworld'],
      ['east update VirtualService gray-demo/helloworld', 'west update VirtualService gray-demo/helloworld'],
    ]);
  });

  test('sends no user anywhere while the VirtualServices hold previews alone', () => {
    const names = plan.previews.map(({ object }) =>
      (object as VirtualService).spec.http?.map(({ name }) => name),
    );
    expect(names).toEqual([
      ['canary-preview-v1', 'canary-preview-v2'],
      ['canary-preview-v1', 'canary-preview-v2'],
    ]);
  });

  test('waits for each version in its cluster, by the labels of Service and subset', () => {
    expect(plan.ready).toEqual([
      {
        cluster: EAST,
        version: 'v1',
        labels: { app: APP, version: 'v1' },
        place: NOWHERE,
        pods: { mode: 'sidecar', namespace: {} },
        workloads: [{ kind: 'Deployment', name: 'helloworld-v1' }],
        gains: true,
      },
      {
        cluster: WEST,
        version: 'v2',
        labels: { app: APP, version: 'v2' },
        place: NOWHERE,
        pods: { mode: 'sidecar', namespace: {} },
        workloads: [{ kind: 'Deployment', name: 'helloworld-v2' }],
        gains: true,
      },
    ]);
  });

  test('has nothing to go back to', () => {
    expect([plan.previous, plan.before, plan.revision]).toEqual([undefined, undefined, 1]);
  });

  test('probes every version', () => {
    expect(plan.probes).toEqual(['v1', 'v2']);
  });

  test('ends with the weights asked for in every config cluster', () => {
    expect(splits(given, after(virgin, plan))).toEqual(['east v1=80,v2=20', 'west v1=80,v2=20']);
  });

  test('takes hosts, gateway and selector as given, and `*` by default', () => {
    const hosted = at(
      { v1: 80, v2: 20 },
      { traffic: { hosts: ['a.example'], gatewaySelector: { istio: 'gw' } } },
    );
    const specs = (one: Release): unknown =>
      [planRollout(observe(one, virgin))]
        .flatMap(({ subsets, previews }) => [...subsets, ...previews])
        .filter(({ cluster }) => cluster === EAST)
        .map(({ object }) => object['spec']);
    expect([specs(hosted), specs(given)]).toMatchObject([
      [
        { selector: { istio: 'gw' }, servers: [{ hosts: ['a.example'] }] },
        {},
        { hosts: ['a.example'], gateways: [APP] },
      ],
      [
        { selector: { istio: 'ingressgateway' }, servers: [{ hosts: ['*'] }] },
        {},
        { hosts: ['*'], gateways: [APP] },
      ],
    ]);
  });

  test('makes the namespace where it is missing, before anything else', () => {
    const bare = fleetOf(clusterState(EAST, { namespace: undefined }), clusterState(WEST));
    expect(told(planRollout(observe(given, bare)).workloads).slice(0, 2)).toEqual([
      'east apply Namespace gray-demo',
      'east apply Service gray-demo/helloworld',
    ]);
  });

  test('of two versions needs weights, and proposes them', () => {
    expect(() => planRollout(observe(release(), virgin))).toThrow(
      'Input weights is not set, and no route gives helloworld weights yet that could be kept (versions: v1, v2). Set it, for example weights: v1=100,v2=0.',
    );
  });

  test('of one version gives it everything', () => {
    const single = release({
      version: 'v1',
      placement: new Map([['v1', [EAST]]]),
      workload: { images: new Map([['v1', 'i:1']]) },
    });
    expect(planRollout(observe(single, virgin)).weights).toEqual(weights({ v1: 100 }));
  });

  test('of one version beside a route that already serves the app needs weights', () => {
    const single = release({
      version: 'v1',
      placement: new Map(),
      clusters: [EAST],
      configClusters: [EAST],
      workload: { images: new Map([['v1', 'i:1']]) },
    });
    const served = fleetOf(
      clusterState(EAST, { traffic: { virtualServices: [virtualService([{ route: [to(undefined)] }])] } }),
    );
    expect(() => planRollout(observe(single, served))).toThrow('Input weights is not set');
  });
});

describe('a rerun', () => {
  const given = at({ v1: 80, v2: 20 });
  const standing = after(virgin, planRollout(observe(given, virgin)));

  test('changes no traffic', () => {
    expect(trafficIn(planRollout(observe(given, standing)))).toEqual([]);
  });

  test('probes the versions with users, should an object behind the routes be written, and keeps the revision', () => {
    expect(planRollout(observe(given, standing))).toMatchObject({ probes: ['v1', 'v2'], revision: 1 });
  });

  test('without weights changes no traffic', () => {
    expect(trafficIn(planRollout(observe(release(), standing)))).toEqual([]);
  });

  test('without weights keeps those in force', () => {
    expect(planRollout(observe(release(), standing)).weights).toEqual(weights({ v1: 80, v2: 20 }));
  });

  test('with the same weights in another order changes no traffic', () => {
    expect(trafficIn(planRollout(observe(at({ v2: 20, v1: 80 }), standing)))).toEqual([]);
  });

  test('with the versions named in another order changes no traffic', () => {
    const turned = release({
      placement: new Map([
        ['v2', [WEST]],
        ['v1', [EAST]],
      ]),
    });
    expect(trafficIn(planRollout(observe(turned, standing)))).toEqual([]);
  });

  test('after an existing route was taken over whose versions stand in another order changes no traffic', () => {
    const brown = fleetOf(
      ...[EAST, WEST].map((name) =>
        clusterState(name, {
          traffic: {
            virtualServices: [virtualService([{ route: [to('v2', 0), to('v1', 100)] }])],
            gateways: [gateway()],
          },
        }),
      ),
    );
    const taken = after(brown, planRollout(observe(given, brown)));
    expect(trafficIn(planRollout(observe(release(), taken)))).toEqual([]);
  });

  test('of several steps changes no traffic, and remembers the weights before the last', () => {
    const next = at({ v1: 50, v2: 50 });
    const stepped = after(standing, planRollout(observe(next, standing)));
    const again = planRollout(observe(next, stepped));
    expect([trafficIn(again), again.revision, again.before]).toEqual([[], 2, weights({ v1: 80, v2: 20 })]);
  });

  test('beside another host that takes a third of the route changes no traffic', () => {
    const shared = fleetOf(
      ...[EAST, WEST].map((name) =>
        clusterState(name, {
          traffic: {
            virtualServices: [virtualService([{ route: [to('v1', 67), toOther(33)] }])],
            gateways: [gateway()],
          },
        }),
      ),
    );
    const taken = after(shared, planRollout(observe(given, shared)));
    expect(trafficIn(planRollout(observe(given, taken)))).toEqual([]);
  });

  test('of versions named by numbers changes no traffic', () => {
    const numbered = release({
      version: '2',
      placement: new Map([
        ['10', [EAST]],
        ['2', [WEST]],
      ]),
      workload: {
        images: new Map([
          ['10', 'i:10'],
          ['2', 'i:2'],
        ]),
      },
      traffic: {
        weights: weights([
          ['10', 80],
          ['2', 20],
        ]),
      },
    });
    expect(
      trafficIn(planRollout(observe(numbered, after(virgin, planRollout(observe(numbered, virgin)))))),
    ).toEqual([]);
  });
});

describe('the next step', () => {
  const first = at({ v1: 100, v2: 0 });
  const standing = after(virgin, planRollout(observe(first, virgin)));
  const plan = planRollout(observe(at({ v1: 80, v2: 20 }), standing));

  test('writes the routes alone, one for each config cluster, under a new revision', () => {
    expect([told(plan.routes), plan.previews, plan.subsets, plan.revision]).toEqual([
      ['east update VirtualService gray-demo/helloworld', 'west update VirtualService gray-demo/helloworld'],
      [],
      [],
      2,
    ]);
  });

  test('tells both weights as its reason', () => {
    expect(plan.routes.map(({ reason }) => inEnglish(reason))[0]).toBe('weights v1=100,v2=0 → v1=80,v2=20');
  });

  test('knows what a rollback gives back', () => {
    expect([plan.previous, plan.before]).toEqual([weights({ v1: 100, v2: 0 }), weights({ v1: 100, v2: 0 })]);
  });

  test('records the weights, those before them, the revision and the app', () => {
    expect(plan.routes.map(({ object }) => recordOf(object, APP))).toEqual(
      [EAST, WEST].map(() => ({
        app: APP,
        revision: 2,
        weights: weights({ v1: 80, v2: 20 }),
        history: [weights({ v1: 100, v2: 0 })],
      })),
    );
  });

  test('is based on the objects as they stand', () => {
    expect(plan.routes.map(({ before }) => before)).toEqual(
      [...standing.values()].map(({ traffic }) => traffic?.virtualServices[0]),
    );
  });

  test('probes the version that gets more, and not the one that gets less', () => {
    expect(plan.probes).toEqual(['v2']);
  });

  test('waits for a version that gets less only where it is deployed anew', () => {
    const deployed = planRollout(
      observe(at({ v1: 80, v2: 20 }, { workload: { images: new Map([['v2', 'i:2']]) } }), standing),
    );
    expect(deployed.ready.map(({ version, gains }) => `${version} ${String(gains)}`)).toEqual(['v2 true']);
  });
});

describe('a step that was cut off', () => {
  const asked = at({ v1: 80, v2: 20 });
  const first = after(virgin, planRollout(observe(at({ v1: 100, v2: 0 }), virgin)));
  const step = planRollout(observe(asked, first));

  test('after its previews writes only the routes that are left, under a revision of its own', () => {
    const third = at(
      { v1: 80, v2: 20, v3: 0 },
      {
        placement: new Map([
          ['v1', [EAST]],
          ['v2', [WEST]],
          ['v3', [WEST]],
        ]),
        workload: { images: new Map([['v3', 'example.com/hello:3']]) },
      },
    );
    const cut = after(first, { ...planRollout(observe(third, first)), routes: [] });
    const rest = planRollout(observe(third, cut));
    expect([trafficIn(rest), rest.revision]).toEqual([
      ['east update VirtualService gray-demo/helloworld', 'west update VirtualService gray-demo/helloworld'],
      3,
    ]);
  });

  describe.each([
    ['first', 0],
    ['second', 1],
  ])('after the %s of two clusters', (_which, index) => {
    const cut = after(first, { ...step, routes: step.routes.slice(index, index + 1) });
    const ended = after(cut, planRollout(observe(asked, cut)));

    test('ends in both', () => {
      expect(splits(asked, ended)).toEqual(['east v1=80,v2=20', 'west v1=80,v2=20']);
    });

    test('ends with one history, as if it had not been cut off', () => {
      const histories = readRouteStates(asked, ended).map(({ record }) => record?.history);
      expect(histories).toEqual([[weights({ v1: 100, v2: 0 })], [weights({ v1: 100, v2: 0 })]]);
    });
  });
});

describe('a step back', () => {
  const steps = [
    { v1: 100, v2: 0 },
    { v1: 80, v2: 20 },
    { v1: 50, v2: 50 },
  ];
  const standing = steps.reduce(
    (fleet: FleetState, step) => after(fleet, planRollout(observe(at(step), fleet))),
    virgin,
  );
  const back = planRollback(observe(release(), standing), weights({ v1: 80, v2: 20 }));

  test('gives back the earlier weights', () => {
    expect(splits(release(), after(standing, back))).toEqual(['east v1=80,v2=20', 'west v1=80,v2=20']);
  });

  test('leaves those before them to be given back next', () => {
    expect(back.before).toEqual(weights({ v1: 100, v2: 0 }));
  });

  test('goes over several steps at once', () => {
    expect(planRollback(observe(release(), standing), weights({ v1: 100, v2: 0 })).before).toBeUndefined();
  });

  test('to weights that the release is at already leaves those before them', () => {
    const round = after(standing, planRollout(observe(at({ v1: 100, v2: 0 }), standing)));
    expect(planRollback(observe(release(), round), weights({ v1: 100, v2: 0 }))).toMatchObject({
      routes: [],
      before: weights({ v1: 50, v2: 50 }),
    });
  });

  test('carries a revision of its own', () => {
    expect(back.revision).toBe(4);
  });

  test('is taken although someone edited the routes meanwhile', () => {
    const edited = new Map(
      [...standing].map(([name, state]) => {
        const [vs] = state.traffic?.virtualServices ?? [];
        const http = [{ name: APP, route: [to('v1', 10), to('v2', 90)] }];
        return [
          name,
          clusterState(name, {
            ...state,
            traffic: { ...state.traffic, virtualServices: [virtualService(http, { ...vs?.metadata })] },
          }),
        ] as const;
      }),
    );
    const plan = planRollback(observe(release(), edited), weights({ v1: 80, v2: 20 }));
    expect(splits(release(), after(edited, plan))).toEqual(['east v1=80,v2=20', 'west v1=80,v2=20']);
  });
});

describe('a rollout without weights', () => {
  const standing = after(virgin, planRollout(observe(at({ v1: 100, v2: 0 }), virgin)));
  const withThird = release({
    version: 'v3',
    placement: new Map([
      ['v1', [EAST]],
      ['v2', [WEST]],
      ['v3', [WEST]],
    ]),
    workload: { images: new Map([['v3', 'example.com/hello:3']]) },
  });
  const plan = planRollout(observe(withThird, standing));

  test('starts a third version at 0', () => {
    expect(plan.weights).toEqual(weights({ v1: 100, v2: 0, v3: 0 }));
  });

  test('deploys it, and nothing else', () => {
    expect(told(plan.workloads)).toContain('west apply Deployment gray-demo/helloworld-v3');
    expect(
      told(plan.workloads).filter((one) => one.includes('helloworld-v1') || one.includes('helloworld-v2')),
    ).toEqual([]);
  });

  test('adds its subset and its preview route', () => {
    expect([
      told(plan.subsets),
      plan.subsets.map(({ reason }) => inEnglish(reason)),
      told(plan.previews),
    ]).toEqual([
      [
        'east update DestinationRule gray-demo/helloworld',
        'west update DestinationRule gray-demo/helloworld',
      ],
      ['subset v3', 'subset v3'],
      ['east update VirtualService gray-demo/helloworld', 'west update VirtualService gray-demo/helloworld'],
    ]);
  });

  test('keeps the weights while the previews are written', () => {
    const [preview] = plan.previews;
    const { record, weights: held } =
      readRouteStates(withThird, after(standing, { ...plan, routes: [] }))[0] ?? {};
    expect([preview?.cluster, held, record?.weights]).toEqual([
      EAST,
      weights({ v1: 100, v2: 0 }),
      weights({ v1: 100, v2: 0 }),
    ]);
  });

  test('waits for the new version although it gets nothing yet', () => {
    expect(plan.ready).toContainEqual({
      cluster: WEST,
      version: 'v3',
      labels: { app: APP, version: 'v3' },
      place: NOWHERE,
      pods: { mode: 'sidecar', namespace: {} },
      workloads: [{ kind: 'Deployment', name: 'helloworld-v3' }],
      gains: false,
    });
  });

  test('refuses to guess where the clusters hold different weights', () => {
    const torn = fleetOf(
      clusterState(EAST, {
        traffic: { virtualServices: [virtualService([{ route: [to('v1', 80), to('v2', 20)] }])] },
      }),
      clusterState(WEST, {
        traffic: { virtualServices: [virtualService([{ route: [to('v1', 50), to('v2', 50)] }])] },
      }),
    );
    expect(() => planRollout(observe(release(), torn))).toThrow('v1=50,v2=50');
  });
});

describe('versions in force that the inputs do not name', () => {
  const pods = { pods: [versionPod('v0'), versionPod('v1'), versionPod('v2')] };
  const standing = fleetOf(
    ...[EAST, WEST].map((name) =>
      clusterState(name, {
        ...pods,
        traffic: { virtualServices: [virtualService([{ route: [to('v0', 100)] }])], gateways: [gateway()] },
      }),
    ),
  );

  test('get 0 where weights are asked for', () => {
    expect(planRollout(observe(at({ v1: 80, v2: 20 }), standing)).weights).toEqual(
      weights({ v1: 80, v2: 20, v0: 0 }),
    );
  });

  test('keep theirs where none are', () => {
    expect(planRollout(observe(release(), standing)).weights).toEqual(weights({ v0: 100, v1: 0, v2: 0 }));
  });
});

describe('a version that is to get traffic', () => {
  const given = at({ v1: 80, v2: 20 }, { workload: { images: new Map() } });
  const running = (...pods: readonly string[]): FleetState =>
    fleetOf(
      clusterState(EAST, { service: service(), pods: pods.map(versionPod) }),
      clusterState(WEST, { service: service() }),
    );

  test('without pods and without an image is refused, naming the label and the input', () => {
    expect(() => planRollout(observe(given, running('v1')))).toThrow(
      'Version v2 should get 20% of the traffic, but no pod of helloworld in east, west is labelled version=v2, and there is no image for it. Set the input image (v2=…), or correct the weights.',
    );
  });

  test('may run already, without an image', () => {
    expect(planRollout(observe(given, running('v1', 'v2'))).workloads).toEqual([]);
  });

  test('is looked for by the labels of its subset', () => {
    const rule = destinationRule([
      { name: 'v1', labels: { version: 'v1' } },
      { name: 'v2', labels: { track: 'canary' } },
    ]);
    const fleet = fleetOf(
      clusterState(EAST, { pods: [versionPod('v1')], traffic: { destinationRules: [rule] } }),
      clusterState(WEST, {
        pods: [pod('a', { app: APP, track: 'canary' })],
        traffic: { destinationRules: [rule] },
      }),
    );
    expect(planRollout(observe(given, fleet)).ready).toContainEqual({
      cluster: WEST,
      version: 'v2',
      labels: { app: APP, track: 'canary' },
      place: NOWHERE,
      pods: { mode: 'sidecar', namespace: {} },
      workloads: [],
      gains: true,
    });
  });

  test('is not there by the pods of another app that carry its label', () => {
    const others = fleetOf(
      clusterState(EAST, { service: service(), pods: [versionPod('v1')] }),
      clusterState(WEST, { service: service(), pods: [pod('other-v2', { app: 'other', version: 'v2' })] }),
    );
    expect(() => planRollout(observe(given, others))).toThrow('Version v2 should get 20% of the traffic');
  });

  test('may come by manifests instead of an image', () => {
    const object: KubeObject = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'hello' },
      spec: {
        selector: { matchLabels: { app: APP } },
        template: { metadata: { labels: { app: APP } }, spec: { containers: [] } },
      },
    };
    const byManifest = at(
      { v1: 80, v2: 20 },
      { workload: { images: new Map(), manifests: [{ object, source: 'a.yaml' }] } },
    );
    expect(told(planRollout(observe(byManifest, running('v1'))).workloads)).toEqual([
      'west apply Deployment gray-demo/hello',
    ]);
  });

  test('needs a Service whose selector leaves the choice of version open', () => {
    const fixed = fleetOf(
      clusterState(EAST, { service: service() }),
      clusterState(WEST, { service: service({ selector: { app: APP, version: 'v1' } }) }),
    );
    expect(() => planRollout(observe(at({ v1: 80, v2: 20 }), fixed))).toThrow(
      'Service gray-demo/helloworld in west selects only version: v1, so v2 would get no traffic there. Remove the label version from its selector.',
    );
  });

  test('at 0 owes nothing where it is not deployed here', () => {
    const idle = at({ v1: 100, v2: 0 }, { workload: { images: new Map() } });
    expect(planRollout(observe(idle, running('v1'))).ready.map(({ version }) => version)).toEqual(['v1']);
  });
});

describe('a version at 0 that has no image and runs nowhere', () => {
  const LEAVING = { deletionTimestamp: '2026-11-22T10:00:00Z' };
  const onlyV1 = { workload: { images: new Map([['v1', 'example.com/hello:1']]) } };
  const traffic = (plan: Plan): unknown => [
    plan.weights,
    plan.probes,
    plan.subsets
      .filter(({ cluster, object }) => cluster === EAST && object.kind === 'DestinationRule')
      .map(({ object }) => (object as DestinationRule).spec.subsets?.map(({ name }) => name)),
    plan.previews
      .filter(({ cluster }) => cluster === EAST)
      .map(({ object }) => (object as VirtualService).spec.http?.map(({ name }) => name)),
  ];

  test('gets no subset, no preview and no probe, as none could be seen', () => {
    expect(traffic(planRollout(observe(at({ v1: 100, v2: 0 }, onlyV1), virgin)))).toEqual([
      weights({ v1: 100 }),
      ['v1'],
      [['v1']],
      [['canary-preview-v1']],
    ]);
  });

  test('joins as soon as it has an image', () => {
    const given = at({ v1: 100, v2: 0 });
    const standing = after(virgin, planRollout(observe(at({ v1: 100, v2: 0 }, onlyV1), virgin)));
    expect(planRollout(observe(given, standing))).toMatchObject({
      weights: weights({ v1: 100, v2: 0 }),
      probes: ['v2'],
    });
  });

  test('is not made again by the placement that still names it once it is retired', () => {
    const standing = after(virgin, planRollout(observe(release({ version: 'v2', ...alone('v2') }), virgin)));
    const leaving = new Map(
      [...standing].map(([name, state]) => [
        name,
        { ...state, pods: [...state.pods, pod('v1', { app: APP, version: 'v1' }, { metadata: LEAVING })] },
      ]),
    );
    const plan = planRollout(observe(release({ workload: { images: new Map() } }), leaving));
    expect([plan.weights, trafficIn(plan)]).toEqual([weights({ v2: 100 }), []]);
  });

  test('stays in the target while it still has users', () => {
    const standing = after(virgin, planRollout(observe(at({ v1: 80, v2: 20 }), virgin)));
    const gone = new Map(
      [...standing].map(([name, state]) => [name, { ...state, pods: [versionPod('v1')] }]),
    );
    expect(planRollout(observe(at({ v1: 100, v2: 0 }, onlyV1), gone)).weights).toEqual(
      weights({ v1: 100, v2: 0 }),
    );
  });

  function alone(version: string): Parameters<typeof release>[0] {
    return {
      placement: new Map([[version, [WEST]]]),
      workload: { images: new Map([[version, 'example.com/hello:2']]) },
    };
  }
});

describe('several clusters a version', () => {
  const clusters = [EAST, WEST, 'north'];
  const fleet = fleetOf(...clusters.map((name) => clusterState(name)));

  test('each get what the version needs', () => {
    const given = at(
      { v1: 80, v2: 20 },
      {
        clusters,
        configClusters: clusters,
        placement: new Map([
          ['v1', [EAST]],
          ['v2', [WEST, 'north']],
        ]),
      },
    );
    const plan = planRollout(observe(given, fleet));
    expect(plan.ready.map(({ cluster, version }) => `${cluster} ${version}`)).toEqual([
      'east v1',
      'west v2',
      'north v2',
    ]);
  });

  test('without a placement run every version, and share its Service', () => {
    const given = at({ v1: 80, v2: 20 }, { clusters: [EAST], configClusters: [EAST], placement: new Map() });
    expect(told(planRollout(observe(given, fleet)).workloads)).toEqual([
      'east apply Service gray-demo/helloworld',
      'east apply Deployment gray-demo/helloworld-v1',
      'east apply Deployment gray-demo/helloworld-v2',
    ]);
  });
});

describe('a config cluster of its own', () => {
  const given = at({ v1: 80, v2: 20 }, { configClusters: ['hub'] });
  const fleet = fleetOf(
    clusterState(EAST, { traffic: undefined }),
    clusterState(WEST, { traffic: undefined }),
    clusterState('hub'),
  );
  const plan = planRollout(observe(given, fleet));

  test('holds all the traffic objects', () => {
    expect([
      ...new Set([...plan.subsets, ...plan.previews, ...plan.routes].map(({ cluster }) => cluster)),
    ]).toEqual(['hub']);
  });

  test('runs no version', () => {
    expect(plan.workloads.filter(({ cluster }) => cluster === 'hub')).toEqual([]);
  });

  test('gets the namespace where it is missing', () => {
    const bare = new Map([...fleet, ['hub', clusterState('hub', { namespace: undefined })]]);
    expect(told(planRollout(observe(given, bare)).workloads)).toContain('hub apply Namespace gray-demo');
  });
});

test('a config cluster that joins later gets the whole release', () => {
  const alone = at({ v1: 80, v2: 20 }, { configClusters: [EAST] });
  const standing = after(
    fleetOf(clusterState(EAST), clusterState(WEST)),
    planRollout(observe(alone, virgin)),
  );
  const joined = release({ configClusters: [EAST, WEST] });
  expect(splits(joined, after(standing, planRollout(observe(joined, standing))))).toEqual([
    'east v1=80,v2=20',
    'west v1=80,v2=20',
  ]);
});

describe('an edited cluster', () => {
  const given = at({ v1: 80, v2: 20 });
  const standing = after(virgin, planRollout(observe(given, virgin)));
  const west = standing.get(WEST);
  const [vs] = west?.traffic?.virtualServices ?? [];
  const edited: FleetState = new Map(standing).set(
    WEST,
    clusterState(WEST, {
      traffic: {
        ...west?.traffic,
        virtualServices: [
          virtualService([{ name: APP, route: [to('v1', 50), to('v2', 50)] }], { ...vs?.metadata }),
        ],
      },
    }),
  );

  test('is not overwritten: the message says what stands there, and what to do', () => {
    expect(() => planRollout(observe(given, edited))).toThrow(
      /^VirtualService gray-demo\/helloworld in west holds v1=50,v2=50 instead of the v1=80,v2=20 that the last release step wrote.*\. The action does not overwrite it\. To restore the recorded weights, run the operation rollback with weights: v1=80,v2=20\. To go on from the new ones, run the operation rollout with weights: v1=50,v2=50\.$/,
    );
  });

  test('is taken over where the weights that it holds are asked for', () => {
    const asked = at({ v1: 50, v2: 50 });
    expect(splits(asked, after(edited, planRollout(observe(asked, edited))))).toEqual([
      'east v1=50,v2=50',
      'west v1=50,v2=50',
    ]);
  });
});

describe('what stands there already', () => {
  const standing = (
    vs: VirtualService,
    rest: Partial<NonNullable<ClusterState['traffic']>> = {},
  ): FleetState =>
    fleetOf(
      ...[EAST, WEST].map((name) => clusterState(name, { traffic: { virtualServices: [vs], ...rest } })),
    );

  test('a VirtualService keeps its own gateways: none is made', () => {
    const vs = virtualService([{ route: [to('v1')] }], {}, { gateways: ['istio-system/public'] });
    expect(
      told(planRollout(observe(at({ v1: 80, v2: 20 }), standing(vs))).subsets).filter((one) =>
        one.includes('Gateway'),
      ),
    ).toEqual([]);
  });

  test('a DestinationRule with all subsets is left alone', () => {
    const rules = { destinationRules: [destinationRule(['v1', 'v2'])] };
    expect(
      planRollout(observe(at({ v1: 80, v2: 20 }), standing(virtualService([{ route: [to('v1')] }]), rules)))
        .subsets,
    ).toEqual([]);
  });

  test('a subset that selects another version is refused', () => {
    const rules = { destinationRules: [destinationRule(['v1', { name: 'v2', labels: { version: 'v1' } }])] };
    expect(() =>
      planRollout(observe(at({ v1: 80, v2: 20 }), standing(virtualService([{ route: [to('v1')] }]), rules))),
    ).toThrow('The subsets of both v1 and v2 select');
  });

  test('a revision that a response header carries is never used again', () => {
    const marked = to('v1', 100, { headers: { response: { set: { 'x-canary-revision': '41' } } } });
    expect(
      planRollout(observe(at({ v1: 80, v2: 20 }), standing(virtualService([{ route: [marked] }])))).revision,
    ).toBe(42);
  });

  test('a revision header that is no number of ours counts as none', () => {
    const marked = to('v1', 100, { headers: { response: { set: { 'x-canary-revision': 'blue' } } } });
    expect(
      planRollout(observe(at({ v1: 80, v2: 20 }), standing(virtualService([{ route: [marked] }])))).revision,
    ).toBe(1);
  });

  test.each<[string, Partial<Parameters<typeof release>[0]>, FleetState, number | undefined]>([
    ['the one asked for', {}, virgin, 5000],
    [
      'the only one of the Service',
      { workload: { port: undefined } },
      fleetOf(
        ...[EAST, WEST].map((name) => clusterState(name, { service: service({ ports: [{ port: 8080 }] }) })),
      ),
      8080,
    ],
  ])('the port of new destinations is %s', (_what, rest, fleet, port) => {
    const [route] = planRollout(observe(at({ v1: 80, v2: 20 }, rest), fleet)).routes;
    const http = (route?.object as VirtualService).spec.http ?? [];
    expect(http.at(-1)?.route?.[0]?.destination).toEqual({
      host: HOST,
      subset: 'v1',
      ...(port === undefined ? {} : { port: { number: port } }),
    });
  });
});

describe('the gateway of a new VirtualService', () => {
  const named = (name: string): Release => at({ v1: 80, v2: 20 }, { traffic: { gateway: name } });
  const holding = (namespace: string, name: string): FleetState =>
    fleetOf(
      ...[EAST, WEST].map((cluster) =>
        clusterState(cluster, { traffic: { gateways: [gateway(undefined, { name, namespace })] } }),
      ),
    );

  test('is made under the name given', () => {
    expect(told(planRollout(observe(named('public'), virgin)).subsets)).toContain(
      'east create Gateway gray-demo/public',
    );
  });

  test('is taken as it stands', () => {
    expect(
      told(planRollout(observe(named('public'), holding(NAMESPACE, 'public'))).subsets).filter((one) =>
        one.includes('Gateway'),
      ),
    ).toEqual([]);
  });

  test('may stand in another namespace', () => {
    const plan = planRollout(observe(named('istio-system/public'), holding('istio-system', 'public')));
    expect((plan.previews[0]?.object as VirtualService).spec.gateways).toEqual(['istio-system/public']);
  });

  test('is not made in another namespace', () => {
    expect(() => planRollout(observe(named('istio-system/public'), virgin))).toThrow(
      "There is no Gateway istio-system/public in east. The action creates Gateways only in the release's namespace (gray-demo). Correct the input gateway, or create it there first.",
    );
  });
});

describe('a Namespace among the manifests', () => {
  const labels = { team: 'a' };
  const manifests = [
    { ...namespaceOf(NAMESPACE), metadata: { name: NAMESPACE, labels } },
    service(),
    deployment('hello', { app: APP }),
  ].map((object) => ({ object, source: 'deploy/app.yaml' }));
  // Under server-side apply the last object that one manager applies is all that it keeps.
  const applied = (fleet: FleetState, injection?: string): readonly unknown[] =>
    planRollout(observe(at({ v1: 80, v2: 20 }, { workload: { injection, manifests } }), fleet))
      .workloads.filter(({ cluster, object: { kind } }) => cluster === WEST && kind === 'Namespace')
      .map(({ object }) => object.metadata.labels);
  const labelled = fleetOf(
    ...[EAST, WEST].map((name) =>
      clusterState(name, {
        namespace: {
          ...namespaceOf(NAMESPACE),
          metadata: { name: NAMESPACE, labels: { 'istio.io/rev': 'stable' } },
        },
      }),
    ),
  );

  test('does not take the injection label of the namespace away', () => {
    expect(applied(virgin, 'enabled')).toEqual([{ ...labels, 'istio-injection': 'enabled' }]);
  });

  test('does not take the one away that stands there', () => {
    expect(applied(labelled)).toEqual([{ ...labels, 'istio.io/rev': 'stable' }]);
  });
});

test('weights that a route of one cluster is too coarse for are refused, and the cluster is named', () => {
  const coarse = virtualService([{ name: 'main', route: [to('v1', 1), toOther(1)] }]);
  const fleet = fleetOf(
    clusterState(EAST, { traffic: { virtualServices: [virtualService([{ route: [to('v1')] }])] } }),
    clusterState(WEST, { traffic: { virtualServices: [coarse] } }),
  );
  expect(() => planRollout(observe(at({ v1: 80, v2: 20 }), fleet))).toThrow(
    'In west: Of the weights of route main in VirtualService gray-demo/helloworld, 1 are for the service',
  );
});

test.each(['StatefulSet', 'DaemonSet'])("a %s of the user's manifests is waited for", (kind) => {
  const object = deployment('hello', { app: APP }, { kind });
  const given = at(
    { v1: 80, v2: 20 },
    { workload: { manifests: [object, service()].map((one) => ({ object: one, source: 'app.yaml' })) } },
  );
  const { ready } = planRollout(observe(given, virgin));
  expect(ready.find(({ version }) => version === 'v2')?.workloads).toEqual([{ kind, name: 'hello' }]);
});
