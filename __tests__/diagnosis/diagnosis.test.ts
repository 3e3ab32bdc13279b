import { describe, expect, test } from '@jest/globals';
import { toldFinding } from '../support/english.ts';
import type { ToldFinding } from '../support/english.ts';
import { quoted } from '../../src/texts/message.ts';
import { atOnce } from '../../src/core/pieces.ts';
import { diagnose } from '../../src/diagnosis/diagnosis.ts';
import type { IngressEvidence } from '../../src/verify/evidence.ts';
import type { GatewayApiState } from '../../src/gateway-api/state.ts';
import type { Release } from '../../src/release/release.ts';
import type {
  DestinationRule,
  Gateway,
  HttpRoute,
  Pod,
  VirtualService,
} from '../../src/kubernetes/objects.ts';
import { RECORD_ANNOTATION } from '../../src/release/history.ts';
import { readRouteStates } from '../../src/release/route-state.ts';
import { evidence } from '../support/evidence.ts';
import { attachedRoute, gatewayApiState, kubeGateway, listener } from '../support/gateways.ts';
import {
  HOST,
  clusterState,
  destinationRule,
  fleetOf,
  gateway,
  pod,
  to,
  toOther,
  versionPod,
  virtualService,
} from '../support/objects.ts';
import { EAST, WEST, release, weights } from '../support/release.ts';

interface Held {
  readonly check?: Partial<Release['check']>;
  readonly http?: readonly HttpRoute[];
  readonly recorded?: Readonly<Record<string, number>>;
  readonly rule?: DestinationRule;
  /** The pods in both clusters; undefined: the clusters could not be read again. */
  readonly pods?: readonly Pod[];
  /** VirtualServices beside that of the release. */
  readonly others?: readonly VirtualService[];
  readonly otherRules?: readonly DestinationRule[];
  readonly complete?: boolean;
  /** What east holds of the Gateway API. */
  readonly gatewayApi?: GatewayApiState;
  /** The Gateways of Istio's API. */
  readonly doors?: readonly Gateway[];
  readonly hosts?: readonly string[];
  /** Where the pods of Gateways run. */
  readonly gateways?: Readonly<Record<string, readonly string[]>>;
}

const MANAGED: HttpRoute = { name: 'main', route: [to('v1', 80), to('v2', 20)] };
const RULE = destinationRule(['v1', 'v2']);

/** What is found if east holds this, west holds what was expected, and the ingresses saw that. */
function found(held: Held, ...seen: readonly IngressEvidence[]): readonly ToldFinding[] {
  const given = release({ check: held.check ?? {} });
  const { http = [MANAGED], recorded, rule = RULE, pods, others = [], hosts = ['*'] } = held;
  const annotations =
    recorded === undefined
      ? {}
      : { [RECORD_ANNOTATION]: JSON.stringify({ app: 'helloworld', revision: 3, weights: recorded }) };
  const own = virtualService(http, { annotations }, { hosts });
  const state = fleetOf(
    clusterState(EAST, {
      traffic: {
        virtualServices: [own],
        destinationRules: [rule],
        gatewayNamespaces: new Map(Object.entries(held.gateways ?? {})),
        gateways: held.doors ?? [],
        everywhere: {
          virtualServices: [own, ...others],
          destinationRules: [rule, ...(held.otherRules ?? [])],
          unlisted: held.complete === false ? ['VirtualService'] : [],
        },
      },
      pods: pods ?? [versionPod('v1'), versionPod('v2')],
      ...(held.gatewayApi === undefined ? {} : { gatewayApi: held.gatewayApi }),
    }),
    clusterState(WEST, {
      traffic: { virtualServices: [virtualService([MANAGED])], destinationRules: [RULE] },
    }),
  );
  const findings = atOnce(
    diagnose({
      release: given,
      routes: readRouteStates(given, state),
      evidence: seen,
      state,
    }),
  );
  return findings.map(toldFinding);
}

const titles = (findings: readonly ToldFinding[]): readonly string[] => findings.map(({ title }) => title);

const failed = (rest: Partial<IngressEvidence> = {}): IngressEvidence =>
  evidence({ verdict: 'fail', reason: quoted('the shares are not the weights'), ...rest });

