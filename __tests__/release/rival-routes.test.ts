import { describe, expect, test } from '@jest/globals';
import { textsIn } from '../../src/texts/texts.ts';
import type { HttpRoute, RouteDestination, VirtualService } from '../../src/kubernetes/objects.ts';
import { observe } from '../../src/release/observation.ts';
import { lookalikes } from '../../src/release/lookalikes.ts';
import { rivalsOf } from '../../src/release/rival-routes.ts';
import { planTraffic } from '../../src/release/plan-traffic.ts';
import type { TrafficState } from '../../src/istio/traffic-state.ts';
import { readRouteStates } from '../../src/release/route-state.ts';
import {
  HOST,
  clusterState,
  fleetOf,
  gateway,
  server,
  to,
  toOther,
  virtualService,
} from '../support/objects.ts';
import { EAST, release, weights } from '../support/release.ts';

const mark = (revision: string): Required<Pick<RouteDestination, 'headers'>> => ({
  headers: { response: { set: { 'x-canary-revision': revision } } },
});
const OWN_AGE = { creationTimestamp: '2026-11-22T10:00:00Z' };
const OLDER = '2026-11-22T09:00:00Z';
const YOUNGER = '2026-11-22T11:00:00Z';
const only = release({ configClusters: [EAST], clusters: [EAST], placement: new Map([['v1', [EAST]]]) });

/** The VirtualService of another app, with a Gateway of its own for the same pods. */
function cart(
  created: string,
  revision: string,
  spec: Readonly<Record<string, unknown>> = {},
  match?: HttpRoute['match'],
): VirtualService {
  const route = { name: 'cart', route: [{ ...toOther(100), ...mark(revision) }] };
  return virtualService(
    [match === undefined ? route : { ...route, match }],
    { name: 'cart', creationTimestamp: created },
    { gateways: ['cart'], ...spec },
  );
}

interface Beside {
  readonly other: VirtualService;
  readonly own?: readonly HttpRoute[];
  readonly hosts?: readonly string[];
  readonly gateways?: TrafficState['gateways'];
  readonly given?: typeof only;
}

const MANAGED: HttpRoute = { route: [to('v1', 80, mark('3')), to('v2', 20, mark('3'))] };
/** Two Gateways for the same pods, that of the other app created at a time. */
const aged = (created: string): TrafficState['gateways'] => [
  gateway(undefined, OWN_AGE),
  gateway(undefined, { name: 'cart', creationTimestamp: created }),
];
const DOORS = [gateway(), gateway([server('HTTP', 80)], { name: 'cart' })];

function state({
  other,
  own = [MANAGED],
  hosts = ['*'],
  gateways = DOORS,
}: Beside): ReturnType<typeof fleetOf> {
  const vs = virtualService(own, OWN_AGE, { hosts });
  return fleetOf(
    clusterState(EAST, {
      traffic: {
        virtualServices: [vs, other],
        gateways,
        everywhere: { virtualServices: [vs, other], destinationRules: [], gateways, unlisted: [] },
      },
    }),
  );
}

function named(beside: Beside): readonly string[] {
  const { given = only } = beside;
  const fleet = state(beside);
  return readRouteStates(given, fleet).flatMap((one) =>
    rivalsOf(given, fleet, one).map(
      ({ virtualService: { metadata }, revision }) => `${metadata.name} ${revision ?? ''}`,
    ),
  );
}

const ROOT = [{ uri: { prefix: '/' } }];
const OTHER_PATH = [{ uri: { prefix: '/cart' } }];

