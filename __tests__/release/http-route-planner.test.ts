import { describe, expect, test } from '@jest/globals';
import { inEnglish, textsIn } from '../../src/texts/texts.ts';
import type { GRPCRoute, HTTPRoute, HTTPRouteRule } from '../../src/gateway-api/objects.ts';
import type { GatewayApiState } from '../../src/gateway-api/state.ts';
import { CanaryError } from '../../src/core/errors.ts';
import type { Change } from '../../src/kubernetes/change.ts';
import { blindSpotsIn } from '../../src/release/blind-spots.ts';
import type { DestinationRule, Service } from '../../src/kubernetes/objects.ts';
import { observe } from '../../src/release/observation.ts';
import { planRetirement } from '../../src/release/plan-retirement.ts';
import { planRollout } from '../../src/release/plan.ts';
import type { Plan } from '../../src/release/plan.ts';
import type { Release } from '../../src/release/release.ts';
import { answeringRivals } from '../../src/release/answering-rivals.ts';
import { rulesAhead } from '../../src/release/rival-rules.ts';
import { rivalSpots } from '../../src/release/rival-spots.ts';
import type { ClusterState } from '../../src/release/state.ts';
import { attachedRoute, gatewayApiState, kubeGateway, listener } from '../support/gateways.ts';
import {
  APP,
  NAMESPACE,
  clusterState,
  destinationRule,
  fleetOf,
  pod,
  service,
  to,
  virtualService,
} from '../support/objects.ts';
import { EAST, WEST, release, weights } from '../support/release.ts';

const given = release({ placement: new Map(), traffic: { weights: weights({ v1: 80, v2: 20 }) } });
const READY = { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } };
const rule = (backendRefs: HTTPRouteRule['backendRefs'], rest: HTTPRouteRule = {}): HTTPRouteRule => ({
  ...rest,
  backendRefs: backendRefs ?? [],
});
const open = rule([{ name: APP, port: 5000 }]);
const split = rule([
  { name: `${APP}-v1`, port: 5000, weight: 9 },
  { name: `${APP}-v2`, port: 5000, weight: 1 },
]);
const versionService = (version: string): Service =>
  service({ selector: { app: APP, version } }, { name: `${APP}-${version}` });

const VERSION_SERVICES = [versionService('v1'), versionService('v2')];

const routeOf = (rules: readonly HTTPRouteRule[], rest: Partial<HTTPRoute> = {}): HTTPRoute => {
  const route = attachedRoute(['shop.example.com']);
  return { ...route, ...rest, spec: { ...route.spec, rules, ...rest.spec } };
};

function cluster(
  name: string,
  routes: readonly HTTPRoute[],
  rest: Partial<ClusterState> = {},
  api: Partial<GatewayApiState> = {},
): ClusterState {
  return {
    ...clusterState(name, {
      service: service(),
      pods: [pod('hello-v1', { app: APP, version: 'v1' }, READY)],
      ...rest,
    }),
    gatewayApi: gatewayApiState([kubeGateway([listener('http', 80)])], { httpRoutes: routes, ...api }),
  };
}

const both = (
  routes: readonly HTTPRoute[],
  rest: Partial<ClusterState> = {},
  api: Partial<GatewayApiState> = {},
): ReturnType<typeof fleetOf> => fleetOf(cluster(EAST, routes, rest, api), cluster(WEST, routes, rest, api));

const plan = (fleet: ReturnType<typeof fleetOf>, asked = given): Plan => planRollout(observe(asked, fleet));
const told = (changes: readonly Change[]): readonly string[] =>
  changes.map(({ cluster: name, verb, object }) => `${name} ${verb} ${object.kind} ${object.metadata.name}`);
const rulesIn = (change: Change | undefined): readonly HTTPRouteRule[] =>
  (change?.object as HTTPRoute | undefined)?.spec.rules ?? [];
const refusal = (fleet: ReturnType<typeof fleetOf>, asked = given): string => {
  try {
    plan(fleet, asked);
  } catch (error) {
    if (error instanceof CanaryError) return error.message;
    throw error;
  }
  return '';
};

