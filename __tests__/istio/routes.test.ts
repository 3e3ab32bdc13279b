import { describe, expect, test } from '@jest/globals';
import type { HttpRoute, RouteDestination, VirtualService } from '../../src/kubernetes/objects.ts';
import { managedRoutes } from '../../src/istio/managed-routes.ts';
import { managedWeights } from '../../src/istio/route-weights.ts';
import { isPreview, previewedVersions, routesTo } from '../../src/istio/routes.ts';
import { isHostOf } from '../../src/istio/hosts.ts';
import { withPreviews, withWeights } from '../../src/istio/route-edits.ts';
import type { RouteTarget } from '../../src/core/route-target.ts';
import { APP, HOST, NAMESPACE, to, toOther, virtualService } from '../support/objects.ts';
import { weights } from '../support/release.ts';

const SERVICE = { app: APP, namespace: NAMESPACE };

const target = (given: Readonly<Record<string, number>>, rest: Partial<RouteTarget> = {}): RouteTarget => ({
  service: SERVICE,
  routes: undefined,
  weights: weights(given),
  revision: 4,
  port: 5000,
  ...rest,
});

/** `v1 80`, `other.gray-demo.svc.cluster.local 10`: what a route splits, in its order. */
const splitOf = (route: HttpRoute | undefined): readonly string[] =>
  (route?.route ?? []).map(
    ({ destination, weight }) => `${destination.subset ?? destination.host} ${String(weight)}`,
  );

const managedIn = (vs: VirtualService, names?: readonly string[]): HttpRoute | undefined =>
  managedRoutes(vs, SERVICE, names)[0];
const previewsIn = (vs: VirtualService): readonly HttpRoute[] => (vs.spec.http ?? []).filter(isPreview);
const namesIn = (vs: VirtualService): readonly (string | undefined)[] =>
  (vs.spec.http ?? []).map(({ name }) => name);

describe('a destination host means the service', () => {
  test.each([
    ['helloworld', 'gray-demo', true],
    ['helloworld.gray-demo.svc.cluster.local', 'elsewhere', true],
    ['helloworld.gray-demo.svc.example.org', 'elsewhere', true],
    ['helloworld.gray-demo.svc', 'gray-demo', false],
    ['helloworld.gray-demo', 'gray-demo', false],
    ['helloworld', 'elsewhere', false],
    ['helloworld', undefined, false],
    ['helloworld2', 'gray-demo', false],
    ['hello', 'gray-demo', false],
    ['helloworld.elsewhere', 'gray-demo', false],
    ['helloworld.gray-demo-2.svc.cluster.local', 'gray-demo', false],
    ['helloworld.gray-demo.svcx', 'gray-demo', false],
    ['x.helloworld.gray-demo.svc.cluster.local', 'gray-demo', false],
    ['*.gray-demo.svc.cluster.local', 'gray-demo', false],
    ['*', 'gray-demo', false],
    ['helloworld.example.com', 'gray-demo', false],
  ])('%s in namespace %s: %j', (host, from, does) => {
    expect(isHostOf(SERVICE, host, from)).toBe(does);
  });
});

describe('the routes that lead to the service', () => {
  const ours: HttpRoute = { name: 'ours', route: [to('v1', 50), toOther(50)] };
  const preview: HttpRoute = { name: 'canary-preview-v2', route: [to('v2')] };
  const others: readonly HttpRoute[] = [
    { name: 'other', route: [toOther()] },
    { name: 'redirect', redirect: { uri: '/new' } },
    { name: 'direct', directResponse: { status: 404 } },
    { name: 'delegate', delegate: { name: 'part', namespace: 'elsewhere' } },
    { name: 'empty', route: [] },
  ];

  test('are found among redirects, direct responses, delegates, routes of others and previews', () => {
    expect(routesTo(virtualService([...others, preview, ours]), SERVICE)).toEqual([ours]);
  });

  test.each([
    ['of TCP alone', { tcp: [{ route: [{ destination: { host: HOST } }] }] }],
    [
      'of TLS alone',
      { tls: [{ match: [{ port: 443, sniHosts: ['a'] }], route: [{ destination: { host: HOST } }] }] },
    ],
    ['without any', {}],
  ])('are none in a VirtualService with routes %s', (_what, spec) => {
    expect(routesTo(virtualService(undefined, {}, spec), SERVICE)).toEqual([]);
  });

  test("by a short name, only from the service's own namespace", () => {
    const route = { route: [{ destination: { host: APP } }] };
    expect(routesTo(virtualService([route], { namespace: 'elsewhere' }), SERVICE)).toEqual([]);
  });
});

