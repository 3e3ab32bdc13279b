import { describe, expect, test } from '@jest/globals';
import { CanaryError } from '../../src/core/errors.ts';
import type { GatewayListener, HTTPRoute } from '../../src/gateway-api/objects.ts';
import type { Gateway, HttpRoute, Labels, VirtualService } from '../../src/kubernetes/objects.ts';
import { observe } from '../../src/release/observation.ts';
import { mergedRulesAhead } from '../../src/release/rival-merged-rules.ts';
import { readRouteStates } from '../../src/release/route-state.ts';
import { virtualServicesAhead } from '../../src/release/rival-virtual-services.ts';
import type { FleetState } from '../../src/release/state.ts';
import { attachedRoute, gatewayApiState, kubeGateway, listener } from '../support/gateways.ts';
import {
  APP,
  NAMESPACE,
  clusterState,
  fleetOf,
  gateway,
  server,
  service,
  to,
  virtualService,
} from '../support/objects.ts';
import { EAST, release } from '../support/release.ts';

const [EARLY, MIDDLE, LATE] = [9, 10, 11].map((hour) => `2026-11-27T${String(hour).padStart(2, '0')}:00:00Z`);
const INGRESS: Labels = { istio: 'ingressgateway', app: 'istio-ingressgateway' };
const given = release({
  clusters: [EAST],
  configClusters: [EAST],
  placement: new Map(),
  check: { path: '/hello', host: 'shop.example.com' },
});

interface Held {
  readonly vs: VirtualService;
  readonly gateways?: readonly Gateway[];
  /** Those of the Gateway of the Gateway API; undefined: not known. */
  readonly pods?: readonly Labels[] | undefined;
  readonly listeners?: readonly GatewayListener[];
  /** The path of the managed rule. */
  readonly path?: string;
  readonly hostnames?: readonly string[];
  /** From a port of their Service to one of the pods. */
  readonly targets?: readonly (readonly [number, number])[];
}

function fleetWith({
  vs,
  gateways = [gateway()],
  listeners = [listener('http', 80)],
  path = '/hello',
  hostnames = ['*.example.com'],
  targets = [],
  ...rest
}: Held): FleetState {
  const pods = 'pods' in rest ? rest.pods : [INGRESS];
  const route = attachedRoute(hostnames);
  const own: HTTPRoute = {
    ...route,
    spec: {
      ...route.spec,
      rules: [
        {
          matches: [{ path: { type: 'PathPrefix', value: path } }],
          backendRefs: ['v1', 'v2'].map((version) => ({ name: `${APP}-${version}`, port: 5000, weight: 1 })),
        },
      ],
    },
  };
  const versions = ['v1', 'v2'].map((version) =>
    service({ selector: { app: APP, version } }, { name: `${APP}-${version}` }),
  );
  const { traffic } = clusterState(EAST, { traffic: { virtualServices: [vs], gateways } });
  return fleetOf({
    ...clusterState(EAST, { service: service(), otherServices: versions }),
    traffic: traffic && {
      ...traffic,
      everywhere: { ...traffic.everywhere, virtualServices: [vs], gateways },
    },
    gatewayApi: gatewayApiState([kubeGateway(listeners, {}, [], { creationTimestamp: MIDDLE })], {
      httpRoutes: [own],
      ...(pods === undefined
        ? {}
        : { gatewayPods: new Map([['edge/public', { labels: pods, targets: new Map(targets) }]]) }),
    }),
  });
}