describe('a release by an HTTPRoute', () => {
  test('is found by itself, and makes a Service of each version in every cluster', () => {
    const planned = plan(both([routeOf([open])]));
    expect(told(planned.workloads.filter(({ object }) => object.kind === 'Service'))).toEqual(
      [EAST, WEST].flatMap((name) => [`${APP}-v1`, `${APP}-v2`].map((one) => `${name} apply Service ${one}`)),
    );
    expect(planned.subsets).toEqual([]);
    expect(told(planned.routes)).toEqual([
      `${EAST} update HTTPRoute ${APP}`,
      `${WEST} update HTTPRoute ${APP}`,
    ]);
  });

  test('is found where the Services of its versions exist in no cluster, and makes them', () => {
    const planned = plan(both([routeOf([split])]));
    expect(planned.previous).toEqual(weights({ v1: 90, v2: 10 }));
    expect(told(planned.workloads)).toContain(`${WEST} apply Service ${APP}-v1`);
    expect(told(planned.routes)).toEqual([
      `${EAST} update HTTPRoute ${APP}`,
      `${WEST} update HTTPRoute ${APP}`,
    ]);
  });

  test('leaves the share of a missing Service that is no version, and says so', () => {
    const cart = { name: `${APP}-cart`, port: 80, weight: 5 };
    const fleet = both([routeOf([rule([...(split.backendRefs ?? []), cart])])]);
    const observed = observe(given, fleet);
    expect(rulesIn(planRollout(observed).routes[0]).at(-1)?.backendRefs).toContainEqual(
      expect.objectContaining({ name: cart.name }),
    );
    expect(blindSpotsIn(observed).map(inEnglish)).toContain(
      `HTTPRoute ${NAMESPACE}/${APP} in east, west leads to Service ${APP}-cart, which exists in no cluster. It counts as another service than ${APP}: no pod and no input names cart as a version.`,
    );
  });

  test('moves a route off the app’s Service before any pod, to the only version that serves', () => {
    const planned = plan(both([routeOf([open])]));
    expect(planned.previous).toEqual(weights({ v1: 100 }));
    expect(rulesIn(planned.pins?.routes[0]).at(-1)?.backendRefs).toEqual([
      expect.objectContaining({ name: `${APP}-v1`, weight: 100 }),
    ]);
    expect(planned.pins?.probes).toEqual(['v1']);
    expect(planned.routes[0]?.before).toEqual(
      expect.objectContaining({ spec: planned.pins?.routes[0]?.object['spec'] }),
    );
    expect(planned.live).toEqual(['v1']);
  });

  describe('of rules of which one is new to it', () => {
    const named = (asked = { v1: 80, v2: 20 }): Release =>
      release({ ...given, traffic: { routes: ['main', 'beta'], weights: weights(asked) } });
    const rules = (held: HTTPRouteRule): HTTPRoute =>
      routeOf([
        { ...held, name: 'main' },
        { ...open, name: 'beta' },
      ]);
    const alone = rule([{ name: `${APP}-v1`, port: 5000 }]);

    test('moves that one off the app’s Service before any pod, to what the other holds', () => {
      const planned = plan(both([rules(alone)], { otherServices: VERSION_SERVICES }), named());
      expect(planned.pins?.weights).toEqual(weights({ v1: 100 }));
      expect(planned.previous).toEqual(weights({ v1: 100 }));
    });

    test('is refused where that would change the weights of the other', () => {
      expect(refusal(both([rules(split)], { otherServices: VERSION_SERVICES }), named())).toContain(
        'Its users get v1 now, by the number of pods.',
      );
    });
  });

  test('leaves the app’s Service alone where nothing of the release is open', () => {
    expect(
      plan(both([routeOf([split])], { otherServices: [versionService('v1'), versionService('v2')] })).pins,
    ).toBe(undefined);
  });

  test('is refused where several versions serve behind the app’s Service, and a third comes', () => {
    const pods = ['v1', 'v2'].map((version) => pod(`hello-${version}`, { app: APP, version }, READY));
    const third = release({
      placement: new Map(),
      workload: { images: new Map([['v3', 'example.com/hello:3']]) },
      traffic: { weights: weights({ v1: 50, v2: 40, v3: 10 }) },
    });
    expect(refusal(both([routeOf([open])], { pods }), third)).toContain(
      'First release these versions with weights of your choice and without the image or manifests of a new one',
    );
  });

  test('is refused where another rule would give users the new version at once', () => {
    const other = routeOf([open], { metadata: { name: 'other', namespace: 'elsewhere' } });
    const sent = {
      ...other,
      spec: { ...other.spec, rules: [rule([{ name: APP, namespace: NAMESPACE, port: 5000 }])] },
    };
    expect(refusal(both([routeOf([split]), sent], { otherServices: VERSION_SERVICES }))).toContain(
      'of HTTPRoute elsewhere/other in east',
    );
  });

  test('is refused beside a VirtualService for the same host', () => {
    const vs = virtualService([{ route: [to('v1', 100)] }], {}, { hosts: ['shop.example.com'] });
    const fleet = both([routeOf([split])], {
      otherServices: VERSION_SERVICES,
      traffic: clusterState(EAST, { traffic: { virtualServices: [vs] } }).traffic,
    });
    expect(refusal(fleet)).toContain('Istio puts the routes of both in one list by age');
  });

  test('is refused where the route of one cluster would come beside a VirtualService', () => {
    const vs = virtualService([{ route: [to('v1', 100)] }], {}, { hosts: ['shop.example.com'] });
    const { traffic } = clusterState(WEST, { traffic: { virtualServices: [vs] } });
    const named = release({
      placement: new Map(),
      traffic: { weights: weights({ v1: 80, v2: 20 }), httpRoute: APP },
    });
    const fleet = fleetOf(
      cluster(EAST, [routeOf([split])], { otherServices: VERSION_SERVICES }),
      cluster(WEST, [], { otherServices: VERSION_SERVICES, traffic }),
    );
    expect(refusal(fleet, named)).toContain(
      `VirtualService ${NAMESPACE}/${APP} in west leads to ${APP}, and there is no HTTPRoute ${NAMESPACE}/${APP} there yet`,
    );
  });

  test('is refused where preview rules would make it too long', () => {
    const others = Array.from({ length: 14 }, (_, i) =>
      rule([{ name: 'cart', port: 80 }], { matches: [{ path: { value: `/cart/${String(i)}` } }] }),
    );
    expect(refusal(both([routeOf([...others, split])], { otherServices: VERSION_SERVICES }))).toContain(
      `HTTPRoute ${NAMESPACE}/${APP} would have 17 rules`,
    );
  });

  test('is refused where the rule sends to what another release has marked', () => {
    const set = [{ name: 'x-canary-revision', value: '7' }];
    const marked = {
      name: 'cart-v9',
      port: 80,
      filters: [{ type: 'ResponseHeaderModifier', responseHeaderModifier: { set } }],
    };
    const shared = rule([marked, ...(split.backendRefs ?? [])]);
    expect(refusal(both([routeOf([shared])], { otherServices: VERSION_SERVICES }))).toContain(
      'also sends to cart-v9, whose responses another release marks with x-canary-revision',
    );
  });

  test.each<[string, Partial<HTTPRoute>, string]>([
    [
      'is not accepted',
      {
        status: {
          parents: [
            {
              parentRef: { name: 'public', namespace: 'edge' },
              conditions: [
                { type: 'Accepted', status: 'False', reason: 'NotAllowedByListeners', message: 'no' },
              ],
            },
          ],
        },
      },
      'is not accepted: NotAllowedByListeners (no) in east',
    ],
  ])('is refused where the route %s', (_what, rest, expected) => {
    expect(refusal(both([routeOf([split], rest)], { otherServices: VERSION_SERVICES }))).toContain(expected);
  });

  test('is refused where a Gateway is not programmed', () => {
    const gateway = {
      ...kubeGateway([listener('http', 80)]),
      status: {
        conditions: [{ type: 'Programmed', status: 'False', reason: 'AddressNotUsable', message: 'none' }],
      },
    };
    expect(
      refusal(both([routeOf([split])], { otherServices: VERSION_SERVICES }, { gateways: [gateway] })),
    ).toContain('Gateway edge/public is not programmed: AddressNotUsable (none)');
  });

  test('is carried out where a Gateway is not programmed because of another listener, and has an address', () => {
    const conditions = [
      { type: 'Programmed', status: 'False', reason: 'AddressNotUsable', message: 'port 9999 not found' },
    ];
    const listeners = [listener('http', 80), listener('other', 9999)];
    const gateway = {
      ...kubeGateway(listeners),
      status: { conditions, addresses: [{ type: 'IPAddress', value: '10.0.0.1' }] },
    };
    expect(
      refusal(both([routeOf([split])], { otherServices: VERSION_SERVICES }, { gateways: [gateway] })),
    ).toBe('');
  });

  describe('whose references do not resolve', () => {
    const unresolved = (reason: string): Partial<HTTPRoute> => ({
      metadata: { name: APP, namespace: NAMESPACE, generation: 3 },
      status: {
        parents: [
          {
            parentRef: { name: 'public', namespace: 'edge' },
            conditions: [
              { type: 'Accepted', status: 'True', observedGeneration: 3 },
              { type: 'ResolvedRefs', status: 'False', reason, message: 'why', observedGeneration: 3 },
            ],
          },
        ],
      },
    });
    const cart = rule([...(split.backendRefs ?? []), { name: 'cart', port: 80 }]);

    test.each<[string, HTTPRouteRule, string, readonly Service[]]>([
      ['a Service that nothing creates is missing', cart, 'BackendNotFound', VERSION_SERVICES],
      ['not all that is missing is created', cart, 'BackendNotFound', []],
      ['a kind is not supported', split, 'InvalidKind', []],
    ])('is refused where %s', (_what, given, reason, otherServices) => {
      expect(refusal(both([routeOf([given], unresolved(reason))], { otherServices }))).toContain(
        `HTTPRoute ${NAMESPACE}/${APP} at Gateway edge/public is not resolved: ${reason} (why) in east. The gateway answers what it sends to such a backend with status 500`,
      );
    });

    test('is carried out where the release creates the missing Services', () => {
      const planned = plan(both([routeOf([split], unresolved('BackendNotFound'))]));
      expect(told(planned.workloads)).toContain(`${EAST} apply Service ${APP}-v2`);
    });

    test('is carried out where the report is of an earlier generation', () => {
      const later = {
        ...unresolved('BackendNotFound'),
        metadata: { name: APP, namespace: NAMESPACE, generation: 4 },
      };
      const fleet = both([routeOf([cart], later)], { otherServices: VERSION_SERVICES });
      expect(told(plan(fleet).routes)).toHaveLength(2);
    });
  });

  describe('beside a DestinationRule with a policy for the app’s Service', () => {
    const policy = { connectionPool: { http: { http1MaxPendingRequests: 1 } } };
    const ruleFor = (host: string): DestinationRule =>
      destinationRule(
        [],
        { name: host.replaceAll(/[.*]/g, '-') },
        { host, subsets: [], trafficPolicy: policy },
      );
    const refused = (
      routes: readonly HTTPRoute[],
      ...destinationRules: readonly DestinationRule[]
    ): string => {
      const { traffic } = clusterState(EAST, { traffic: { destinationRules } });
      return refusal(both(routes, { traffic, otherServices: VERSION_SERVICES }));
    };

    test('is refused where the route moves off that Service', () => {
      expect(refused([routeOf([open])], ruleFor(APP))).toBe(
        `DestinationRule ${NAMESPACE}/${APP} in east has a trafficPolicy for ${APP}. The release moves HTTPRoute ${NAMESPACE}/${APP} from Service ${APP} to the Services of the versions, which that policy does not cover. First create a DestinationRule with the trafficPolicy that you want for each of these hosts: ${APP}-v1, ${APP}-v2 (namespace ${NAMESPACE}); then run again.`,
      );
    });

    test('names only the hosts that have none', () => {
      expect(refused([routeOf([open])], ruleFor(APP), ruleFor(`${APP}-v1`))).toContain(
        `these hosts: ${APP}-v2 (`,
      );
    });

    test.each<[string, HTTPRouteRule, readonly DestinationRule[]]>([
      ['the versions have rules of their own', open, [APP, `${APP}-v1`, `${APP}-v2`].map(ruleFor)],
      ['the policy is one for all hosts', open, [ruleFor(`*.${NAMESPACE}.svc.cluster.local`)]],
      ['the route leads to the versions already', split, [ruleFor(APP)]],
      ['the rule has no policy', open, [destinationRule([])]],
    ])('is carried out where %s', (_what, given, rules) => {
      expect(refused([routeOf([given])], ...rules)).toBe('');
    });
  });

  test('is refused where a Service of that name leads elsewhere', () => {
    const theirs = service({ selector: { app: 'theirs' } }, { name: `${APP}-v2` });
    expect(refusal(both([routeOf([open])], { otherServices: [theirs] }))).toContain(
      `Service ${NAMESPACE}/${APP}-v2 in east is to lead to v2, but selects {"app":"theirs"}`,
    );
  });

  test('is refused where a backend of another namespace has no ReferenceGrant', () => {
    const foreign = rule([...(split.backendRefs ?? []), { name: 'copy', namespace: 'other', port: 80 }]);
    const fleet = both([routeOf([foreign])], { otherServices: [versionService('v1'), versionService('v2')] });
    expect(refusal(fleet)).toContain('no ReferenceGrant in other allows HTTPRoutes of gray-demo to do so');
  });

  test('is not refused for a ReferenceGrant that may be in a namespace which could not be listed', () => {
    const foreign = rule([...(split.backendRefs ?? []), { name: 'copy', namespace: 'other', port: 80 }]);
    for (const unseen of [{ unlisted: ['ReferenceGrant'] }, { unread: ['ReferenceGrant'] }] as const)
      expect(refusal(both([routeOf([foreign])], { otherServices: VERSION_SERVICES }, unseen))).toBe('');
  });

  test('is refused where a version is no name for a Service', () => {
    const upper = release({
      placement: new Map(),
      traffic: { weights: weights({ v1: 80, V2: 20 }) },
      workload: { images: new Map() },
    });
    expect(
      refusal(
        both([routeOf([open])], {
          pods: ['v1', 'V2'].map((version) => pod(`hello-${version}`, { app: APP, version }, READY)),
        }),
        upper,
      ),
    ).toContain('Kubernetes takes at most 63 lower-case letters');
  });
});