describe('the routes to manage', () => {
  const main: HttpRoute = { name: 'main', route: [to('v1', 100)] };
  const admin: HttpRoute = { name: 'admin', route: [to('v1', 100)] };
  const unnamed: HttpRoute = { route: [to('v1', 100)] };
  const other: HttpRoute = { name: 'other', route: [toOther()] };

  test.each<[string, readonly HttpRoute[], readonly string[] | undefined, readonly HttpRoute[]]>([
    ['the only one that leads to the service', [other, main], undefined, [main]],
    ['the only one, without a name', [other, unnamed], undefined, [unnamed]],
    ['none, where none leads there', [other], undefined, []],
    ['the one named', [main, admin], ['admin'], [admin]],
    ['those named, in the order named', [main, admin], ['admin', 'main'], [admin, main]],
    ['the unnamed one at a place', [admin, unnamed], ['http[1]'], [unnamed]],
    [
      'the unnamed one at a place, preview routes not counted',
      [admin, { name: 'canary-preview-v1', route: [to('v1')] }, unnamed],
      ['http[1]'],
      [unnamed],
    ],
    [
      'one whose name looks like a place',
      [unnamed, { ...main, name: 'http[0]' }],
      ['http[0]'],
      [{ ...main, name: 'http[0]' }],
    ],
  ])('are %s', (_what, http, names, managed) => {
    expect(managedRoutes(virtualService(http), SERVICE, names)).toEqual(managed);
  });

  test.each<[string, readonly HttpRoute[], readonly string[] | undefined, string]>([
    [
      'a name that no route has',
      [main, unnamed],
      ['mian'],
      'Input routes names "mian", but VirtualService gray-demo/helloworld has no HTTP route with that name or position that leads to helloworld (routes that do: main, http[1]).',
    ],
    [
      'the place of a route that has a name',
      [main, unnamed],
      ['http[0]'],
      'Input routes names "http[0]", but VirtualService gray-demo/helloworld has no HTTP route with that name or position that leads to helloworld (routes that do: main, http[1]).',
    ],
    [
      'a place where another route is by now',
      [unnamed, { route: [to('v1', 100, { headers: { response: { set: { 'x-canary-revision': '3' } } } })] }],
      ['http[0]'],
      'Input routes names http[0] of VirtualService gray-demo/helloworld, but the route that the release has split so far is now http[1]',
    ],
    [
      'a name of a route that leads elsewhere',
      [other],
      ['other'],
      'Input routes names "other", but VirtualService gray-demo/helloworld has no HTTP route with that name or position that leads to helloworld (routes that do: none).',
    ],
    [
      'the name of a preview route',
      [{ name: 'canary-preview-v1', route: [to('v1')] }, main],
      ['canary-preview-v1'],
      'Input routes names "canary-preview-v1", but VirtualService gray-demo/helloworld has no HTTP route with that name or position that leads to helloworld (routes that do: main).',
    ],
    [
      'a choice that is not clear',
      [main, other, unnamed],
      undefined,
      'VirtualService gray-demo/helloworld has 2 HTTP routes that lead to helloworld: main, http[2]. Set the input routes to those to split, for example routes: http[2].',
    ],
  ])('%s is refused', (_what, http, names, message) => {
    expect(() => managedRoutes(virtualService(http), SERVICE, names)).toThrow(message);
  });
});

