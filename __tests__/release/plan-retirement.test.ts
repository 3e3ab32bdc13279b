import { describe, expect, test } from '@jest/globals';
import type { Change } from '../../src/kubernetes/change.ts';
import { nameOf } from '../../src/kubernetes/objects.ts';
import type {
  Deployment,
  HttpRoute,
  KubeObject,
  Service,
  VirtualService,
} from '../../src/kubernetes/objects.ts';
import { observe } from '../../src/release/observation.ts';
import { RECORD_ANNOTATION, recordOf } from '../../src/release/history.ts';
import type { Release } from '../../src/release/release.ts';
import { planRetirement } from '../../src/release/plan-retirement.ts';
import type { Retirement } from '../../src/release/plan-retirement.ts';
import { namesSubset } from '../../src/istio/routes.ts';
import type { FleetState } from '../../src/release/state.ts';
import { withoutSubset } from '../../src/istio/destination-rule-edits.ts';
import {
  APP,
  HOST,
  NAMESPACE,
  clusterState,
  deployment,
  destinationRule,
  fleetOf,
  service,
  to,
  toOther,
  virtualService,
} from '../support/objects.ts';
import { EAST, WEST, release, weights } from '../support/release.ts';

const told = (changes: readonly Change[]): readonly string[] =>
  changes.map(({ cluster, verb, object }) => `${cluster} ${verb} ${nameOf(object)}`);

const named = (one: Deployment): Deployment => ({
  ...one,
  metadata: { ...one.metadata, namespace: NAMESPACE },
});
const V1 = named(deployment('helloworld-v1', { app: APP, version: 'v1' }));
const V2 = named(deployment('helloworld-v2', { app: APP, version: 'v2' }));
const PREVIEW: HttpRoute = {
  name: 'canary-preview-v1',
  match: [{ headers: { 'x-canary-version': { exact: 'v1' } } }],
  route: [to('v1')],
};
const MANAGED: HttpRoute = { name: APP, route: [to('v1', 0), to('v2', 100)] };

interface Held {
  readonly http?: readonly HttpRoute[];
  readonly record?: Readonly<Record<string, unknown>>;
  readonly subsets?: readonly string[];
  readonly deployments?: readonly Deployment[];
}

/** East and west, released to v2 entirely. */
function fleetWith({
  http = [PREVIEW, MANAGED],
  record,
  subsets = ['v1', 'v2', 'extra'],
  deployments = [V1, V2],
}: Held = {}): FleetState {
  const annotations =
    record === undefined ? {} : { [RECORD_ANNOTATION]: JSON.stringify({ app: APP, revision: 7, ...record }) };
  return fleetOf(
    ...[EAST, WEST].map((name) =>
      clusterState(name, {
        service: service(),
        deployments,
        traffic: {
          virtualServices: [virtualService(http, { annotations })],
          destinationRules: [destinationRule(subsets)],
        },
      }),
    ),
  );
}

function retire(
  fleet: FleetState,
  given: Release = release({ version: 'v1' }),
  others: readonly VirtualService[] = [],
  brought: readonly KubeObject[] = [],
  services: readonly Service[] = [],
): Retirement {
  const whole = new Map(
    [...fleet].map(([name, { traffic, ...state }]) => [
      name,
      clusterState(name, {
        ...state,
        traffic: traffic && {
          ...traffic,
          everywhere: {
            ...traffic.everywhere,
            virtualServices: [...traffic.virtualServices, ...others],
          },
        },
      }),
    ]),
  );
  return planRetirement(observe(given, whole), new Map([[EAST, brought]]), new Map([[EAST, services]]));
}

describe('beside other Services of the namespace, the workload of a version', () => {
  const direct = service({ selector: { app: APP, version: 'v1' } }, { name: 'helloworld-v1' });
  const inEast = ({ workloads, left }: Retirement): readonly (readonly string[])[] => [
    told(workloads).filter((text) => text.startsWith(EAST)),
    left.flatMap(({ cluster, reason }) => (cluster === EAST ? [reason] : [])),
  ];
  const GONE = 'east delete Deployment gray-demo/helloworld-v1';

  test('stays where one leads to its pods alone', () => {
    expect(inEast(retire(fleetWith(), undefined, [], [], [direct]))).toEqual([
      [],
      [
        'Service gray-demo/helloworld-v1 leads only to its pods; delete that Service first, then run retire again',
      ],
    ]);
  });

  test.each<[string, Service]>([
    ['that of the release', service()],
    ['one that leads to other pods too', service({ selector: { app: APP } }, { name: 'all' })],
    ['one without a selector', service({ selector: {} }, { name: 'manual' })],
    ['one of another app', service({ selector: { app: 'other' } }, { name: 'other' })],
  ])('goes in spite of %s', (_what, one) => {
    expect(inEast(retire(fleetWith(), undefined, [], [], [one]))).toEqual([[GONE], []]);
  });

  test('goes with one of its manifests', () => {
    const own = { ...direct, metadata: { ...direct.metadata, labels: { version: 'v1' } } };
    expect(inEast(retire(fleetWith(), undefined, [], [own], [own]))).toEqual([
      [GONE, 'east delete Service gray-demo/helloworld-v1'],
      [],
    ]);
  });
});

