import { describe, expect, test } from '@jest/globals';
import type { HttpRoute, VirtualService } from '../../src/kubernetes/objects.ts';
import { observe } from '../../src/release/observation.ts';
import type { Release, TrafficSpec } from '../../src/release/release.ts';
import { describePlace, routeStateFor, readRouteStates } from '../../src/release/route-state.ts';
import { editsOf } from '../../src/release/weight-edits.ts';
import { planRollback, planRollout } from '../../src/release/plan.ts';
import type { Change } from '../../src/kubernetes/change.ts';
import { entrancesOf } from '../../src/istio/virtual-services.ts';
import { RECORD_ANNOTATION } from '../../src/release/history.ts';
import {
  HOST,
  clusterState,
  destinationRule,
  fleetOf,
  gateway,
  to,
  toOther,
  versionPod,
  virtualService,
} from '../support/objects.ts';
import { EAST, release, weights } from '../support/release.ts';

const MESH = { hosts: [HOST], gateways: ['mesh'] };
const outer = (...http: readonly HttpRoute[]): VirtualService => virtualService(http);
const inner = (...http: readonly HttpRoute[]): VirtualService =>
  virtualService(http, { name: 'inner' }, MESH);
const split = (v1: number, v2: number, name?: string): HttpRoute => ({
  ...(name === undefined ? {} : { name }),
  route: [to('v1', v1), to('v2', v2)],
});

const inEast = (traffic: Partial<TrafficSpec> = {}): Release =>
  release({
    configClusters: [EAST],
    clusters: [EAST],
    placement: new Map(),
    workload: { images: new Map() },
    traffic: { companions: ['inner'], ...traffic },
  });

const holding = (...virtualServices: readonly VirtualService[]): ReturnType<typeof fleetOf> =>
  fleetOf(
    clusterState(EAST, {
      traffic: { virtualServices, destinationRules: [destinationRule(['v1', 'v2'])], gateways: [gateway()] },
      pods: [versionPod('v1'), versionPod('v2')],
    }),
  );

/** `inner v1=60,v2=40`: the splits of the managed routes that some changes write. */
const splitsIn = (changes: readonly Change[]): readonly string[] =>
  changes.map(({ object }) => {
    const last = (object as VirtualService).spec.http?.at(-1);
    const shares = last?.route?.map(
      ({ destination, weight }) => `${destination.subset ?? ''}=${String(weight)}`,
    );
    return `${object.metadata.name} ${shares?.join(',') ?? ''}`;
  });

describe('several VirtualServices', () => {
  test('have an entry each, in the order named', () => {
    const inForce = readRouteStates(inEast(), holding(inner(split(80, 20)), outer(split(80, 20))));
    expect(inForce.map(({ virtualService: vs }) => vs?.metadata.name)).toEqual(['helloworld', 'inner']);
    expect(inForce.map((one) => describePlace(one, inForce))).toEqual(['east (helloworld)', 'east (inner)']);
  });

  test('change together, though one of them holds the weights already', () => {
    const given = inEast({ weights: weights({ v1: 60, v2: 40 }) });
    const plan = planRollout(observe(given, holding(outer(split(60, 40)), inner(split(100, 0)))));
    expect(splitsIn(plan.routes)).toEqual(['helloworld v1=60,v2=40', 'inner v1=60,v2=40']);
    expect(plan.subsets).toEqual([]);
  });

  test('hold a record each, so that an edit of either shows', () => {
    const given = inEast({ weights: weights({ v1: 60, v2: 40 }) });
    const plan = planRollout(observe(given, holding(outer(split(100, 0)), inner(split(100, 0)))));
    const [first, second] = plan.routes.map(({ object }) => object as VirtualService);
    expect(second?.metadata.annotations?.[RECORD_ANNOTATION]).toBe(
      first?.metadata.annotations?.[RECORD_ANNOTATION],
    );
    const edited = { ...inner(split(10, 90)), metadata: second?.metadata ?? { name: 'inner' } };
    const edits = editsOf(readRouteStates(given, holding(...(first === undefined ? [] : [first]), edited)));
    expect(edits.map(({ object }) => object.metadata.name)).toEqual(['inner']);
  });

  test('with different weights leave none to be kept', () => {
    const fleet = holding(outer(split(80, 20)), inner(split(100, 0)));
    expect(() => planRollout(observe(inEast(), fleet))).toThrow(
      'Input weights is not set, and the clusters hold different weights: v1=80,v2=20 in east (helloworld), v1=100,v2=0 in east (inner).',
    );
  });

  test('have the routes that the input names, each its own, and else the only one', () => {
    const admin: HttpRoute = { name: 'admin', route: [to('v1')] };
    const given = inEast({ routes: ['main'], weights: weights({ v1: 60, v2: 40 }) });
    const plan = planRollout(
      observe(given, holding(outer(admin, split(100, 0, 'main')), inner(split(100, 0)))),
    );
    expect(splitsIn(plan.routes)).toEqual(['helloworld v1=60,v2=40', 'inner v1=60,v2=40']);
  });

  test.each<[string, readonly VirtualService[], string]>([
    ['is missing', [outer(split(80, 20))], 'There is no VirtualService gray-demo/inner in east.'],
    [
      'leads elsewhere',
      [outer(split(80, 20)), inner({ route: [toOther()] })],
      'VirtualService gray-demo/inner in east does not lead to helloworld.',
    ],
  ])('of which one %s are refused', (_what, virtualServices, message) => {
    expect(() => readRouteStates(inEast(), holding(...virtualServices))).toThrow(message);
  });

  test('are told where a name of the input routes stands in none of them', () => {
    const given = inEast({ routes: ['mian'] });
    expect(() => readRouteStates(given, holding(outer(split(80, 20)), inner(split(80, 20))))).toThrow(
      'Input routes names "mian", but VirtualService gray-demo/helloworld has no HTTP route with that name or position',
    );
  });

  test('are refused where none was chosen, and one does not change alone', () => {
    const given = inEast({ companions: undefined, weights: weights({ v1: 60, v2: 40 }) });
    const fleet = holding(outer(split(80, 20)), inner({ route: [to('v1')] }));
    expect(() => planRollout(observe(given, fleet))).toThrow(
      'Besides helloworld, VirtualService gray-demo/inner in east routes to versions of helloworld. Set the input virtual-service to those that should change together (helloworld, inner), or to only helloworld to leave the others unchanged.',
    );
    expect(
      planRollout(observe(inEast({ companions: [], weights: weights({ v1: 60, v2: 40 }) }), fleet)).routes,
    ).toHaveLength(1);
    expect(planRollback(observe(given, fleet), weights({ v1: 60, v2: 40 })).routes).toHaveLength(1);
  });

  test('that name no version of the service are nobody else', () => {
    const given = inEast({ companions: undefined, weights: weights({ v1: 60, v2: 40 }) });
    const fleet = holding(outer(split(80, 20)), inner({ route: [to(undefined)] }));
    expect(planRollout(observe(given, fleet)).routes).toHaveLength(1);
  });

  test('serve an ingress by the one that is bound to a gateway', () => {
    const given = inEast({ virtualService: 'inner', companions: ['helloworld'] });
    const inForce = readRouteStates(given, holding(outer(split(80, 20)), inner(split(80, 20))));
    expect(routeStateFor(inForce, EAST)?.virtualService?.metadata.name).toBe('helloworld');
  });
});