describe('a route whose destination names the service by a host that Istio does not complete', () => {
  const dead = (host: string, subset = 'v1'): RouteDestination => ({ destination: { host, subset } });
  const main: HttpRoute = { name: 'main', route: [to('v1', 100)] };
  const refusal = (route: string, host: string): string =>
    `A destination of ${route} of VirtualService gray-demo/helloworld has the host ${host}, which leads nowhere: Istio completes only names without a dot, so its requests get status 503. Write the full name, helloworld.gray-demo.svc.cluster.local, then re-run this step.`;

  test.each<[string, readonly HttpRoute[], readonly string[] | undefined, string]>([
    [
      'the only route',
      [{ name: 'main', route: [dead('helloworld.gray-demo')] }],
      undefined,
      refusal('route main', 'helloworld.gray-demo'),
    ],
    [
      'the only route, by its place',
      [{ route: [dead('helloworld.gray-demo.svc')] }],
      ['http[0]'],
      refusal('the unnamed http[0]', 'helloworld.gray-demo.svc'),
    ],
    [
      'one version of a split',
      [{ name: 'main', route: [to('v1', 80), { ...dead('helloworld.gray-demo', 'v2'), weight: 20 }] }],
      undefined,
      refusal('route main', 'helloworld.gray-demo'),
    ],
    [
      'a route named beside one that leads there',
      [main, { name: 'beta', route: [dead('helloworld.gray-demo')] }],
      ['beta'],
      refusal('route beta', 'helloworld.gray-demo'),
    ],
  ])('is refused where it is %s', (_what, http, names, message) => {
    expect(() => managedRoutes(virtualService(http), SERVICE, names)).toThrow(message);
  });

  test('is refused where it is a TCP route that moves with the HTTP routes', () => {
    const vs = virtualService([main], {}, { tcp: [{ route: [dead('helloworld.gray-demo')] }] });
    expect(() => managedWeights(vs, SERVICE, undefined)).toThrow(
      refusal('the unnamed tcp[0]', 'helloworld.gray-demo'),
    );
  });

  test.each<[string, readonly HttpRoute[]]>([
    ['not managed', [main, { name: 'beta', route: [dead('helloworld.gray-demo')] }]],
    ["another service's", [main, { name: 'beta', route: [dead('other.gray-demo')] }]],
  ])('is left alone where it is %s', (_what, http) => {
    expect(managedRoutes(virtualService(http), SERVICE, undefined)).toEqual([main]);
  });
});

describe('the weights that a VirtualService holds', () => {
  test.each<[string, readonly HttpRoute[] | undefined, Readonly<Record<string, number>> | undefined]>([
    ['two versions', [{ route: [to('v1', 80), to('v2', 20)] }], { v1: 80, v2: 20 }],
    ['a version alone, without a weight', [{ route: [to('v1')] }], { v1: 100 }],
    ['a version alone takes all, whatever its weight', [{ route: [to('v1', 0)] }], { v1: 100 }],
    [
      'a destination without a weight beside others',
      [{ route: [to('v1', 100), to('v2')] }],
      { v1: 100, v2: 0 },
    ],
    ['weights that sum to something else', [{ route: [to('v1', 4), to('v2', 1)] }], { v1: 80, v2: 20 }],
    [
      'one version by two ports',
      [
        {
          route: [
            to('v1', 50),
            { destination: { host: HOST, port: { number: 5001 }, subset: 'v1' }, weight: 30 },
            to('v2', 20),
          ],
        },
      ],
      { v1: 80, v2: 20 },
    ],
    ['beside another host', [{ route: [to('v1', 40), toOther(50), to('v2', 10)] }], { v1: 80, v2: 20 }],
    [
      'versions named as members of every object',
      [{ route: [to('constructor', 80), to('valueof', 20)] }],
      { constructor: 80, valueof: 20 },
    ],
    ['a destination without a subset', [{ route: [to('v1', 80), to(undefined, 20)] }], undefined],
    ['one that gets nothing', [{ route: [to('v1', 100), to(undefined, 0)] }], { v1: 100 }],
    ['nothing but such a one', [{ route: [to(undefined, 0), toOther(100)] }], undefined],
    ['no route of the service', [{ route: [toOther()] }], undefined],
    ['no list of routes', undefined, undefined],
  ])('%s', (_what, http, held) => {
    const found = managedWeights(virtualService(http), SERVICE, undefined).weights;
    expect(found).toEqual(held === undefined ? undefined : weights(held));
  });

  describe('in two managed routes', () => {
    const names = ['a', 'b'];
    const held = (
      a: readonly RouteDestination[],
      b: readonly RouteDestination[],
    ): ReturnType<typeof managedWeights> =>
      managedWeights(
        virtualService([
          { name: 'a', route: a },
          { name: 'b', route: b },
        ]),
        SERVICE,
        names,
      );

    test('are theirs where they agree', () => {
      expect(held([to('v1', 80), to('v2', 20)], [to('v1', 80), to('v2', 20)])).toEqual({
        weights: weights({ v1: 80, v2: 20 }),
        accord: 'same',
      });
    });

    test.each<[string, readonly RouteDestination[]]>([
      ['of which one has other weights', [to('v1', 50), to('v2', 50)]],
      ['of which one also sends to all versions', [to('v1', 80), to(undefined, 20)]],
      [
        'of which one has lost its subset, but not its mark',
        [to(undefined, 100, { headers: { response: { set: { 'x-canary-revision': '3' } } } })],
      ],
    ])('differ in routes %s', (_what, b) => {
      expect(held([to('v1', 80), to('v2', 20)], b)).toEqual({ weights: undefined, accord: 'different' });
    });

    test('are those of the release where a new route names no version yet', () => {
      expect(held([to('v1', 80), to('v2', 20)], [to(undefined)])).toEqual({
        weights: weights({ v1: 80, v2: 20 }),
        accord: 'joining',
      });
    });

    test('are none where both are new', () => {
      expect(held([to(undefined)], [to(undefined)])).toEqual({ weights: undefined, accord: 'same' });
    });

    test('agree whatever the order of the destinations', () => {
      expect(held([to('v1', 80), to('v2', 20)], [to('v2', 20), to('v1', 80)]).weights).toEqual(
        weights({ v1: 80, v2: 20 }),
      );
    });

    test('agree where one does not name the version that the other gives nothing', () => {
      expect(held([to('v1', 100), to('v2', 0)], [to('v1')]).weights).toEqual(weights({ v1: 100, v2: 0 }));
    });
  });
});

