import { describe, expect, test } from '@jest/globals';
import type { HttpRoute, Pod, VirtualService } from '../../../src/kubernetes/objects.ts';
import { observe } from '../../../src/release/observation.ts';
import { planRollback, planRollout } from '../../../src/release/plan.ts';
import type { Release } from '../../../src/release/release.ts';
import type { FleetState } from '../../../src/release/state.ts';
import {
  APP,
  HOST,
  clusterState,
  fleetOf,
  gateway,
  pod,
  service,
  to,
  toOther,
  versionPod,
  virtualService,
} from '../../support/objects.ts';
import { EAST, WEST, release, weights } from '../../support/release.ts';

/** v1 runs in east, behind a route of both clusters. */
function running(
  routes: readonly HttpRoute[],
  west: readonly Pod[] = [],
  east = [versionPod('v1')],
): FleetState {
  const traffic = { gateways: [gateway()], virtualServices: [virtualService(routes)] };
  return fleetOf(
    clusterState(EAST, { service: service(), pods: east, traffic }),
    clusterState(WEST, { service: service(), pods: west, traffic }),
  );
}

const asked = (
  given: Readonly<Record<string, number>>,
  { traffic, ...rest }: Parameters<typeof release>[0] = {},
): Release => release({ ...rest, traffic: { ...traffic, weights: weights(given) } });
const ADD_V2 = asked({ v1: 99, v2: 1 });
const UNREADY = pod('helloworld-v2-0', { app: APP, version: 'v2' }, { status: { conditions: [] } });

describe('a version without a ready pod is not deployed behind a route that names no subset', () => {
  test.each<[string, readonly HttpRoute[], readonly Pod[]]>([
    ['that leads to the service alone', [{ name: 'main', route: [to(undefined)] }], []],
    ['that leads there beside another host', [{ name: 'main', route: [to(undefined, 30), toOther(70)] }], []],
    ['that leads there beside a subset', [{ name: 'main', route: [to('v1', 50), to(undefined, 50)] }], []],
    ['whose pod is not ready', [{ name: 'main', route: [to(undefined)] }], [UNREADY]],
  ])('%s', (_what, routes, west) => {
    expect(() => planRollout(observe(ADD_V2, running(routes, west)))).toThrow(
      'Without a subset, route main of VirtualService gray-demo/helloworld in east, west leads to all pods of helloworld: users would get v2 as soon as a pod of it in west is ready, before it was previewed and whatever its weight. ' +
        "First release what is running, which pins the traffic to its subset: weights: v1=100; version: v1; clusters: 'v1: east'; config-clusters: east, west; without image and manifests of v2. Then add v2.",
    );
  });

  test('beside several that run, which are then released together', () => {
    const v3 = pod('helloworld-v3-0', { app: APP, version: 'v3' });
    expect(() => planRollout(observe(ADD_V2, running([{ route: [to(undefined)] }], [v3])))).toThrow(
      "weights: v1=50,v3=50; version: v1; clusters: 'v1: east, v3: west';",
    );
  });

  test('beside pods that carry no version, which no subset could select', () => {
    const bare = pod('helloworld-0', { app: APP });
    expect(() => planRollout(observe(ADD_V2, running([{ route: [to(undefined)] }], [], [bare])))).toThrow(
      'Give the pods that serve it now the label version first, so that a subset can select them.',
    );
  });
});