describe('a route that someone else changed', () => {
  const held: Held = { http: [{ route: [to('v1', 50), to('v2', 50)] }], recorded: { v1: 80, v2: 20 } };

  test('is reported with both weights', () => {
    expect(found(held, failed())).toEqual([
      {
        title: 'The route in east was changed by someone else',
        detail:
          'VirtualService gray-demo/helloworld in east holds v1=50,v2=50 instead of the v1=80,v2=20 that the last release step wrote. Restore the recorded weights (operation rollback, with the input weights set to them), or find out who needs the others.',
      },
    ]);
  });

  test('is reported although the shares are right', () => {
    expect(found(held, evidence()).map(({ title }) => title)).toEqual([
      'The route in east was changed by someone else',
    ]);
  });
});

describe('a route that overrides the response headers of the release', () => {
  const held: Held = { http: [{ ...MANAGED, headers: { response: { remove: ['x-canary-revision'] } } }] };

  test('is named, ahead of routes that might have answered', () => {
    expect(found(held, failed({ withoutRevision: 5 }))[0]).toEqual({
      title: 'A route in east overrides the response headers of the release',
      detail:
        'In east, route main of VirtualService gray-demo/helloworld changes the response header x-canary-revision for all its destinations, which overrides what the release sets for each version: responses would not show their version and revision. Remove that change from the route.',
    });
  });

  test('does not matter to a check that passed', () => {
    expect(found(held, evidence())).toEqual([]);
  });
});

describe('a route with weights other than those expected, and without a record', () => {
  const held: Held = { http: [{ route: [to('v1', 50), to('v2', 50)] }] };

  test('is reported', () => {
    expect(found(held, failed())).toEqual([
      {
        title: 'The route in east holds other weights',
        detail:
          'v1=50,v2=50 is set, but v1=80,v2=20 was expected. To check the weights that are set, omit the input weights; to set the others, run the operation rollout.',
      },
    ]);
  });

  test('is not reported for the other cluster', () => {
    expect(found(held, failed({ cluster: WEST }))).toEqual([]);
  });
});

test('a subset that selects the pods of another version is reported with what was seen', () => {
  expect(found({}, failed({ contradictions: new Map([['v2 → v1', 12]]) }))).toEqual([
    {
      title: 'The subset v2 selects pods of v1',
      detail:
        '12 responses through east were routed to v2, but their body names v1. Compare the labels of the subset v2 (version=v2) with those of the pods, and check the image of the pods.',
    },
  ]);
});

test('a gateway replica that stays behind is reported with its revisions', () => {
  expect(
    found(
      {},
      failed({
        requests: 500,
        stale: new Map([
          ['3', 40],
          ['2', 10],
        ]),
      }),
    ),
  ).toEqual([
    {
      title: 'A gateway replica in east is still on revision 3, 2',
      detail:
        '50 of 500 responses carried it. Check istioctl proxy-status, and the logs of the gateway pods.',
    },
  ]);
});

test('responses under a newer revision point to another run, not to a stale replica', () => {
  const seen = failed({
    revision: '9',
    requests: 500,
    stale: new Map([
      ['10', 40],
      ['8', 10],
    ]),
  });
  expect(found({}, seen)).toEqual([
    {
      title: 'Another run changed the release in east during the check',
      detail:
        '40 of 500 responses carried revision 10, but 9 was the latest when the check began. Wait for that run to finish, then verify again.',
    },
    {
      title: 'A gateway replica in east is still on revision 8',
      detail:
        '10 of 500 responses carried it. Check istioctl proxy-status, and the logs of the gateway pods.',
    },
  ]);
});