describe('weighing the managed route', () => {
  const weigh = (
    route: readonly RouteDestination[],
    given: Readonly<Record<string, number>>,
  ): readonly string[] =>
    splitOf(managedIn(withWeights(virtualService([{ name: 'main', route }]), target(given))));

  test.each<[string, readonly RouteDestination[], Readonly<Record<string, number>>, readonly string[]]>([
    ['changes the weights', [to('v1', 100), to('v2', 0)], { v1: 80, v2: 20 }, ['v1 80', 'v2 20']],
    ['keeps the order of the route', [to('v2', 0), to('v1', 100)], { v1: 80, v2: 20 }, ['v2 20', 'v1 80']],
    ['adds a version behind the others', [to('v1')], { v1: 80, v2: 20 }, ['v1 80', 'v2 20']],
    [
      'takes the place of a destination without a subset',
      [to(undefined)],
      { v1: 80, v2: 20 },
      ['v1 80', 'v2 20'],
    ],
    [
      'gives nothing to a version that is not asked for',
      [to('v0', 100)],
      { v1: 80, v2: 20 },
      ['v0 0', 'v1 80', 'v2 20'],
    ],
    [
      'joins two destinations of one version',
      [to('v1', 50), to('v1', 50)],
      { v1: 80, v2: 20 },
      ['v1 80', 'v2 20'],
    ],
    [
      'leaves another host its share, and splits the rest',
      [to('v1', 50), toOther(50)],
      { v1: 80, v2: 20 },
      ['v1 40', 'other.gray-demo.svc.cluster.local 50', 'v2 10'],
    ],
    [
      'leaves another host without a weight at nothing',
      [toOther(), to('v1', 100)],
      { v1: 80, v2: 20 },
      ['other.gray-demo.svc.cluster.local undefined', 'v1 80', 'v2 20'],
    ],
  ])('%s', (_what, route, given, split) => {
    expect(weigh(route, given)).toEqual(split);
  });

  // Istio: a destination receives weight / (sum of all weights) of the requests; the sum need not be 100.
  test.each<[string, readonly RouteDestination[]]>([
    ['10', [to('v1', 5), toOther(5)]],
    ['200', [to('v1', 100), toOther(100)]],
    ['400', [to('v1', 200), toOther(200)]],
  ])('leaves another host half of the requests where the weights sum to %s', (_sum, route) => {
    const vs = withWeights(virtualService([{ name: 'main', route }]), target({ v1: 80, v2: 20 }));
    const entries = managedIn(vs)?.route ?? [];
    const all = entries.reduce((sum, { weight }) => sum + (weight ?? 0), 0);
    const others = entries
      .filter(({ destination }) => destination.host !== HOST)
      .reduce((sum, { weight }) => sum + (weight ?? 0), 0);
    expect(others / all).toBe(0.5);
  });

  test('gives every destination whole weights of at least 0, whatever they sum to', () => {
    const vs = withWeights(
      virtualService([{ name: 'main', route: [to('v1', 200), toOther(200)] }]),
      target({ v1: 80, v2: 20 }),
    );
    const given = (managedIn(vs)?.route ?? []).map(({ weight }) => weight ?? 0);
    expect(given.filter((weight) => weight < 0)).toEqual([]);
  });

  test('is refused where another host takes everything: there is nothing to split', () => {
    expect(() => weigh([to('v1', 0), toOther(100)], { v1: 80, v2: 20 })).toThrow(
      'A managed route of VirtualService gray-demo/helloworld gives everything to other.gray-demo.svc.cluster.local',
    );
  });

  test('makes new destinations with the port of those that stand there', () => {
    const route = [{ destination: { host: APP, port: { number: 9080 } } }];
    const vs = withWeights(virtualService([{ route }]), target({ v1: 80, v2: 20 }));
    expect(managedIn(vs)?.route?.map(({ destination }) => destination)).toEqual([
      { host: APP, port: { number: 9080 }, subset: 'v1' },
      { host: APP, port: { number: 9080 }, subset: 'v2' },
    ]);
  });

  test("marks each version's answers with version and revision", () => {
    const vs = withWeights(
      virtualService([{ route: [to('v1')] }]),
      target({ v1: 80, v2: 20 }, { revision: 12 }),
    );
    expect(managedIn(vs)?.route?.map(({ headers }) => headers)).toEqual([
      { response: { set: { 'x-canary-version': 'v1', 'x-canary-revision': '12' } } },
      { response: { set: { 'x-canary-version': 'v2', 'x-canary-revision': '12' } } },
    ]);
  });

  test('keeps the headers that a destination sets already, and its unknown fields', () => {
    const entry = to('v1', 100, {
      headers: { request: { add: { a: 'b' } }, response: { set: { c: 'd' }, remove: ['e'] } },
      someday: { new: true },
    });
    const vs = withWeights(virtualService([{ route: [entry] }]), target({ v1: 100 }));
    expect(managedIn(vs)?.route).toEqual([
      {
        ...entry,
        headers: {
          request: { add: { a: 'b' } },
          response: { set: { c: 'd', 'x-canary-version': 'v1', 'x-canary-revision': '4' }, remove: ['e'] },
        },
      },
    ]);
  });

  test('sets its headers in the place of those that are written in another case', () => {
    const entry = to('v1', 100, {
      headers: { response: { set: { 'X-Canary-Version': 'old', c: 'd', 'X-CANARY-REVISION': '3' } } },
    });
    const vs = withWeights(virtualService([{ route: [entry] }]), target({ v1: 100 }));
    expect(managedIn(vs)?.route?.[0]?.headers?.response?.set).toEqual({
      c: 'd',
      'x-canary-version': 'v1',
      'x-canary-revision': '4',
    });
  });

  test('hands the headers of a destination without a subset on to the versions in its place', () => {
    const entry = to(undefined, undefined, { headers: { request: { set: { 'x-tenant': 'a' } } } });
    const vs = withWeights(virtualService([{ route: [entry] }]), target({ v1: 80, v2: 20 }));
    expect(managedIn(vs)?.route?.map(({ headers }) => headers?.['request'])).toEqual([
      { set: { 'x-tenant': 'a' } },
      { set: { 'x-tenant': 'a' } },
    ]);
  });

  test('keeps matches, timeouts, mirrors and unknown fields of the route', () => {
    const rest = {
      match: [{ uri: { prefix: '/hello' } }],
      timeout: '3s',
      retries: { attempts: 2 },
      mirror: { host: 'shadow' },
      someday: [1],
    };
    const vs = withWeights(
      virtualService([{ name: 'main', ...rest, route: [to('v1')] }]),
      target({ v1: 80, v2: 20 }),
    );
    expect(managedIn(vs)).toMatchObject(rest);
  });

  test('weighs every route that is named', () => {
    const http = [
      { name: 'a', route: [to('v1', 100)] },
      { name: 'b', route: [to('v2', 100)] },
    ];
    const vs = withWeights(virtualService(http), target({ v1: 80, v2: 20 }, { routes: ['b', 'a'] }));
    expect(['a', 'b'].map((name) => splitOf(managedIn(vs, [name])))).toEqual([
      ['v1 80', 'v2 20'],
      ['v2 20', 'v1 80'],
    ]);
  });
});