describe('nor behind a route of others', () => {
  const pinned = virtualService([{ name: 'main', route: [to('v1')] }]);
  const whole: readonly HttpRoute[] = [{ name: 'hello', route: [to(undefined)] }];
  const held = (own: readonly VirtualService[], ...others: readonly VirtualService[]): FleetState => {
    const traffic = {
      gateways: [gateway()],
      virtualServices: own,
      everywhere: { virtualServices: [...own, ...others], destinationRules: [], unlisted: [] },
    };
    return fleetOf(
      clusterState(EAST, { service: service(), pods: [versionPod('v1')], traffic }),
      clusterState(WEST, { service: service(), traffic }),
    );
  };
  const release =
    "First release what is running, which pins the traffic to its subset: weights: v1=100; version: v1; clusters: 'v1: east';";

  test.each<[string, Release, FleetState, readonly string[]]>([
    [
      'of another VirtualService of the namespace',
      ADD_V2,
      held([pinned, virtualService(whole, { name: 'partners' })]),
      [
        'Without a subset, route hello of VirtualService gray-demo/partners in east, west leads to all pods of helloworld',
        `Add it to the release (virtual-service: helloworld, partners), which moves its users as well. ${release}`,
      ],
    ],
    [
      'of two others',
      ADD_V2,
      held([pinned, virtualService(whole, { name: 'partners' }), virtualService(whole, { name: 'inside' })]),
      [
        'route hello of VirtualService gray-demo/partners in east, west; route hello of VirtualService gray-demo/inside in east, west lead to all pods',
        `(virtual-service: helloworld, partners, inside), which moves its users as well. ${release}`,
      ],
    ],
    [
      'of the same VirtualService that the input routes leaves out',
      asked({ v1: 99, v2: 1 }, { traffic: { routes: ['main'] } }),
      held([
        virtualService([{ ...whole[0], match: [{ uri: { prefix: '/x' } }] }, ...(pinned.spec.http ?? [])]),
      ]),
      [
        'Without a subset, route hello of VirtualService gray-demo/helloworld in east, west leads',
        `(routes: main, hello), which moves its users as well. ${release}`,
      ],
    ],
    [
      'of the same VirtualService, without a name',
      asked({ v1: 99, v2: 1 }, { traffic: { routes: ['main'] } }),
      held([
        virtualService([
          { match: [{ uri: { prefix: '/x' } }], route: [to(undefined)] },
          ...(pinned.spec.http ?? []),
        ]),
      ]),
      ['the unnamed http[0] of VirtualService gray-demo/helloworld', '(routes: main, http[0])'],
    ],
    [
      'of another namespace, beside that of the release',
      ADD_V2,
      held([pinned], virtualService(whole, { name: 'shop', namespace: 'istio-system' })),
      [
        'Without a subset, route hello of VirtualService istio-system/shop in east, west leads',
        'create a VirtualService gray-demo/helloworld-shop without hosts and gateways that contains its route to helloworld; then, in VirtualService istio-system/shop, write delegate: {name: helloworld-shop, namespace: gray-demo}',
        `add it to the release (virtual-service: helloworld, helloworld-shop). ${release}`,
      ],
    ],
    [
      'of another namespace, where the release has none yet',
      ADD_V2,
      held([], virtualService(whole, { name: 'shop', namespace: 'istio-system' })),
      [
        'create a VirtualService gray-demo/helloworld without hosts and gateways',
        'own destinations. First release what is running',
      ],
    ],
    [
      'of TCP',
      ADD_V2,
      held([virtualService(pinned.spec.http, {}, { tcp: [{ route: [to(undefined)] }] })]),
      [
        'the unnamed tcp[0] of VirtualService gray-demo/helloworld in east, west leads',
        'Give the destination of the unnamed tcp[0] of VirtualService gray-demo/helloworld the subset of the version that its users have now.',
      ],
    ],
  ])('%s', (_what, given, fleet, parts) => {
    const plan = (): unknown => planRollout(observe(given, fleet));
    for (const part of parts) expect(plan).toThrow(part);
  });

  test('where it names a subset, or only copies go there', () => {
    const shop = { name: 'shop', namespace: 'istio-system' };
    const fleet = held(
      [pinned],
      virtualService([{ route: [to('v1')] }], shop),
      virtualService([{ route: [toOther()], mirror: { host: HOST } }], { ...shop, name: 'mirror' }),
    );
    expect(planRollout(observe(ADD_V2, fleet)).routes).toHaveLength(2);
  });

  test('and a release does not open a second entrance for every host where one leads to it already', () => {
    const shop = virtualService([{ name: 'hello', route: [to('v1')] }], {
      name: 'shop',
      namespace: 'istio-system',
    });
    expect(() => planRollout(observe(ADD_V2, held([], shop)))).toThrow(
      'There is no VirtualService gray-demo/helloworld in east, west, but VirtualService istio-system/shop leads to helloworld there already. The release would open a second entrance next to it, for every host (*).',
    );
    const given = asked({ v1: 99, v2: 1 }, { traffic: { hosts: ['new.example.com'] } });
    expect(planRollout(observe(given, held([], shop))).routes).toHaveLength(2);
    const inside = { ...shop, spec: { ...shop.spec, gateways: ['mesh'] } };
    expect(planRollout(observe(ADD_V2, held([], inside))).routes).toHaveLength(2);
  });
});

describe('it is deployed', () => {
  const whole: readonly HttpRoute[] = [{ name: 'main', route: [to(undefined)] }];
  test.each<[string, Release, FleetState]>([
    ['where every managed route names subsets', ADD_V2, running([{ route: [to('v1')] }])],
    [
      'where the destination without a subset gets nothing',
      ADD_V2,
      running([{ route: [to('v1', 100), to(undefined, 0)] }]),
    ],
    ['where its users have it already', ADD_V2, running(whole, [versionPod('v2')])],
    ['where no pod serves users yet', ADD_V2, running(whole, [], [])],
    [
      'where it alone runs, in another cluster',
      asked({ v1: 100 }, { version: 'v1', placement: new Map([['v1', [EAST, WEST]]]) }),
      running(whole),
    ],
    [
      'where an image is not given, so that nothing is',
      asked({ v1: 100, v2: 0 }, { workload: { images: new Map() } }),
      running(whole),
    ],
  ])('%s', (_what, given, fleet) => {
    expect(planRollout(observe(given, fleet)).routes).toHaveLength(2);
  });

  test('and may come back, when earlier weights are given back', () => {
    expect(planRollback(observe(ADD_V2, running(whole)), weights({ v1: 100, v2: 0 })).routes).toHaveLength(2);
  });
});