test('Services of two versions that select one pod are refused by their names', () => {
  const twice = pod('hello-v1', { app: APP, version: 'v1', track: 'canary' }, READY);
  const wide = service({ selector: { app: APP, track: 'canary' } }, { name: `${APP}-v2` });
  const otherServices = [versionService('v1'), wide];
  expect(refusal(both([routeOf([split])], { otherServices, pods: [twice] }))).toBe(
    `The Services of both v1 and v2 select Pod ${NAMESPACE}/hello-v1 in east and 1 more: v1 selects version=v1, v2 selects track=canary (east). Requests for one version would be answered by pods of the other, whatever the weights. Give the selector of Service ${APP}-v1 a label that only the pods of v1 carry, once they carry it. Nothing has been written.`,
  );
});

test('a Service of a version that selects the pods of another is the one to correct', () => {
  const edited = service({ selector: { app: APP, version: 'v1' } }, { name: `${APP}-v2` });
  const otherServices = [versionService('v1'), edited];
  const pods = [pod('hello-v1', { app: APP, version: 'v1' }, READY)];
  expect(refusal(both([routeOf([split])], { otherServices, pods }))).toContain(
    `Give the selector of Service ${APP}-v2 a label that only the pods of v2 carry`,
  );
});

/** How often the Services of a cluster, and the labels of a pod, are looked at in a plan for a number of clusters. */
function looksIn(number: number): number {
  let looks = 0;
  const names = Array.from({ length: number }, (_, i) => `cluster-${String(i)}`);
  const states = names.map((name) =>
    Object.defineProperty(cluster(name, [routeOf([split])]), 'otherServices', {
      enumerable: true,
      get: () => {
        looks += 1;
        return VERSION_SERVICES;
      },
    }),
  );
  plan(fleetOf(...states), { ...given, clusters: names, configClusters: names });
  return looks;
}