describe('routes of the same name', () => {
  const http = [
    { name: 'main', match: [{ uri: { prefix: '/a' } }], route: [to('v1')] },
    { name: 'main', match: [{ uri: { prefix: '/b' } }], route: [to('v1')] },
  ];

  test('are weighed together', () => {
    const vs = withWeights(virtualService(http), target({ v1: 80, v2: 20 }, { routes: ['main'] }));
    const main = (vs.spec.http ?? []).filter(({ name }) => name === 'main');
    expect(main.map(splitOf)).toEqual([
      ['v1 80', 'v2 20'],
      ['v1 80', 'v2 20'],
    ]);
  });

  test('have previews of their own', () => {
    const vs = withPreviews(virtualService(http), target({ v1: 80, v2: 20 }, { routes: ['main'] }));
    expect(namesIn(vs)).toEqual([
      'canary-preview-v1',
      'canary-preview-v2',
      'main',
      'canary-preview-v1.2',
      'canary-preview-v2.2',
      'main',
    ]);
  });
});

describe('where no route leads to the service yet', () => {
  test.each<[string, VirtualService]>([
    ['an empty list', virtualService([])],
    ['no list', virtualService(undefined)],
    [
      'TCP routes alone',
      virtualService(undefined, {}, { tcp: [{ route: [{ destination: { host: 'db' } }] }] }),
    ],
  ])('one is made, named after the app (%s)', (_what, vs) => {
    expect(managedIn(withWeights(vs, target({ v1: 80, v2: 20 })))).toEqual({
      name: APP,
      route: [
        {
          destination: { host: HOST, port: { number: 5000 }, subset: 'v1' },
          weight: 80,
          headers: { response: { set: { 'x-canary-version': 'v1', 'x-canary-revision': '4' } } },
        },
        {
          destination: { host: HOST, port: { number: 5000 }, subset: 'v2' },
          weight: 20,
          headers: { response: { set: { 'x-canary-version': 'v2', 'x-canary-revision': '4' } } },
        },
      ],
    });
  });

  test('it stands behind the routes of others', () => {
    const vs = withWeights(virtualService([{ name: 'other', route: [toOther()] }]), target({ v1: 100 }));
    expect(namesIn(vs)).toEqual(['other', 'canary-preview-v1', 'helloworld']);
  });

  test('it names no port where none is known', () => {
    const vs = withWeights(virtualService([]), target({ v1: 100 }, { port: undefined }));
    expect(managedIn(vs)?.route?.[0]?.destination).toEqual({ host: HOST, subset: 'v1' });
  });

  test('a preview comes alone: no user is sent anywhere by it', () => {
    expect(namesIn(withPreviews(virtualService([]), target({ v1: 80, v2: 20 })))).toEqual([
      'canary-preview-v1',
      'canary-preview-v2',
    ]);
  });
});