describe('responses that no managed route gave', () => {
  const withoutRevision = failed({ withoutRevision: 900 });
  const toRoot = [{ uri: { prefix: '/' } }];
  const elsewhere = [{ uri: { exact: '/elsewhere' } }];

  test.each<[string, readonly HttpRoute[], string]>([
    ['the route before it', [{ name: 'beta', route: [toOther()] }, MANAGED], 'Route beta'],
    ['a route without a name before it', [{ redirect: { uri: '/' } }, MANAGED], 'Route http[0]'],
    [
      'those before it that match the path, not the others',
      [
        { name: 'other', match: elsewhere, route: [toOther()] },
        { name: 'root', match: toRoot, route: [toOther()] },
        MANAGED,
      ],
      'Route root',
    ],
  ])('point to %s', (_what, http, route) => {
    expect(found({ http }, withoutRevision)).toEqual([
      {
        title: 'An earlier route takes requests in east',
        detail: `${route} of VirtualService gray-demo/helloworld precedes the managed route and matches the path /: 900 of 1,000 requests were not answered by the managed route of VirtualService gray-demo/helloworld. Move it after the managed route, or narrow its match.`,
      },
    ]);
  });

  const rival = (
    spec: Readonly<Record<string, unknown>> = {},
    match: HttpRoute['match'] = toRoot,
  ): VirtualService =>
    virtualService(
      [{ name: 'mine', match, route: [toOther()] }],
      { name: 'rival', namespace: 'elsewhere', creationTimestamp: '2026-11-22T10:00:00Z' },
      { gateways: ['gray-demo/helloworld'], ...spec },
    );

  test('point to a VirtualService of another namespace that binds the same host and gateway', () => {
    expect(found({ others: [rival()] }, withoutRevision)).toEqual([
      {
        title: 'VirtualService elsewhere/rival takes requests in east',
        detail:
          'It binds * and Gateway gray-demo/helloworld, as VirtualService gray-demo/helloworld does (created at 2026-11-22T10:00:00Z), and its route mine matches the path /: 900 of 1,000 requests were not answered by the managed route of VirtualService gray-demo/helloworld. Istio puts the routes of both in one list, older ones first. Narrow its match or its hosts, or remove it.',
      },
    ]);
  });

  test('point to a narrower host without a route for the path', () => {
    const other = rival({ hosts: ['shop.example.com'] }, elsewhere);
    const asked = { check: { host: 'shop.example.com' } };
    expect(found({ others: [other], ...asked }, withoutRevision)).toEqual([
      {
        title: 'VirtualService elsewhere/rival takes requests in east',
        detail:
          'Its hosts shop.example.com (created at 2026-11-22T10:00:00Z) are narrower than those of VirtualService gray-demo/helloworld, and no route for them takes the path /: the gateway answers such requests with status 404, and 900 of 1,000 requests were not answered by the managed route of VirtualService gray-demo/helloworld. Give it a route for the path, or remove the narrower host.',
      },
    ]);
  });

  describe('an HTTPRoute of a Gateway that Istio merges', () => {
    const beside = (
      hostnames: readonly string[],
      path: string,
      rest: Partial<GatewayApiState> = {},
    ): Held => {
      const route = attachedRoute(hostnames);
      const rules = [
        { matches: [{ path: { type: 'Exact', value: path } }], backendRefs: [{ name: 'cart', port: 80 }] },
      ];
      const cart = {
        ...route,
        metadata: { name: 'cart', namespace: 'other' },
        spec: { ...route.spec, rules },
      };
      const pods = new Map([['edge/public', { labels: [{ istio: 'ingressgateway' }], targets: new Map() }]]);
      return {
        doors: [gateway()],
        gatewayApi: gatewayApiState([kubeGateway([listener('http', 80)])], {
          httpRoutes: [cart],
          gatewayPods: pods,
          ...rest,
        }),
      };
    };

    test('is named with its rule, its listener and the Gateway', () => {
      expect(found(beside([], '/'), withoutRevision)).toEqual([
        {
          title: 'HTTPRoute other/cart takes requests in east',
          detail:
            'Its unnamed rules[0] takes the path / before VirtualService gray-demo/helloworld does at listener http of Gateway edge/public, which Istio merges with Gateway gray-demo/helloworld, and does not lead to helloworld: 900 of 1,000 requests were not answered by the managed route of VirtualService gray-demo/helloworld. Istio prefers the more specific hostname. Istio asks the routes of the older Gateway first, and what takes every request last. Narrow its matches or hostnames, or remove it.',
        },
      ]);
    });

    test('may take requests where the pods of its Gateway could not be read', () => {
      const [finding] = found(beside([], '/', { gatewayPods: new Map() }), withoutRevision);
      expect(finding?.title).toBe('HTTPRoute other/cart may take requests in east');
      expect(finding?.detail).toContain(
        'Whether the same gateway pods serve both could not be read: first check that.',
      );
    });

    test('is named where it fails, as one without backends does', () => {
      const errors = new Map([['status 500', 400]]);
      expect(titles(found(beside([], '/'), failed({ errors })))[0]).toBe(
        'HTTPRoute other/cart takes requests in east',
      );
    });

    test('of a narrower hostname without a rule for the path is named as the cause of 404s', () => {
      const errors = new Map([['status 404', 400]]);
      const held = { ...beside(['shop.example.com'], '/cart'), check: { host: 'shop.example.com' } };
      const [finding] = found(held, failed({ errors }));
      expect(finding?.title).toBe('HTTPRoute other/cart takes requests in east');
      expect(finding?.detail).toContain(
        'Its hostnames shop.example.com are narrower than those of VirtualService gray-demo/helloworld at listener http of Gateway edge/public, which Istio merges with Gateway gray-demo/helloworld, and no rule for them takes the path /',
      );
    });
  });

  describe('with exportTo', () => {
    const reference = 'gray-demo/helloworld';
    const inEdge = { [reference]: ['edge'] };
    test.each<[string, readonly string[], Readonly<Record<string, readonly string[]>>, string]>([
      ['all', ['*'], {}, 'VirtualService elsewhere/rival takes requests in east'],
      [
        'the namespace of the gateway',
        ['edge'],
        inEdge,
        'VirtualService elsewhere/rival takes requests in east',
      ],
      ['another namespace', ['.'], inEdge, 'Another route answers in east'],
      ['nobody', ['~'], {}, 'Another route answers in east'],
      [
        'some, the gateway being unknown',
        ['.'],
        {},
        'VirtualService elsewhere/rival may take requests in east',
      ],
    ])('to %s, say no more than is known', (_what, exportTo, gateways, title) => {
      expect(titles(found({ others: [rival({ exportTo })], gateways }, withoutRevision))).toEqual([title]);
    });

    test('to some, with an unknown gateway, ask to check where its pods run', () => {
      expect(found({ others: [rival({ exportTo: ['.', 'b'] })] }, withoutRevision)[0]?.detail).toContain(
        "It is exported to ., b only, and the namespaces of the gateway's pods are unknown: first check whether they run there.",
      );
    });
  });

  test('name an unnamed route by its position, like the input routes, without counting preview routes', () => {
    const preview: HttpRoute = {
      name: 'canary-preview-v9',
      match: [{ headers: { 'x-canary-version': { exact: 'v9' } } }],
      route: [toOther()],
    };
    const unnamed: HttpRoute = { match: toRoot, route: [toOther()] };
    const [finding] = found({ http: [preview, unnamed, MANAGED] }, withoutRevision);
    expect(finding?.detail).toMatch(/^Route http\[0\] of VirtualService gray-demo\/helloworld/);
    const other = { ...rival(), spec: { ...rival().spec, http: [preview, unnamed] } };
    expect(found({ others: [other] }, withoutRevision)[0]?.detail).toContain(
      'its route http[0] matches the path /',
    );
  });

  test.each<[string, VirtualService, readonly string[]]>([
    ['another gateway', rival({ gateways: ['helloworld'] }), ['*']],
    ['the sidecars alone', rival({ gateways: ['mesh'] }), ['*']],
    ['another host', rival({ hosts: ['b.example.com'] }), ['a.example.com']],
    ['another path', rival({}, elsewhere), ['*']],
    ['a wider host, which gives way', rival(), ['a.example.com']],
  ])('do not point to a VirtualService of %s', (_what, other, hosts) => {
    expect(titles(found({ others: [other], hosts }, withoutRevision))).toEqual([
      'Another route answers in east',
    ]);
  });

  test('are not assumed if the version that failed names itself', () => {
    const versions = new Map([['v2', { errors: 50, latency: undefined }]]);
    const errors = new Map([['status 404', 50]]);
    expect(titles(found({ others: [rival()] }, failed({ errors, versions })))).toEqual([
      'Requests fail through east',
    ]);
  });

  test('under the revision of another app do not point to a stale replica', () => {
    const route = [{ ...toOther(), headers: { response: { set: { 'x-canary-revision': '2' } } } }];
    const other = { ...rival(), spec: { ...rival().spec, http: [{ name: 'mine', route }] } };
    expect(
      titles(found({ others: [other] }, failed({ stale: new Map([['2', 100]]), revision: '3' }))),
    ).toEqual(['VirtualService elsewhere/rival takes requests in east']);
  });

  test.each([
    [true, /no VirtualService in any namespace explains it/],
    [false, /none in namespace gray-demo explains it, and those in other namespaces could not be read/],
  ])('without a suspect say where it was looked for (all namespaces: %s)', (complete, detail) => {
    const http = [MANAGED, { name: 'last', route: [toOther()] }];
    expect(found({ http, complete }, withoutRevision)).toEqual([
      { title: 'Another route answers in east', detail: expect.stringMatching(detail) },
    ]);
  });
});