describe('a VirtualService of another app behind the same gateway pods', () => {
  const cart = (hosts: readonly string[], match: HttpRoute['match'] = [{ uri: { prefix: '/hello' } }]) =>
    virtualService([{ match, route: [{ destination: { host: 'cart' } }] }], { name: 'cart' }, { hosts });
  const CATCH_ALL: HttpRoute['match'] = [];
  const at = (creationTimestamp: string | undefined, servers = [server('HTTP', 80)]): readonly Gateway[] => [
    gateway(servers, creationTimestamp === undefined ? {} : { creationTimestamp }),
  ];
  const ahead = (held: Held): readonly unknown[] => {
    const observed = observe(given, fleetWith(held));
    const [one] = observed.routes;
    return one === undefined
      ? []
      : virtualServicesAhead(given, observed.fleet, one).map(
          ({ virtualService: vs, narrower, isCertain }) => [vs.metadata.name, narrower, isCertain],
        );
  };
  const [SAME, NARROW, ANY] = [['*.example.com'], ['shop.example.com'], ['*']];

  test.each<[string, Held, readonly unknown[]]>([
    [
      'of a narrower host goes first',
      { vs: cart(NARROW, CATCH_ALL), gateways: at(LATE) },
      [['cart', true, true]],
    ],
    ['of a wider host does not', { vs: cart(ANY), gateways: at(EARLY) }, []],
    [
      'of the same host goes first by an older Gateway',
      { vs: cart(SAME), gateways: at(EARLY) },
      [['cart', false, true]],
    ],
    ['of the same host comes later by a younger Gateway', { vs: cart(SAME), gateways: at(LATE) }, []],
    [
      'goes first by a younger Gateway, where the managed rule takes everything',
      { vs: cart(SAME), gateways: at(LATE), path: '/' },
      [['cart', false, true]],
    ],
    ['comes later where only it takes everything', { vs: cart(SAME, CATCH_ALL), gateways: at(EARLY) }, []],
    ['of another path does not', { vs: cart(SAME, [{ uri: { prefix: '/cart' } }]), gateways: at(EARLY) }, []],
    [
      'of a narrower host leaves another path to nobody',
      { vs: cart(NARROW, [{ uri: { prefix: '/cart' } }]) },
      [['cart', true, true]],
    ],
    ['at another port does not', { vs: cart(NARROW), gateways: at(EARLY, [server('HTTP', 8080)]) }, []],
    ['of other pods does not', { vs: cart(NARROW), pods: [{ istio: 'other' }] }, []],
    [
      'may go first where the pods are not known',
      { vs: cart(NARROW), pods: undefined },
      [['cart', true, false]],
    ],
    [
      'goes first where its Gateway narrows the host',
      {
        vs: cart(ANY),
        hostnames: [],
        gateways: at(LATE, [server('HTTP', 80, { hosts: ['shop.example.com'] })]),
      },
      [['cart', true, true]],
    ],
  ])('%s', (_what, held, expected) => {
    expect(ahead(held)).toEqual(expected);
  });
});