describe("everything that is not the action's", () => {
  const http: readonly HttpRoute[] = [
    { name: 'redirect', match: [{ uri: { exact: '/old' } }], redirect: { uri: '/new' } },
    {
      zz: 1,
      name: 'other',
      aa: { z: 1, a: 2 },
      route: [{ weight: 100, destination: { port: { number: 1 }, host: 'other' } }],
    },
    { name: 'main', match: [{ uri: { prefix: '/' } }], route: [to('v1', 100)] },
    { name: 'last', delegate: { name: 'part' } },
  ];
  const vs: VirtualService = {
    apiVersion: 'networking.istio.io/v1',
    metadata: { name: APP, namespace: NAMESPACE, labels: { z: '1', a: '2' } },
    kind: 'VirtualService',
    spec: { tcp: [{ route: [] }], http, exportTo: ['*'], hosts: ['b', 'a'], someday: null },
    status: { conditions: [] },
  };
  const isOther = ({ name = '' }: HttpRoute): boolean => ['redirect', 'other', 'last'].includes(name);

  test.each([
    ['weights', withWeights(vs, target({ v1: 80, v2: 20 }))],
    ['previews', withPreviews(vs, target({ v1: 80, v2: 20 }))],
  ])('comes through %s unchanged and in its order, byte for byte', (_what, after) => {
    const others = (one: VirtualService): string =>
      JSON.stringify({ ...one, spec: { ...one.spec, http: (one.spec.http ?? []).filter(isOther) } });
    expect(others(after)).toBe(others(vs));
  });

  test('stays in its order around the managed route', () => {
    expect(namesIn(withWeights(vs, target({ v1: 80, v2: 20 })))).toEqual([
      'redirect',
      'other',
      'canary-preview-v1',
      'canary-preview-v2',
      'main',
      'last',
    ]);
  });

  test('the input is not modified', () => {
    const before = structuredClone(vs);
    withWeights(vs, target({ v1: 80, v2: 20 }));
    expect(vs).toEqual(before);
  });

  test('the preview routes of another service in the same VirtualService stay', () => {
    const theirs: HttpRoute = {
      name: 'canary-preview-v9',
      match: [{ headers: { 'x-canary-version': { exact: 'v9' } } }],
      route: [toOther()],
    };
    const shared = virtualService([
      theirs,
      { name: 'other', route: [toOther(100)] },
      { name: 'main', route: [to('v1', 100)] },
    ]);
    expect(withWeights(shared, target({ v1: 80, v2: 20 })).spec.http).toContainEqual(theirs);
  });
});