test('a plan looks at the Services of each cluster a fixed number of times, however many clusters there are', () => {
  expect(looksIn(60)).toBeLessThanOrEqual(6 * looksIn(10));
});

test.each([
  ['HTTPRoute', 'HTTPRoutes'],
  ['GRPCRoute', 'GRPCRoutes'],
  ['Gateway', 'Gateways of the Gateway API'],
  ['ReferenceGrant', 'ReferenceGrants'],
] as const)('a %s that could not be listed is a blind spot', (kind, name) => {
  const told = (api: Partial<GatewayApiState>): string =>
    blindSpotsIn(observe(given, both([routeOf([split])], { otherServices: VERSION_SERVICES }, api)))
      .map(inEnglish)
      .join('\n');
  expect(told({ unread: [kind] })).toContain(`${name} in east, west could not be listed: `);
  expect(told({ unlisted: [kind] })).toContain(
    `${name} of other namespaces in east, west could not be listed: `,
  );
});

describe('a retirement', () => {
  const marked = (version: string): Service => ({
    ...versionService(version),
    metadata: {
      ...versionService(version).metadata,
      managedFields: [{ manager: 'multicluster-canary', operation: 'Apply', fieldsV1: {} }],
    },
  });
  const idle = rule([
    { name: `${APP}-v1`, port: 5000, weight: 0 },
    { name: `${APP}-v2`, port: 5000, weight: 1 },
  ]);
  const retired = (
    rules: readonly HTTPRouteRule[],
    api: Partial<GatewayApiState> = {},
  ): ReturnType<typeof planRetirement> => {
    const otherServices = [marked('v1'), versionService('v2')];
    const pods = [pod('hello-v2', { app: APP, version: 'v2' }, READY)];
    const asked = release({ placement: new Map(), version: 'v1', traffic: { routes: ['rules[0]'] } });
    return planRetirement(observe(asked, both([routeOf(rules)], { otherServices, pods }, api)), new Map());
  };

  test('takes out the backend, the Deployment and the Service that the action has made', () => {
    const { workloads, routes } = retired([idle]);
    expect(told(workloads)).toEqual([EAST, WEST].map((name) => `${name} delete Service ${APP}-v1`));
    const names = rulesIn(routes[0]).flatMap(({ backendRefs = [] }) => backendRefs.map(({ name }) => name));
    expect(new Set(names)).toEqual(new Set([`${APP}-v2`]));
  });

  test('is refused while a GRPCRoute names the Service', () => {
    const stream = {
      ...attachedRoute(['grpc.example.com']),
      metadata: { name: 'stream', namespace: NAMESPACE },
      spec: { rules: [{ backendRefs: [{ name: `${APP}-v1`, port: 5000 }] }] },
    };
    expect(() => retired([idle], { grpcRoutes: [stream] })).toThrow(
      `Service ${NAMESPACE}/${APP}-v1 is still named by GRPCRoute ${NAMESPACE}/stream in east`,
    );
  });

  test('is refused while a backend mirrors to the Service', () => {
    const backendRef = { name: `${APP}-v1`, port: 5000 };
    const mirror = [{ type: 'RequestMirror', requestMirror: { backendRef } }];
    const copying = rule([{ name: 'cart', port: 80, filters: mirror }]);
    expect(() => retired([idle, copying])).toThrow(`Service ${NAMESPACE}/${APP}-v1 is still named by`);
  });
});