describe('the pods behind a subset', () => {
  const fails503 = failed({ errors: new Map([['status 503', 200]]) });
  const mutual = { trafficPolicy: { tls: { mode: 'ISTIO_MUTUAL' } } };
  const bare = { spec: { containers: [{ name: 'helloworld' }] } };

  test.each<[string, Held, string]>([
    [
      'that does not exist',
      { rule: destinationRule(['v1']) },
      'DestinationRule gray-demo/helloworld has no subset v2 in east',
    ],
    ['with no pod at all', { pods: [versionPod('v1')] }, 'No pod of v2 is ready'],
    [
      'with no ready pod',
      {
        pods: [
          versionPod('v1'),
          pod('v2-0', { app: 'helloworld', version: 'v2' }, { status: { conditions: [] } }),
        ],
      },
      'No pod of v2 is ready',
    ],
    [
      'without a sidecar under mutual TLS of the host',
      {
        rule: destinationRule(['v1', 'v2'], {}, mutual),
        pods: [versionPod('v1'), pod('v2-0', { app: 'helloworld', version: 'v2' }, bare)],
      },
      'Pods of v2 have no sidecar',
    ],
  ])('%s are reported before the failed requests', (_what, held, title) => {
    expect(titles(found(held, fails503))).toEqual([title, 'Requests fail through east']);
  });

  test.each<[string, Held]>([
    ['are ready and have sidecars', { rule: destinationRule(['v1', 'v2'], {}, mutual) }],
    [
      'have no sidecar and need none',
      { pods: [versionPod('v1'), pod('v2-0', { app: 'helloworld', version: 'v2' }, bare)] },
    ],
    [
      'have no sidecar, and the subset disables TLS',
      {
        rule: destinationRule(
          ['v1', { name: 'v2', labels: { version: 'v2' }, trafficPolicy: { tls: { mode: 'DISABLE' } } }],
          {},
          mutual,
        ),
        pods: [versionPod('v1'), pod('v2-0', { app: 'helloworld', version: 'v2' }, bare)],
      },
    ],
  ])('are not blamed if they %s', (_what, held) => {
    expect(titles(found(held, fails503))).toEqual(['Requests fail through east']);
  });

  test('are not blamed for a version without weight', () => {
    const one = failed({
      errors: new Map([['status 503', 200]]),
      weights: weights({ v1: 100, v2: 0 }),
      counts: weights({ v1: 1000, v2: 0 }),
    });
    expect(
      titles(
        found(
          { http: [{ name: 'main', route: [to('v1', 100), to('v2', 0)] }], pods: [versionPod('v1')] },
          one,
        ),
      ),
    ).toEqual(['Requests fail through east']);
  });

  const drifted = failed({ counts: weights({ v1: 950, v2: 50 }) });

  test('that the subset of another version selects as well are named if shares drift', () => {
    const rule = destinationRule(['v1', { name: 'v2', labels: { app: 'helloworld' } }]);
    expect(found({ rule }, drifted)).toEqual([
      {
        title: 'The subsets v1 and v2 select the same pods',
        detail:
          'The subsets of both v1 and v2 select Pod gray-demo/helloworld-v1-0 in east: v1 selects version=v1, v2 selects app=helloworld (DestinationRule gray-demo/helloworld in east). Requests for one version would be answered by pods of the other, whatever the weights. Give the subset v2 a label that only the pods of v2 carry, once they carry it.',
      },
    ]);
  });

  test('with labels that no other version has are not blamed', () => {
    const rule = destinationRule(['v1', { name: 'v2', labels: { track: 'canary' } }]);
    const canary = pod('canary-0', { app: 'helloworld', track: 'canary', version: 'nightly' });
    expect(found({ rule, pods: [versionPod('v1'), canary] }, drifted)).toEqual([]);
  });
});