describe('preview routes', () => {
  const rest = {
    timeout: '3s',
    rewrite: { uri: '/' },
    fault: { abort: { httpStatus: 500 } },
    headers: { request: { set: { a: 'b' } } },
  };
  const route: HttpRoute = {
    name: 'main',
    match: [{ uri: { prefix: '/hello' } }, { uri: { exact: '/' }, headers: { cookie: { regex: '.*' } } }],
    mirror: { host: 'shadow' },
    mirrors: [{ destination: { host: 'shadow' } }],
    mirrorPercentage: { value: 10 },
    ...rest,
    route: [to('v1', 80), to('v2', 20, { headers: { request: { set: { c: 'd' } } } }), toOther(0)],
  };
  const vs = withPreviews(virtualService([route]), target({ v1: 80, v2: 20 }, { revision: 7 }));

  test('stand right ahead of the managed route, one for each version', () => {
    expect(namesIn(vs)).toEqual(['canary-preview-v1', 'canary-preview-v2', 'main']);
  });

  test('leave the managed route as it is', () => {
    expect(vs.spec.http?.[2]).toEqual(route);
  });

  test('take every match of the managed route, with the version asked for by header', () => {
    expect(vs.spec.http?.[1]?.match).toEqual([
      { uri: { prefix: '/hello' }, headers: { 'x-canary-version': { exact: 'v2' } } },
      { uri: { exact: '/' }, headers: { cookie: { regex: '.*' }, 'x-canary-version': { exact: 'v2' } } },
    ]);
  });

  test.each<[string, HttpRoute]>([
    ['no match', { route: [to('v1')] }],
    ['an empty list of matches', { match: [], route: [to('v1')] }],
  ])('are asked for by the header alone where the managed route has %s', (_what, open) => {
    const [preview] = previewsIn(withPreviews(virtualService([open]), target({ v1: 100 })));
    expect(preview?.match).toEqual([{ headers: { 'x-canary-version': { exact: 'v1' } } }]);
  });

  test('lead to one version alone, whole, and mark its answers', () => {
    expect(vs.spec.http?.[1]?.route).toEqual([
      {
        destination: { host: HOST, port: { number: 5000 }, subset: 'v2' },
        headers: {
          request: { set: { c: 'd' } },
          response: { set: { 'x-canary-version': 'v2', 'x-canary-revision': '7' } },
        },
      },
    ]);
  });

  test('do to a request what the managed route does, but mirror nothing', () => {
    const { name: _name, match: _match, route: _route, ...does } = vs.spec.http?.[0] ?? {};
    expect(does).toEqual(rest);
  });

  test('reach a version that the managed route does not name yet, by the host and port of those it does', () => {
    const added = previewsIn(withPreviews(virtualService([route]), target({ v3: 0 })));
    expect(added[0]?.route?.[0]?.destination).toEqual({ host: HOST, port: { number: 5000 }, subset: 'v3' });
  });

  test('of versions that the release has left go', () => {
    const later = withPreviews(vs, target({ v2: 100 }));
    expect(namesIn(later)).toEqual(['canary-preview-v2', 'main']);
  });

  test('of two managed routes have names of their own', () => {
    const two = virtualService([
      { name: 'a', route: [to('v1')] },
      { name: 'b', route: [to('v1')] },
    ]);
    const names = namesIn(withPreviews(two, target({ v1: 50, v2: 50 }, { routes: ['a', 'b'] })));
    expect(names).toEqual([
      'canary-preview-v1',
      'canary-preview-v2',
      'a',
      'canary-preview-v1.2',
      'canary-preview-v2.2',
      'b',
    ]);
  });

  test('are told apart from the routes of users', () => {
    expect([isPreview({ name: 'canary-preview-v1' }), isPreview({ name: 'canary' }), isPreview({})]).toEqual([
      true,
      false,
      false,
    ]);
  });

  test('of another service tell nothing about the versions of this one', () => {
    expect(
      previewedVersions(
        virtualService([
          { name: 'canary-preview-v2', route: [{ destination: { host: 'other', subset: 'v2' } }] },
        ]),
        SERVICE,
      ),
    ).toEqual([]);
  });

  test('tell their versions', () => {
    expect(previewedVersions(vs, SERVICE)).toEqual(['v1', 'v2']);
  });
});