const routesIn = ({ routes }: Retirement): readonly (HttpRoute | undefined)[] =>
  routes.flatMap(({ object }) => (object as VirtualService).spec.http ?? []);

describe('retiring a version without traffic', () => {
  const plan = retire(
    fleetWith({
      record: { weights: { v1: 0, v2: 100 }, history: [{ v1: 100 }, { v1: 50, v2: 50 }, { v1: 0, v2: 100 }] },
    }),
  );

  test('takes it out of the routes, and deletes its workload and its subset, in every cluster', () => {
    expect([told(plan.routes), told(plan.subsets), told(plan.workloads)]).toEqual([
      ['east update VirtualService gray-demo/helloworld', 'west update VirtualService gray-demo/helloworld'],
      [
        'east update DestinationRule gray-demo/helloworld',
        'west update DestinationRule gray-demo/helloworld',
      ],
      ['east delete Deployment gray-demo/helloworld-v1', 'west delete Deployment gray-demo/helloworld-v1'],
    ]);
  });

  test('leaves the others all of the traffic', () => {
    expect(plan.weights).toEqual(weights({ v2: 100 }));
  });

  test('leaves neither destination nor preview of it', () => {
    expect(JSON.stringify(routesIn(plan))).not.toContain('v1"');
  });

  test('leaves the other subsets', () => {
    expect(plan.subsets.map(({ object }) => object['spec'])).toMatchObject(
      [EAST, WEST].map(() => ({ subsets: [{ name: 'v2' }, { name: 'extra' }] })),
    );
  });

  test('forgets the weights that cannot be given back any more', () => {
    expect(plan.routes.map(({ object }) => recordOf(object, 'helloworld')?.history)).toEqual([
      [weights({ v2: 100 })],
      [weights({ v2: 100 })],
    ]);
  });

  test('goes under a revision of its own', () => {
    expect(plan.revision).toBe(8);
  });
});

describe('the version to retire', () => {
  const unnamed = release({ version: undefined });

  test('is the one named', () => {
    expect(retire(fleetWith()).version).toBe('v1');
  });

  test('is the only one without traffic, where none is named', () => {
    expect(retire(fleetWith(), unnamed).version).toBe('v1');
  });

  test.each<[string, readonly HttpRoute[], string]>([
    ['several are without traffic', [{ route: [to('v0', 0), to('v1', 0), to('v2', 100)] }], 'v0, v1'],
    ['none is', [{ route: [to('v1', 50), to('v2', 50)] }], 'none'],
  ])('must be named where %s', (_what, http, idle) => {
    expect(() => retire(fleetWith({ http }), unnamed)).toThrow(
      `Input version: which version should be retired? Those without traffic are ${idle}.`,
    );
  });
});

describe('nothing is retired', () => {
  test('where nothing has been released', () => {
    const empty = fleetOf(clusterState(EAST), clusterState(WEST));
    expect(() => retire(empty)).toThrow(
      'There is no VirtualService helloworld in east, west: nothing has been released there yet. Run the operation rollout first.',
    );
  });

  test.each<[string, Held, string]>([
    [
      'that still has traffic',
      { http: [{ route: [to('v1', 20), to('v2', 80)] }] },
      'v1 still has traffic (20% in east, 20% in west). Bring its weight to 0 first, with rollout or promote.',
    ],
    [
      'where someone edited the route',
      { record: { weights: { v1: 10, v2: 90 } } },
      'Nothing is retired until that is resolved. To restore the recorded weights, run the operation rollback with weights: v1=10,v2=90. To go on from the new ones, run the operation rollout with weights: v1=0,v2=100.',
    ],
    [
      'where no route gives weights to versions',
      { http: [{ route: [to(undefined)] }] },
      'VirtualService gray-demo/helloworld in east gives no weights to versions, so no version can be retired. Run the operation rollout first.',
    ],
    [
      'that a mirror of the route still names',
      { http: [{ ...MANAGED, mirror: { host: HOST, subset: 'v1' } }] },
      'The subset v1 is still named by VirtualService gray-demo/helloworld in east, VirtualService gray-demo/helloworld in west. Remove it there first: requests to a missing subset fail.',
    ],
  ])('%s', (_what, held, message) => {
    expect(() => retire(fleetWith(held))).toThrow(message);
  });

  test('that another VirtualService still names, of whatever namespace', () => {
    const other = virtualService([{ route: [to('v1')] }], { name: 'internal', namespace: 'elsewhere' });
    expect(() => retire(fleetWith(), undefined, [other])).toThrow(
      'The subset v1 is still named by VirtualService elsewhere/internal in east',
    );
  });
});