describe('another HTTPRoute', () => {
  const at = (creationTimestamp: string) => ({ name: 'cart', namespace: 'other', creationTimestamp });
  const own = routeOf([split], {
    metadata: { name: APP, namespace: NAMESPACE, creationTimestamp: '2026-11-27T10:00:00Z' },
  });
  const path = (type: string, value: string): HTTPRouteRule =>
    rule([{ name: 'cart', port: 80 }], { matches: [{ path: { type, value } }] });

  test.each<[string, HTTPRoute, boolean]>([
    [
      'of a longer prefix goes first',
      routeOf([path('PathPrefix', '/hello')], { metadata: at('2026-11-27T11:00:00Z') }),
      true,
    ],
    [
      'of the exact path goes first',
      routeOf([path('Exact', '/hello')], { metadata: at('2026-11-27T11:00:00Z') }),
      true,
    ],
    [
      'of the same match goes first where it is older',
      routeOf([path('PathPrefix', '/')], { metadata: at('2026-11-27T09:00:00Z') }),
      true,
    ],
    [
      'of the same match comes later where it is younger',
      routeOf([path('PathPrefix', '/')], { metadata: at('2026-11-27T11:00:00Z') }),
      false,
    ],
    [
      'of another path never does',
      routeOf([path('PathPrefix', '/cart')], { metadata: at('2026-11-27T09:00:00Z') }),
      false,
    ],
  ])('%s', (_what, other, expected) => {
    expect(ahead(own, other)).toEqual(expected ? ['the unnamed rules[0] of HTTPRoute other/cart'] : []);
  });

  const ahead = (
    route: HTTPRoute,
    other: HTTPRoute,
    gateways: GatewayApiState['gateways'] = [kubeGateway([listener('http', 80)])],
  ): readonly string[] => {
    const asked = release({ placement: new Map(), check: { path: '/hello' } });
    const otherServices = [versionService('v1'), versionService('v2')];
    const observed = observe(asked, both([route, other], { otherServices }, { gateways }));
    const [one] = observed.routes;
    const found = one === undefined ? [] : answeringRivals(observed, one);
    return found.map(({ route: part, object }) => `${textsIn('en').routes.part(part)} of ${object}`);
  };

  /** Name of the route, listener, and whether samples come through that. */
  const anywhere = (
    route: HTTPRoute,
    other: HTTPRoute,
    gateways: GatewayApiState['gateways'],
  ): readonly unknown[] => {
    const asked = release({ placement: new Map(), check: { path: '/hello' } });
    const observed = observe(asked, both([route, other], { otherServices: VERSION_SERVICES }, { gateways }));
    const [one] = observed.routes;
    const found = one === undefined ? [] : rulesAhead(asked, observed.fleet, one);
    return found.map(({ route: { kind, metadata }, through, isSampled }) => [
      `${kind} ${metadata.namespace ?? ''}/${metadata.name}`,
      through?.listener.name,
      isSampled,
    ]);
  };

  /** What a pass does not cover. */
  const spots = (
    route: HTTPRoute,
    other: HTTPRoute,
    gateways: GatewayApiState['gateways'],
  ): readonly string[] => {
    const asked = release({ placement: new Map(), check: { path: '/hello' } });
    const observed = observe(asked, both([route, other], { otherServices: VERSION_SERVICES }, { gateways }));
    return rivalSpots(observed).map(inEnglish);
  };

  describe('that is older', () => {
    const PARENT = { name: 'public', namespace: 'edge' };
    const attached = (route: HTTPRoute, spec: Partial<HTTPRoute['spec']>): HTTPRoute => ({
      ...route,
      spec: { ...route.spec, ...spec },
    });
    const older = routeOf([path('PathPrefix', '/')], { metadata: at('2026-11-27T09:00:00Z') });
    const https = { protocol: 'HTTPS', tls: { certificateRefs: [{ name: 'cert' }] } };
    const two = [kubeGateway([listener('http', 80), listener('https', 443, https)])];
    const section = (sectionName: string) => ({ parentRefs: [{ ...PARENT, sectionName }] });

    test('does not where it is attached to another listener, as a redirect to HTTPS is', () => {
      const own443 = attached(own, section('https'));
      expect(ahead(own443, attached(older, section('http')), two)).toEqual([]);
      expect(ahead(own443, attached(older, { parentRefs: [{ ...PARENT, port: 80 }] }), two)).toEqual([]);
      expect(ahead(own443, older, two)).toHaveLength(1);
      expect(ahead(own443, attached(older, section('http')), [])).toEqual([]);
      expect(ahead(own443, older, [])).toHaveLength(1);
    });

    test('or more specific goes first through an older Gateway of the same Service, or where ours takes everything', () => {
      const addresses = [{ type: 'Hostname', value: 'ingress' }];
      const gatewayAt = (name: string, creationTimestamp: string) =>
        kubeGateway([listener('http', 80)], { addresses }, [], { name, creationTimestamp });
      const doors = (ours: string, theirs: string) => [
        gatewayAt('public', ours),
        gatewayAt('second', theirs),
      ];
      const second = { parentRefs: [{ ...PARENT, name: 'second' }] };
      const exact = attached(
        routeOf([path('Exact', '/hello')], { metadata: at('2026-11-27T11:00:00Z') }),
        second,
      );
      const narrow = attached(own, { rules: [{ ...split, matches: [{ path: { value: '/hello' } }] }] });
      const [EARLY, LATE] = ['2026-11-27T01:00:00Z', '2026-11-27T02:00:00Z'] as const;
      expect(ahead(own, exact, doors(EARLY, LATE))).toHaveLength(1);
      expect(ahead(narrow, exact, doors(EARLY, LATE))).toEqual([]);
      expect(ahead(narrow, exact, doors(LATE, EARLY))).toHaveLength(1);
      expect(ahead(own, attached(older, second), doors(EARLY, LATE))).toEqual([]);
      const elsewhere = kubeGateway([listener('http', 80)], {}, [], { name: 'second' });
      expect(ahead(own, exact, [gatewayAt('public', EARLY), elsewhere])).toEqual([]);
    });

    test('goes first at the listener that it is attached to, also where another one is sampled', () => {
      const both443 = attached(older, section('https'));
      expect(ahead(own, both443, two)).toEqual([]);
      expect(anywhere(own, both443, two)).toEqual([['HTTPRoute other/cart', 'https', false]]);
      expect(anywhere(own, older, two)).toEqual([['HTTPRoute other/cart', 'http', true]]);
      const hosts = [
        kubeGateway([
          listener('a', 80, { hostname: 'a.example.com' }),
          listener('b', 80, { hostname: 'b.example.com' }),
        ]),
      ];
      const onB = attached(older, { hostnames: ['b.example.com'] });
      const ownBoth = attached(own, { hostnames: ['a.example.com', 'b.example.com'] });
      expect(anywhere(ownBoth, onB, hosts)).toEqual([['HTTPRoute other/cart', 'b', false]]);
      expect(spots(ownBoth, onB, hosts)).toEqual([
        'The unnamed rules[0] of HTTPRoute other/cart in east, west (listener b of Gateway edge/public) takes requests for the path /hello before HTTPRoute gray-demo/helloworld does, outside the weights.',
      ]);
      expect(spots(own, older, two)).toEqual([
        'The unnamed rules[0] of HTTPRoute other/cart in east, west takes requests for the path /hello before HTTPRoute gray-demo/helloworld does, outside the weights.',
      ]);
    });

    test('does not where its parent refuses it', () => {
      const refused = { type: 'Accepted', status: 'False', reason: 'NotAllowedByListeners' };
      const status = { parents: [{ parentRef: PARENT, conditions: [refused] }] };
      expect(ahead(own, { ...older, status })).toEqual([]);
    });

    test('goes first for the host that is sampled, which the listener takes', () => {
      const own2 = attached(own, { hostnames: ['a.internal', 'shop.example.com'] });
      const gateways = [kubeGateway([listener('http', 80, { hostname: '*.example.com' })])];
      expect(ahead(own2, attached(older, { hostnames: ['shop.example.com'] }), gateways)).toHaveLength(1);
      expect(ahead(own2, attached(older, { hostnames: ['a.internal'] }), gateways)).toEqual([]);
    });
  });
});