describe('doing it again changes nothing', () => {
  const cases: readonly (readonly [string, VirtualService, RouteTarget])[] = [
    ['a first install', virtualService([]), target({ v1: 100 })],
    ['an unnamed route', virtualService([{ route: [to('v1')] }]), target({ v1: 80, v2: 20 })],
    ['a route without subsets', virtualService([{ route: [to(undefined)] }]), target({ v1: 80, v2: 20 })],
    [
      'another host beside',
      virtualService([{ route: [to('v1', 67), toOther(33)] }]),
      target({ v1: 80, v2: 20 }),
    ],
    [
      'a third version',
      virtualService([{ route: [to('v1', 50), to('v2', 50)] }]),
      target({ v1: 40, v2: 40, v3: 20 }),
    ],
    [
      'two routes',
      virtualService([
        { name: 'a', route: [to('v1')] },
        { name: 'b', match: [{ port: 80 }], route: [to('v1')] },
      ]),
      target({ v1: 80, v2: 20 }, { routes: ['a', 'b'] }),
    ],
  ];

  test.each(cases)('with weights: %s', (_what, vs, wanted) => {
    const once = withWeights(vs, wanted);
    expect(withWeights(once, wanted)).toEqual(once);
  });

  test.each(cases)('with previews: %s', (_what, vs, wanted) => {
    const once = withPreviews(vs, wanted);
    expect(withPreviews(once, wanted)).toEqual(once);
  });
});

describe('what was written is recognised as what was asked', () => {
  test.each<[string, readonly RouteDestination[]]>([
    ['alone', [to('v1')]],
    ['beside another host at 50 %', [to('v1', 50), toOther(50)]],
    [
      'beside another host at 33 %, where the points do not divide without a rest',
      [to('v1', 67), toOther(33)],
    ],
    [
      'beside a destination without a subset that gets nothing',
      [to('v1', 67), toOther(33), to(undefined, 0)],
    ],
  ])('%s', (_what, route) => {
    const asked = target({ v1: 80, v2: 20 });
    const vs = withWeights(virtualService([{ route }]), asked);
    expect(managedWeights(vs, SERVICE, undefined, asked.weights).weights).toEqual(asked.weights);
  });

  test('and other weights are not', () => {
    const vs = withWeights(
      virtualService([{ route: [to('v1', 67), toOther(33)] }]),
      target({ v1: 80, v2: 20 }),
    );
    expect(managedWeights(vs, SERVICE, undefined, weights({ v1: 70, v2: 30 })).weights).toEqual(
      weights({ v1: 81, v2: 19 }),
    );
  });

  test('nor is what gives a version nothing that has a weight', () => {
    const vs = virtualService([{ route: [to('v1', 10), to('v2', 0), toOther(90)] }]);
    expect(managedWeights(vs, SERVICE, undefined, weights({ v1: 99, v2: 1 })).weights).toEqual(
      weights({ v1: 100, v2: 0 }),
    );
  });
});

describe('weights that the points beside another host cannot express are refused', () => {
  test.each<[string, readonly RouteDestination[], Readonly<Record<string, number>>, string]>([
    [
      'a hundredth of ten',
      [to('v1', 10), toOther(90)],
      { v1: 99, v2: 1 },
      'Of the weights of route main in VirtualService gray-demo/helloworld, 10 are for the service next to other hosts: that is too coarse for v1=99,v2=1, of which v2 would get nothing. It can split the service only in steps of 10%. First multiply every weight of the route by 10, which keeps all shares, or set coarser weights.',
    ],
    [
      'two versions of one, as relative weights',
      [to('v1', 1), toOther(1)],
      { v1: 80, v2: 20 },
      'only in steps of 100%. First multiply every weight of the route by 100',
    ],
    [
      'a hundredth of a third',
      [to('v1', 33), toOther(67)],
      { v1: 99, v2: 1 },
      'only in steps of 3%. First multiply every weight of the route by 100',
    ],
  ])('%s', (_what, route, given, message) => {
    expect(() => withWeights(virtualService([{ name: 'main', route }]), target(given))).toThrow(message);
  });

  test('until the weights of the route are multiplied as the message says', () => {
    const vs = withWeights(
      virtualService([{ route: [to('v1', 100), toOther(900)] }]),
      target({ v1: 99, v2: 1 }),
    );
    expect(splitOf(managedIn(vs))).toEqual(['v1 99', 'other.gray-demo.svc.cluster.local 900', 'v2 1']);
  });
});