/** An object of the user's manifests, as it stands. */
const brought = (kind: string, labels: Readonly<Record<string, string>>): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name: 'settings', namespace: NAMESPACE, labels },
});

describe('what is deleted', () => {
  test('is no Deployment of another app', () => {
    const other = named(deployment('other-v1', { app: 'other', version: 'v1' }));
    expect(told(retire(fleetWith({ deployments: [other, V1, V2] })).workloads)).toEqual([
      'east delete Deployment gray-demo/helloworld-v1',
      'west delete Deployment gray-demo/helloworld-v1',
    ]);
  });

  test('is nothing that is on its way out already', () => {
    const going = { ...V1, metadata: { ...V1.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
    const { workloads, left } = retire(fleetWith({ deployments: [going, V2] }), undefined, [], [going]);
    expect([workloads, left]).toEqual([[], []]);
  });

  test('is nothing where it is gone already', () => {
    const gone = retire(fleetWith({ subsets: ['v2'], deployments: [V2] }));
    expect([gone.subsets, gone.workloads]).toEqual([[], []]);
  });

  test('is what the manifests brought for it and is labelled as of the version', () => {
    const objects = [V1, brought('ConfigMap', { version: 'v1' })];
    const { workloads, left } = retire(fleetWith(), undefined, [], objects);
    expect([told(workloads), left]).toEqual([
      [
        'east delete Deployment gray-demo/helloworld-v1',
        'east delete ConfigMap gray-demo/settings',
        'west delete Deployment gray-demo/helloworld-v1',
      ],
      [],
    ]);
  });

  test.each<[string, KubeObject, string]>([
    [
      'without the label',
      brought('ConfigMap', {}),
      'without the label version: v1 it may serve other versions too',
    ],
    [
      'that is labelled as of another version',
      brought('ConfigMap', { version: 'v2' }),
      'it is labelled version: v2',
    ],
    [
      'that holds data',
      brought('PersistentVolumeClaim', { version: 'v1' }),
      'a PersistentVolumeClaim is never deleted',
    ],
    [
      'that others depend on',
      brought('CustomResourceDefinition', { version: 'v1' }),
      'a CustomResourceDefinition is never deleted',
    ],
    ['that holds everything', brought('Namespace', { version: 'v1' }), 'a Namespace is never deleted'],
  ])('is nothing %s, and that is told', (_what, object, reason) => {
    const { workloads, left } = retire(fleetWith({ deployments: [V2] }), undefined, [], [object]);
    expect([workloads, left]).toEqual([[], [{ cluster: EAST, object, reason }]]);
  });
});

describe('a VirtualService names a subset', () => {
  const SERVICE = { app: APP, namespace: NAMESPACE };

  test.each<[string, VirtualService, boolean]>([
    ['in a route', virtualService([{ route: [to('v1', 100)] }]), true],
    ['in a route at weight 0', virtualService([{ route: [to('v2', 100), to('v1', 0)] }]), true],
    [
      'in a mirror',
      virtualService([{ route: [to('v2')], mirrors: [{ destination: { host: HOST, subset: 'v1' } }] }]),
      true,
    ],
    [
      'in a TCP route',
      virtualService(undefined, {}, { tcp: [{ route: [{ destination: { host: APP, subset: 'v1' } }] }] }),
      true,
    ],
    [
      'in a TLS route',
      virtualService(undefined, {}, { tls: [{ route: [{ destination: { host: APP, subset: 'v1' } }] }] }),
      true,
    ],
    ['not by another one', virtualService([{ route: [to('v2')] }]), false],
    [
      'not of another host',
      virtualService([{ route: [{ destination: { host: 'other', subset: 'v1' } }, toOther()] }]),
      false,
    ],
    [
      'not by a short name in another namespace',
      virtualService([{ route: [{ destination: { host: APP, subset: 'v1' } }] }], { namespace: 'elsewhere' }),
      false,
    ],
    ['not without routes', virtualService(undefined), false],
  ])('%s', (_what, vs, names) => {
    expect(namesSubset(vs, SERVICE, 'v1')).toBe(names);
  });
});

test('a rule without a list of subsets has none to lose', () => {
  const rule = { ...destinationRule([]), spec: { host: APP } };
  expect(withoutSubset(rule, 'v1').spec.subsets ?? []).toEqual([]);
});