describe('a GRPCRoute', () => {
  const at = (creationTimestamp: string) => ({ name: 'stream', namespace: 'other', creationTimestamp });
  const [EARLY, MIDDLE, LATE] = ['2026-11-27T09:00:00Z', '2026-11-27T10:00:00Z', '2026-11-27T11:00:00Z'];
  const backendRefs = [{ name: 'cart', port: 80 }];
  const ownAt = (value: string): HTTPRoute =>
    routeOf([{ ...split, matches: [{ path: { type: 'PathPrefix', value } }] }], {
      metadata: { name: APP, namespace: NAMESPACE, creationTimestamp: MIDDLE },
      spec: { hostnames: ['*.example.com'] },
    });
  const grpc = (
    created: string,
    hostnames: readonly string[],
    rest: NonNullable<GRPCRoute['spec']['rules']>[number] = {},
  ): GRPCRoute => {
    const { spec, ...route } = attachedRoute(hostnames);
    return { ...route, metadata: at(created), spec: { ...spec, rules: [{ ...rest, backendRefs }] } };
  };
  const ahead = (own: HTTPRoute, other: GRPCRoute): readonly string[] => {
    const asked = release({
      placement: new Map(),
      check: { path: '/shop.Cart/Get', host: 'shop.example.com' },
    });
    const observed = observe(
      asked,
      both([own], { otherServices: VERSION_SERVICES }, { grpcRoutes: [other] }),
    );
    const [one] = observed.routes;
    return one === undefined ? [] : answeringRivals(observed, one).map(({ object }) => object);
  };
  const NAMED = ['GRPCRoute other/stream'];
  const [SAME, NARROW] = [['*.example.com'], ['shop.example.com']];

  test.each<[string, HTTPRoute, GRPCRoute, readonly string[]]>([
    ['of a narrower hostname takes HTTP requests as well', ownAt('/'), grpc(LATE, NARROW), NAMED],
    ['without a condition comes after every rule of an HTTPRoute', ownAt('/'), grpc(EARLY, SAME), []],
    ['that takes everything comes after a rule with a path', ownAt('/shop.Cart'), grpc(EARLY, SAME), []],
    [
      'with a method takes its path',
      ownAt('/shop.Cart/Get'),
      grpc(EARLY, SAME, { matches: [{ method: { service: 'shop.Cart', method: 'Get' } }] }),
      NAMED,
    ],
    [
      'with a service goes before a shorter path',
      ownAt('/shop.Cart'),
      grpc(EARLY, SAME, { matches: [{ method: { service: 'shop.Cart' } }] }),
      NAMED,
    ],
    [
      'with a service comes after a longer path',
      ownAt('/shop.Cart/Get'),
      grpc(EARLY, SAME, { matches: [{ method: { service: 'shop.Cart' } }] }),
      [],
    ],
    [
      'of another service takes nothing',
      ownAt('/'),
      grpc(EARLY, NARROW, { matches: [{ method: { service: 'shop.Orders' } }] }),
      [],
    ],
    [
      'with a header takes only requests that carry it',
      ownAt('/'),
      grpc(EARLY, NARROW, { matches: [{ headers: [{ name: 'x-tester', value: 'yes' }] }] }),
      [],
    ],
  ])('%s', (_what, own, other, expected) => {
    expect(ahead(own, other)).toEqual(expected);
  });

  test('of a narrower hostname keeps its requests from the release also where it takes none of them', () => {
    const orders = grpc(EARLY, NARROW, { matches: [{ method: { service: 'shop.Orders' } }] });
    const asked = release({ placement: new Map(), check: { path: '/hello', host: 'shop.example.com' } });
    const rulesIn = (...grpcRoutes: readonly GRPCRoute[]): readonly unknown[] => {
      const fleet = both([ownAt('/')], { otherServices: VERSION_SERVICES }, { grpcRoutes });
      const observed = observe(asked, fleet);
      const [one] = observed.routes;
      return one === undefined
        ? []
        : rulesAhead(asked, observed.fleet, one).map(({ route, rule: taking }) => [route.kind, taking]);
    };
    expect(rulesIn(orders)).toEqual([['GRPCRoute', undefined]]);
    const taker = { ...grpc(LATE, NARROW), metadata: { name: 'taker', namespace: 'other' } };
    expect(rulesIn(orders, taker)).toEqual([['GRPCRoute', expect.anything()]]);
  });
});
