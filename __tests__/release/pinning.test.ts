import { describe, expect, test } from '@jest/globals';
import type { HttpRoute, Pod } from '../../src/release/objects.ts';
import { planRollout } from '../../src/release/plan.ts';
import type { Release } from '../../src/release/release.ts';
import type { FleetState } from '../../src/release/state.ts';
import {
  APP,
  clusterState,
  fleetOf,
  pod,
  service,
  to,
  toOther,
  versionPod,
  virtualService,
} from '../support/objects.ts';
import { EAST, WEST, release, weights } from '../support/release.ts';

/** v1 runs in east, behind a route of both clusters. */
function running(
  routes: readonly HttpRoute[],
  west: readonly Pod[] = [],
  east = [versionPod('v1')],
): FleetState {
  const traffic = { virtualServices: [virtualService(routes)] };
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
    expect(() => planRollout(ADD_V2, running(routes, west))).toThrow(
      'Without a subset, route main of VirtualService gray-demo/helloworld in east, route main of VirtualService gray-demo/helloworld in west lead to all pods of helloworld: users would get v2 as soon as a pod of it in west is ready, before it was previewed and whatever its weight. ' +
        "Release what runs first, which pins the traffic to its subset: weights: v1=100; version: v1; clusters: 'v1: east'; config-clusters: east, west; without image and manifests of v2. Then add v2.",
    );
  });

  test('beside several that run, which are then released together', () => {
    const v3 = pod('helloworld-v3-0', { app: APP, version: 'v3' });
    expect(() => planRollout(ADD_V2, running([{ route: [to(undefined)] }], [v3]))).toThrow(
      "weights: v1=50,v3=50; version: v1; clusters: 'v1: east, v3: west';",
    );
  });

  test('beside pods that carry no version, which no subset could select', () => {
    const bare = pod('helloworld-0', { app: APP });
    expect(() => planRollout(ADD_V2, running([{ route: [to(undefined)] }], [], [bare]))).toThrow(
      'Give the pods that serve it now the label version first, so that a subset can select them.',
    );
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
    expect(planRollout(given, fleet).routes).toHaveLength(2);
  });

  test('and may come back, when earlier weights are given back', () => {
    expect(planRollout(ADD_V2, running(whole), 'back').routes).toHaveLength(2);
  });
});
