import { ROUTE_APIS } from '../../src/release/route-apis.ts';
import { inEnglish } from '../../src/texts/texts.ts';
import { describe, expect, test } from '@jest/globals';
import { RECORD_ANNOTATION } from '../../src/release/history.ts';
import { routeChangesSince, isSharedWithOtherHosts, readRouteStates } from '../../src/release/route-state.ts';
import { describeEdit, editsOf } from '../../src/release/weight-edits.ts';
import { trafficOf } from '../../src/release/state.ts';
import type { RouteState } from '../../src/release/route-state.ts';
import type { ObjectMeta, VirtualService } from '../../src/kubernetes/objects.ts';
import type { FleetState } from '../../src/release/state.ts';
import type { TrafficState } from '../../src/istio/traffic-state.ts';
import {
  HOST,
  clusterState,
  destinationRule,
  fleetOf,
  to,
  toOther,
  virtualService,
} from '../support/objects.ts';
import { EAST, WEST, release, weights } from '../support/release.ts';

const east = (traffic: Partial<TrafficState>): FleetState => fleetOf(clusterState(EAST, { traffic }));
const inEast = release({ configClusters: [EAST] });

const recorded = (record: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> => ({
  [RECORD_ANNOTATION]: JSON.stringify({ app: 'helloworld', ...record }),
});

describe('what a config cluster holds', () => {
  test('is nothing before the first release', () => {
    expect(readRouteStates(inEast, east({}))).toEqual([
      {
        cluster: EAST,
        object: undefined,
        virtualService: undefined,
        api: ROUTE_APIS.VirtualService,
        choice: { service: { app: 'helloworld', namespace: 'gray-demo' }, routes: undefined },
        destinationRule: undefined,
        deciding: { rules: [], subsets: [], policy: undefined },
        accord: 'same',
        weights: undefined,
        revision: undefined,
        record: undefined,
      },
    ]);
  });

  test('is told by VirtualService, DestinationRule and record', () => {
    const marked = to('v1', 100, { headers: { response: { set: { 'x-canary-revision': '3' } } } });
    const vs = virtualService([{ route: [toOther(0), marked] }], {
      annotations: recorded({ revision: 3, weights: { v1: 100 } }),
    });
    const rule = destinationRule(['v1']);
    expect(readRouteStates(inEast, east({ virtualServices: [vs], destinationRules: [rule] }))).toEqual([
      {
        cluster: EAST,
        object: vs,
        virtualService: vs,
        api: ROUTE_APIS.VirtualService,
        choice: { service: { app: 'helloworld', namespace: 'gray-demo' }, routes: undefined },
        destinationRule: rule,
        deciding: { rules: [rule], subsets: rule.spec.subsets, policy: undefined },
        accord: 'same',
        weights: weights({ v1: 100 }),
        revision: '3',
        record: { app: 'helloworld', revision: 3, weights: weights({ v1: 100 }), history: [] },
      },
    ]);
  });

  test('is read from every config cluster, in the order named, and from no other', () => {
    const fleet = fleetOf(
      clusterState(EAST),
      clusterState(WEST),
      clusterState('north', { traffic: undefined }),
    );
    const given = release({ clusters: [EAST, WEST, 'north'], configClusters: [WEST, EAST] });
    expect(readRouteStates(given, fleet).map(({ cluster }) => cluster)).toEqual([WEST, EAST]);
  });

  test('a problem with its routes names the cluster', () => {
    const vs = virtualService([
      { name: 'a', route: [to('v1')] },
      { name: 'b', route: [to('v1')] },
    ]);
    expect(() => readRouteStates(inEast, east({ virtualServices: [vs] }))).toThrow(
      /^In east: VirtualService gray-demo\/helloworld has 2 HTTP routes/,
    );
  });

  test('a cluster that was not read as a config cluster is a defect', () => {
    expect(() => trafficOf(fleetOf(clusterState(EAST, { traffic: undefined })), EAST)).toThrow(
      'east was not read as a config cluster',
    );
  });
});

describe('objects of other names', () => {
  const other: Partial<ObjectMeta> = { name: 'public' };

  test.each<[string, Partial<TrafficState>, string]>([
    [
      'a VirtualService that routes to the app',
      { virtualServices: [virtualService([{ route: [to(undefined)] }], other)] },
      'There is no VirtualService gray-demo/helloworld in east, but VirtualService gray-demo/public routes to helloworld. Set the input virtual-service to public.',
    ],
    [
      'a DestinationRule for the app without a subset of the release',
      { destinationRules: [destinationRule(['blue'], other)] },
      'There is no DestinationRule gray-demo/helloworld in east, but DestinationRule gray-demo/public is for helloworld. Set the input destination-rule to public.',
    ],
    [
      'a DestinationRule for the app, by its full name',
      { destinationRules: [destinationRule([], other, { host: HOST })] },
      'Set the input destination-rule to public.',
    ],
    [
      'a DestinationRule of the name, for another host',
      { destinationRules: [destinationRule(['v1'], {}, { host: 'other' })] },
      'DestinationRule gray-demo/helloworld in east is for host other, not for helloworld. Set the input destination-rule to another name.',
    ],
  ])('%s is refused, naming the input', (_what, traffic, message) => {
    expect(() => readRouteStates(inEast, east(traffic))).toThrow(message);
  });

  test.each<[string, Partial<TrafficState>]>([
    [
      'a VirtualService that routes elsewhere',
      { virtualServices: [virtualService([{ route: [toOther()] }], other)] },
    ],
    [
      'a VirtualService of TCP routes alone',
      { virtualServices: [virtualService(undefined, other, { tcp: [] })] },
    ],
    [
      'a DestinationRule for another host',
      { destinationRules: [destinationRule(['v1'], other, { host: 'other' })] },
    ],
  ])('%s is no matter', (_what, traffic) => {
    expect(readRouteStates(inEast, east(traffic))).toMatchObject([
      { virtualService: undefined, destinationRule: undefined },
    ]);
  });

  test('a DestinationRule that has the subsets is taken whatever its name, and before the one of the name', () => {
    const rule = destinationRule(['v1'], other);
    const platform = destinationRule([]);
    for (const destinationRules of [[rule], [platform, rule]])
      expect(readRouteStates(inEast, east({ destinationRules }))).toMatchObject([{ destinationRule: rule }]);
  });

  test('the one that the input names is taken', () => {
    const vs = virtualService([{ route: [to('v1', 70), to('v2', 30)] }], other);
    const given = release({ configClusters: [EAST], traffic: { virtualService: 'public' } });
    expect(readRouteStates(given, east({ virtualServices: [vs] }))[0]?.weights).toEqual(
      weights({ v1: 70, v2: 30 }),
    );
  });
});

describe('an edit by someone else', () => {
  const held = (vs: VirtualService): readonly RouteState[] =>
    readRouteStates(inEast, east({ virtualServices: [vs] }));
  const annotations = recorded({ revision: 3, weights: { v1: 80, v2: 20 } });

  test('is a route with other weights than those recorded', () => {
    expect(
      editsOf(held(virtualService([{ route: [to('v1', 50), to('v2', 50)] }], { annotations }))),
    ).toMatchObject([
      { cluster: EAST, recorded: weights({ v1: 80, v2: 20 }), found: weights({ v1: 50, v2: 50 }) },
    ]);
  });

  test('is a route that gives no weights any more', () => {
    expect(editsOf(held(virtualService([{ route: [to(undefined)] }], { annotations })))).toMatchObject([
      { found: undefined },
    ]);
  });

  test.each<[string, VirtualService]>([
    ['the recorded weights', virtualService([{ route: [to('v1', 80), to('v2', 20)] }], { annotations })],
    [
      'the recorded weights in another order',
      virtualService([{ route: [to('v2', 20), to('v1', 80)] }], { annotations }),
    ],
    [
      'another version at 0 beside them',
      virtualService([{ route: [to('v1', 80), to('v2', 20), to('v3', 0)] }], { annotations }),
    ],
    ['no record', virtualService([{ route: [to('v1', 50), to('v2', 50)] }])],
    [
      'a record without weights',
      virtualService([{ route: [to('v1', 50)] }], { annotations: recorded({ revision: 1 }) }),
    ],
    [
      'a record that cannot be read',
      virtualService([{ route: [to('v1', 50)] }], { annotations: { [RECORD_ANNOTATION]: '{' } }),
    ],
  ])('is none with %s', (_what, vs) => {
    expect(editsOf(held(vs))).toEqual([]);
  });

  test('is none where the record is that of another app in the same VirtualService', () => {
    const theirs = recorded({ app: 'other', revision: 3, weights: { v1: 10, v9: 90 } });
    expect(
      editsOf(held(virtualService([{ route: [to('v1', 80), to('v2', 20)] }], { annotations: theirs }))),
    ).toEqual([]);
  });

  test('is told with both weights, and who wrote last', () => {
    const managedFields = [
      { manager: 'kubectl-edit', operation: 'Update', time: '2026-11-22T10:00:00Z' },
      { manager: 'multicluster-canary', operation: 'Update', time: '2026-11-21T10:00:00Z' },
    ];
    const vs = virtualService([{ route: [to('v1', 50), to('v2', 50)] }], { annotations, managedFields });
    expect(editsOf(held(vs)).map(describeEdit)).toEqual([
      'VirtualService gray-demo/helloworld in east holds v1=50,v2=50 instead of the v1=80,v2=20 that the last release step wrote (last written by kubectl-edit at 2026-11-22T10:00:00Z)',
    ]);
  });

  test.each([
    ['managed fields', undefined],
    ['a manager', [{}]],
  ])('is told without %s as well', (_what, managedFields) => {
    const vs = virtualService([{ route: [to('v1')] }], {
      annotations,
      ...(managedFields === undefined ? {} : { managedFields }),
    });
    expect(editsOf(held(vs)).map(describeEdit)).toEqual([
      'VirtualService gray-demo/helloworld in east holds v1=100 instead of the v1=80,v2=20 that the last release step wrote',
    ]);
  });
});

describe('a share of the managed routes', () => {
  const shared = (http: VirtualService['spec']['http'], routes?: readonly string[]): boolean => {
    const traffic = { virtualServices: [virtualService(http ?? [])] };
    const asked = release({ configClusters: [EAST], traffic: { routes } });
    return isSharedWithOtherHosts(readRouteStates(asked, east(traffic)), EAST);
  };
  const main = { name: 'main', route: [to('v1', 100)] };
  const both = { name: 'both', route: [to('v1', 50), toOther(50)] };

  test.each<[string, VirtualService['spec']['http'], readonly string[] | undefined, boolean]>([
    ['leads elsewhere beside another host', [both], undefined, true],
    ['stays where the service is alone', [main], undefined, false],
    ['stays where another host has weight 0', [{ route: [to('v1', 100), toOther(0)] }], undefined, false],
    ['stays where a route of its own leads elsewhere', [{ route: [toOther()] }, main], undefined, false],
    ['stays where a route that is not managed is shared', [main, both], ['main'], false],
    ['leads elsewhere where one of those managed does', [main, both], ['main', 'both'], true],
    ['stays where there is none', [], undefined, false],
  ])('%s', (_what, http, routes, expected) => {
    expect(shared(http, routes)).toBe(expected);
  });
});

describe('between two looks', () => {
  const held = (cluster: string, revision: number, asked: Readonly<Record<string, number>>): RouteState => ({
    cluster,
    object: virtualService([]),
    virtualService: virtualService([]),
    api: ROUTE_APIS.VirtualService,
    choice: { service: { app: 'helloworld', namespace: 'gray-demo' }, routes: undefined },
    destinationRule: undefined,
    deciding: { rules: [], subsets: [], policy: undefined },
    accord: 'same',
    weights: weights(asked),
    revision: String(revision),
    record: { app: 'helloworld', revision, weights: weights(asked), history: [] },
  });
  const before = [held(EAST, 7, { v1: 80, v2: 20 }), held(WEST, 7, { v1: 80, v2: 20 })];

  test('nothing has changed where all holds what it held', () => {
    expect(routeChangesSince(before, [...before])).toEqual([]);
  });

  test.each<[string, RouteState, string]>([
    [
      'another revision',
      held(WEST, 8, { v1: 80, v2: 20 }),
      'west: revision 7, v1=80,v2=20 → revision 8, v1=80,v2=20',
    ],
    [
      'other weights',
      held(WEST, 7, { v1: 50, v2: 50 }),
      'west: revision 7, v1=80,v2=20 → revision 7, v1=50,v2=50',
    ],
  ])('%s is told with the place', (_what, later, told) => {
    expect(routeChangesSince(before, [before[0] ?? later, later]).map(inEnglish)).toEqual([told]);
  });

  test('a VirtualService that is gone is told', () => {
    expect(routeChangesSince(before, before.slice(0, 1)).map(inEnglish)).toEqual([
      'west: revision 7, v1=80,v2=20 → revision none, no weights',
    ]);
  });
});

test.each(['helloworld.gray-demo', 'helloworld.gray-demo.svc'])(
  'a DestinationRule for host %s is refused: Istio does not complete that name',
  (host) => {
    const destinationRules = [destinationRule(['v1'], {}, { host })];
    expect(() => readRouteStates(inEast, east({ destinationRules }))).toThrow(
      `DestinationRule gray-demo/helloworld in east is for host ${host}, which names no service: Istio completes only names without a dot, so its subsets apply to nothing. Write the full name, ${HOST}, then re-run this step.`,
    );
  },
);