describe('an HTTPRoute of another app behind the gateway pods of a VirtualService', () => {
  interface Beside extends Partial<Omit<Held, 'vs'>> {
    readonly hosts?: readonly string[];
    /** The prefix that the managed route takes. */
    readonly prefix?: string;
    /** When the Gateway of the VirtualService was; that of the HTTPRoute always at the same time. */
    readonly created?: string | undefined;
  }
  /** Each with its rule, and whether it surely takes requests. */
  const ahead = ({
    hosts = ['*.example.com'],
    prefix,
    path = '/hello',
    created = MIDDLE,
    hostnames = ['*.example.com'],
    gateways = [gateway(undefined, { creationTimestamp: created ?? '' })],
    listeners = [listener('http', 80)],
    targets = [],
    ...rest
  }: Beside): readonly unknown[] => {
    const pods = 'pods' in rest ? rest.pods : [INGRESS];
    const match = prefix === undefined ? {} : { match: [{ uri: { prefix } }] };
    const own = virtualService([{ ...match, route: [to('v1', 80), to('v2', 20)] }], {}, { hosts });
    const route = attachedRoute(hostnames);
    const cart: HTTPRoute = {
      ...route,
      metadata: { name: 'cart', namespace: 'other' },
      spec: {
        ...route.spec,
        rules: [
          {
            matches: [{ path: { type: 'PathPrefix', value: path } }],
            backendRefs: [{ name: 'cart', port: 80 }],
          },
        ],
      },
    };
    const fleet = fleetOf({
      ...clusterState(EAST, { traffic: { virtualServices: [own], gateways } }),
      gatewayApi: gatewayApiState([kubeGateway(listeners, {}, [], { creationTimestamp: MIDDLE })], {
        httpRoutes: [cart],
        ...(pods === undefined
          ? {}
          : { gatewayPods: new Map([['edge/public', { labels: pods, targets: new Map(targets) }]]) }),
      }),
    });
    return readRouteStates(given, fleet).flatMap((one) =>
      mergedRulesAhead(given, fleet, one).map(({ route: found, rule, merged }) => [
        found.metadata.name,
        rule === undefined ? 'nothing' : 'rule',
        merged?.isCertain,
      ]),
    );
  };
  const [RULE, NOTHING] = [[['cart', 'rule', true]], [['cart', 'nothing', true]]];
  const [NARROW, ANY] = [['shop.example.com'], ['*']];

  test.each<[string, Beside, readonly unknown[]]>([
    ['goes first where the managed route takes everything', { created: EARLY }, RULE],
    ['goes first by an older Gateway', { prefix: '/hello', created: LATE }, RULE],
    ['comes later by a younger Gateway', { prefix: '/hello', created: EARLY }, []],
    ['comes later where only it takes everything', { prefix: '/hello', path: '/', created: LATE }, []],
    ['goes first by an older Gateway where both take everything', { path: '/', created: LATE }, RULE],
    ['comes later by a younger Gateway where both take everything', { path: '/', created: EARLY }, []],
    ['of a narrower hostname goes first', { prefix: '/hello', hostnames: NARROW, created: EARLY }, RULE],
    ['of a wider hostname does not', { hosts: NARROW, created: LATE }, []],
    ['of a narrower hostname leaves another path to nobody', { hostnames: NARROW, path: '/cart' }, NOTHING],
    ['of the same hostname and another path does not', { path: '/cart', created: LATE }, []],
    ['of every hostname goes first where both take every host', { hosts: ANY, hostnames: [] }, RULE],
    [
      'goes first where its listener narrows the host',
      { listeners: [listener('http', 80, { hostname: 'shop.example.com' })] },
      RULE,
    ],
    ['at another port does not', { listeners: [listener('http', 8080)] }, []],
    [
      'at another port that leads to the same one does',
      { listeners: [listener('http', 8080)], targets: [[8080, 80]] },
      RULE,
    ],
    ['of other pods does not', { pods: [{ istio: 'other' }] }, []],
    ['may go first where the pods are not known', { pods: undefined }, [['cart', 'rule', false]]],
    ['over HTTPS does not', { listeners: [listener('https', 80, { protocol: 'HTTPS' })] }, []],
  ])('%s', (_what, beside, expected) => {
    expect(ahead(beside)).toEqual(expected);
  });
});

describe('a VirtualService that leads to the service as well', () => {
  const vs = virtualService([{ route: [to('v1', 100)] }], {}, { hosts: ['shop.example.com'] });
  const refusal = (held: Omit<Held, 'vs'>): string => {
    try {
      observe(release({ ...given, traffic: { httpRoute: APP } }), fleetWith({ vs, ...held }));
    } catch (error) {
      if (error instanceof CanaryError) return error.message;
      throw error;
    }
    return '';
  };
  const REFUSED = `VirtualService ${NAMESPACE}/${APP} and HTTPRoute ${NAMESPACE}/${APP} in east both lead to ${APP}`;

  test.each<[string, Omit<Held, 'vs'>]>([
    ['the same pods serve both', {}],
    ['the pods are not known', { pods: undefined }],
    ['both ports lead to one of the pods', { listeners: [listener('http', 8080)], targets: [[8080, 80]] }],
    [
      'the pods are not known, nor where ports lead',
      { pods: undefined, listeners: [listener('http', 8080)] },
    ],
    ['one of several pods serves both', { pods: [{ istio: 'other' }, INGRESS] }],
    [
      'its Gateway is for every proxy',
      { gateways: [{ ...gateway(), spec: { servers: [server('HTTP', 80)] } }] },
    ],
  ])('is refused where %s', (_what, held) => {
    expect(refusal(held)).toContain(REFUSED);
  });

  test.each<[string, Omit<Held, 'vs'>]>([
    ['enters by other pods', { pods: [{ istio: 'other' }] }],
    ['enters by another port', { listeners: [listener('http', 8080)] }],
    ['is bound to a Gateway that does not exist', { gateways: [] }],
  ])('is not refused where it %s', (_what, held) => {
    expect(refusal(held)).toBe('');
  });
});