describe('settings behind the weights', () => {
  const hash = { loadBalancer: { consistentHash: { useSourceIp: true } } };
  const outlier = { outlierDetection: { consecutive5xxErrors: 1 } };
  const locality = { loadBalancer: { localityLbSetting: { distribute: [] } } };
  const drifted = failed({ counts: weights({ v1: 1000, v2: 0 }) });
  const fails503 = failed({ errors: new Map([['status 503', 200]]) });
  const ofHost = (trafficPolicy: Readonly<Record<string, unknown>>): DestinationRule =>
    destinationRule(['v1', 'v2'], {}, { trafficPolicy });
  const ofSubset = (trafficPolicy: Readonly<Record<string, unknown>>): DestinationRule =>
    destinationRule(['v1', { name: 'v2', labels: { version: 'v2' }, trafficPolicy }]);

  test.each<[string, DestinationRule, IngressEvidence, string, string]>([
    [
      'hashing of the host',
      ofHost(hash),
      drifted,
      'Consistent hashing is on in east',
      'DestinationRule gray-demo/helloworld sets',
    ],
    [
      'hashing of a subset',
      ofSubset(hash),
      drifted,
      'Consistent hashing is on in east',
      'for the subset v2 sets',
    ],
    [
      'hashing of a port',
      ofHost({ portLevelSettings: [hash] }),
      drifted,
      'Consistent hashing is on in east',
      'for a port sets',
    ],
    [
      'outlier detection',
      ofHost(outlier),
      fails503,
      'Outlier detection is on in east',
      'sets outlierDetection',
    ],
    [
      'locality load balancing',
      ofSubset(locality),
      fails503,
      'Locality load balancing is set in east',
      'sets localityLbSetting',
    ],
  ])('%s', (_what, rule, seen, title, detail) => {
    expect(found({ rule }, seen)[0]).toEqual({ title, detail: expect.stringContaining(detail) });
  });

  test('count for every rule that Istio merges', () => {
    const otherRules = [destinationRule([], { name: 'platform' }, { host: HOST, trafficPolicy: hash })];
    expect(found({ otherRules }, drifted)[0]?.detail).toContain('DestinationRule gray-demo/platform sets');
  });

  test('of a rule that Istio does not apply to the service are ignored', () => {
    const otherRules = [
      destinationRule([], { name: 'root', namespace: 'istio-system' }, { host: HOST, trafficPolicy: hash }),
    ];
    expect(titles(found({ otherRules }, drifted))).not.toContain('Consistent hashing is on in east');
  });

  test.each<[string, DestinationRule, IngressEvidence]>([
    ['hashing, if no share drifts', ofHost(hash), failed()],
    ['hashing, if nothing failed', ofHost(hash), evidence({ counts: weights({ v1: 1000, v2: 0 }) })],
    ['outlier detection, if no request fails', ofHost(outlier), drifted],
    [
      'disabled locality load balancing',
      ofHost({ loadBalancer: { localityLbSetting: { enabled: false } } }),
      fails503,
    ],
  ])('are ignored: %s', (_what, rule, seen) => {
    expect(titles(found({ rule }, seen)).filter((title) => / is (on|set) in /.test(title))).toEqual([]);
  });
});