describe('a route of another app may answer what is sampled', () => {
  test.each<[string, Beside]>([
    ['is older and takes every request as well', { other: cart(OLDER, '7') }],
    [
      'matches the path, while the managed route takes every request',
      { other: cart(YOUNGER, '7', {}, ROOT) },
    ],
    [
      'is of a narrower host',
      {
        other: cart(YOUNGER, '7', { hosts: ['a.com'] }),
        given: release({ ...only, check: { host: 'a.com' } }),
      },
    ],
    [
      'takes what the managed route does not',
      { other: cart(YOUNGER, '7'), own: [{ ...MANAGED, match: OTHER_PATH }] },
    ],
    [
      'is bound to the same Gateway',
      { other: cart(OLDER, '7', { gateways: ['helloworld'] }), gateways: [gateway()] },
    ],
    ['is older, and both name the host', { other: cart(OLDER, '7', { hosts: ['a.com'] }), hosts: ['a.com'] }],
    [
      'takes the host that is sampled, which the Gateway takes and is not the first',
      { other: cart(OLDER, '7', { hosts: ['shop.example.com'] }), hosts: [HOST, 'shop.example.com'] },
    ],
    [
      'takes the host that is sampled, which the Gateway says',
      {
        other: cart(OLDER, '7', { hosts: ['a.com'], gateways: ['helloworld'] }),
        gateways: [gateway([server('HTTP', 80, { hosts: ['a.com'] })])],
      },
    ],
    [
      'enters by an older Gateway, although it is younger',
      { other: cart(YOUNGER, '7'), gateways: aged(OLDER) },
    ],
    [
      'is of a host that its Gateway narrows',
      {
        other: cart(YOUNGER, '7'),
        gateways: [gateway(), gateway([server('HTTP', 80, { hosts: ['a.com'] })], { name: 'cart' })],
        given: release({ ...only, check: { host: 'a.com' } }),
      },
    ],
  ])('where it %s', (_what, beside) => {
    expect(named(beside)).toEqual(['cart 7']);
  });

  test.each<[string, Beside]>([
    [
      'enters by a younger Gateway, although it is older',
      { other: cart(OLDER, '7'), gateways: aged(YOUNGER) },
    ],
    [
      'is of a wider host, which the gateway does not ask',
      {
        other: cart(OLDER, '7'),
        own: [{ ...MANAGED, match: OTHER_PATH }],
        hosts: ['a.com'],
      },
    ],
    [
      'is of the host of the only Gateway, as the managed route then is',
      {
        other: cart(YOUNGER, '7', { hosts: ['a.com'], gateways: ['helloworld'] }),
        gateways: [gateway([server('HTTP', 80, { hosts: ['a.com'] })])],
      },
    ],
    ['is younger', { other: cart(YOUNGER, '7') }],
    [
      'takes every request, and the managed route matches the path',
      { other: cart(OLDER, '7'), own: [{ ...MANAGED, match: ROOT }] },
    ],
    ['takes another path', { other: cart(OLDER, '7', {}, OTHER_PATH) }],
    [
      'is younger, and both name the host',
      { other: cart(YOUNGER, '7', { hosts: ['a.com'] }), hosts: ['a.com'] },
    ],
    ['is of a wider host', { other: cart(OLDER, '7'), hosts: ['a.com'] }],
    ['is of another host', { other: cart(OLDER, '7', { hosts: ['b.com'] }), hosts: ['a.com'] }],
    [
      'is bound to other pods',
      {
        other: cart(OLDER, '7'),
        gateways: [
          gateway(),
          {
            ...gateway(),
            metadata: { name: 'cart', namespace: 'gray-demo' },
            spec: { selector: { istio: 'internal' } },
          },
        ],
      },
    ],
    [
      'is bound to a Gateway of other hosts',
      {
        other: cart(OLDER, '7'),
        gateways: [
          gateway([server('HTTP', 80, { hosts: ['a.com'] })]),
          gateway([server('HTTP', 80, { hosts: ['b.com'] })], { name: 'cart' }),
        ],
      },
    ],
    ['is bound to a Gateway that does not exist', { other: cart(OLDER, '7'), gateways: [gateway()] }],
    ['is for sidecars alone', { other: cart(OLDER, '7', { gateways: ['mesh'] }) }],
  ])('but not where it %s', (_what, beside) => {
    expect(named(beside)).toEqual([]);
  });

  test('through the root that delegates to it', () => {
    const delegate = cart(OLDER, '7', { hosts: undefined, gateways: undefined });
    const root = virtualService(
      [{ delegate: { name: 'cart' } }],
      { name: 'root', creationTimestamp: OLDER },
      { gateways: ['cart'] },
    );
    const fleet = state({ other: delegate });
    const traffic = fleet.get(EAST)?.traffic;
    if (traffic === undefined) throw new Error('no traffic');
    const everywhere = {
      ...traffic.everywhere,
      virtualServices: [...traffic.everywhere.virtualServices, root],
    };
    const seen = fleetOf(clusterState(EAST, { traffic: { ...traffic, everywhere } }));
    const [one] = readRouteStates(only, seen);
    expect(one && rivalsOf(only, seen, one)).toEqual([
      expect.objectContaining({ virtualService: delegate, entrance: root, revision: '7' }),
    ]);
  });
});

test.each<[string, readonly VirtualService[], readonly (string | undefined)[]]>([
  ['takes it, and leaves it to nobody', [], [undefined]],
  [
    'does not where another one of that host takes the path',
    [cart(YOUNGER, '8', { hosts: ['a.com'] })],
    ['cart'],
  ],
])('a narrower host without a route for the path %s', (_what, more, expected) => {
  const given = release({ ...only, check: { host: 'a.com' } });
  const other = cart(YOUNGER, '7', { hosts: ['a.com'] }, OTHER_PATH);
  const named = { ...other, metadata: { ...other.metadata, name: 'paths' } };
  const own = virtualService([MANAGED], OWN_AGE);
  const virtualServices = [own, named, ...more];
  const everywhere = { virtualServices, destinationRules: [], gateways: DOORS, unlisted: [] };
  const fleet = fleetOf(clusterState(EAST, { traffic: { virtualServices, gateways: DOORS, everywhere } }));
  const found = readRouteStates(given, fleet).flatMap((one) => rivalsOf(given, fleet, one));
  expect(found.map(({ route }) => route?.name)).toEqual(expected);
});

describe('responses cannot be told apart', () => {
  test.each<[string, Beside, readonly string[]]>([
    ['of the same revision', { other: cart(OLDER, '3') }, ['route cart of VirtualService gray-demo/cart 3']],
    ['of another revision', { other: cart(OLDER, '7') }, []],
    [
      'of routes that nobody has marked',
      { other: cart(OLDER, '7'), own: [{ route: [to('v1', 80), to('v2', 20)] }] },
      ['route cart of VirtualService gray-demo/cart 7'],
    ],
  ])('%s', (_what, beside, expected) => {
    const fleet = state(beside);
    const found = readRouteStates(only, fleet).flatMap((one) => lookalikes({ release: only, fleet }, one));
    expect(
      found.map(
        ({ route, object, revision }) => `${textsIn('en').routes.part(route)} of ${object} ${revision ?? ''}`,
      ),
    ).toEqual(expected);
  });
});

test('the next revision is none that another app has where its route may answer', () => {
  const fleet = state({ other: cart(OLDER, '7') });
  const { revision } = planTraffic(observe(only, fleet), {
    weights: weights({ v1: 50, v2: 50 }),
    history: [],
  });
  expect(revision).toBe(8);
});