describe('TCP and TLS routes', () => {
  const streams = (v1: number, v2?: number): Readonly<Record<string, unknown>> => {
    const route = [to('v1', v1), ...(v2 === undefined ? [] : [to('v2', v2)])];
    return { tcp: [{ route: [toOther(100)] }, { route }], tls: [{ match: [{ sniHosts: ['a'] }], route }] };
  };
  const alone = inEast({ companions: undefined, weights: weights({ v1: 60, v2: 40 }) });

  test('hold the weights of the HTTP route, without headers; those of other hosts stay', () => {
    const plan = planRollout(observe(alone, holding(virtualService([split(100, 0)], {}, streams(100)))));
    expect(plan.routes[0]?.object).toMatchObject({ spec: streams(60, 40) });
  });

  test('of a VirtualService without HTTP routes move with those of another', () => {
    const stream = virtualService(undefined, { name: 'inner' }, { ...MESH, ...streams(100) });
    const given = inEast({ weights: weights({ v1: 60, v2: 40 }) });
    const plan = planRollout(observe(given, holding(outer(split(100, 0)), stream)));
    expect(plan.routes[1]?.object['spec']).toEqual({ ...MESH, ...streams(60, 40) });
  });

  test('alone are refused', () => {
    const fleet = holding(virtualService(undefined, {}, streams(100)));
    expect(() => planRollout(observe(alone, fleet))).toThrow(
      /leads to helloworld only through TCP or TLS routes/,
    );
  });

  test('that hold other weights than the HTTP route are told', () => {
    const fleet = holding(virtualService([split(80, 20)], {}, streams(50, 50)));
    expect(() => planRollout(observe(alone, fleet))).toThrow(
      'The managed routes of VirtualService gray-demo/helloworld hold different weights by route (the unnamed http[0]: v1=80,v2=20; the unnamed tcp[1]: v1=50,v2=50',
    );
  });

  test('without subsets are left alone: they split nothing', () => {
    const tcp = [{ route: [to(undefined)] }];
    const plan = planRollout(observe(alone, holding(virtualService([split(100, 0)], {}, { tcp }))));
    expect(plan.routes[0]?.object).toMatchObject({ spec: { tcp } });
  });
});

describe('a delegate', () => {
  const delegate = virtualService([split(80, 20)], {}, { hosts: undefined, gateways: undefined });
  const root = (reference: Readonly<Record<string, string>>, namespace = 'front'): VirtualService =>
    virtualService([{ delegate: reference }], { name: 'root', namespace }, { gateways: ['door'] });

  test.each<[string, VirtualService, boolean]>([
    ['that names it with its namespace', root({ name: 'helloworld', namespace: 'gray-demo' }), true],
    ['of its own namespace', root({ name: 'helloworld' }, 'gray-demo'), true],
    ['of another namespace, that names one there', root({ name: 'helloworld' }), false],
    ['that names another', root({ name: 'other', namespace: 'gray-demo' }), false],
  ])('is entered by a root %s: %j', (_what, one, is) => {
    expect(entrancesOf([delegate], [one])).toEqual(is ? [one] : []);
  });

  test('is told where its root is named in its place', () => {
    const own = virtualService([{ delegate: { name: 'parts' } }]);
    const parts = virtualService([split(80, 20)], { name: 'parts' }, { hosts: undefined });
    expect(() => readRouteStates(inEast({ companions: undefined }), holding(own, parts))).toThrow(
      'VirtualService gray-demo/helloworld in east leaves the routes to helloworld to its delegate parts. Set the input virtual-service to parts.',
    );
  });
});