test('what was known before is used if the clusters cannot be read again', () => {
  const state = fleetOf(
    clusterState(EAST, {
      traffic: { virtualServices: [virtualService([MANAGED])], destinationRules: [RULE] },
    }),
  );
  const inEast = release({ configClusters: [EAST] });
  const seen = failed({ withoutRevision: 10, errors: new Map([['status 503', 200]]) });
  expect(
    titles(
      atOnce(
        diagnose({
          release: inEast,
          routes: readRouteStates(inEast, state),
          evidence: [seen],
          state: undefined,
        }),
      ).map(toldFinding),
    ),
  ).toEqual(['Another route answers in east', 'Requests fail through east']);
});

test('failed requests are reported by kind, the most frequent first', () => {
  expect(
    found(
      {},
      failed({
        errors: new Map([
          ['connection cut', 2],
          ['status 503', 30],
        ]),
      }),
    ),
  ).toEqual([
    {
      title: 'Requests fail through east',
      detail: 'Of 1,000 requests to http://203.0.113.7: 30 × status 503, 2 × connection cut.',
      symptom: true,
    },
  ]);
});

test('nothing is reported if no known cause explains it', () => {
  expect(found({}, failed())).toEqual([]);
});

test('an inconclusive ingress is explained as well', () => {
  expect(
    found({}, failed({ verdict: 'inconclusive', errors: new Map([['no response in time', 3]]) })),
  ).toHaveLength(1);
});

test('the likeliest cause comes first: an edit before failed requests', () => {
  const all = found(
    { http: [{ route: [to('v1', 50), to('v2', 50)] }], recorded: { v1: 80, v2: 20 } },
    failed({ errors: new Map([['status 503', 30]]) }),
  );
  expect(titles(all)).toEqual([
    'The route in east was changed by someone else',
    'Requests fail through east',
  ]);
});
