import { describe, expect, test } from '@jest/globals';
import { inEnglish } from '../../src/texts/texts.ts';
import type { HttpRoute, Service, VirtualService } from '../../src/kubernetes/objects.ts';
import { MESH_DEFAULTS } from '../../src/istio/mesh-config.ts';
import { observe } from '../../src/release/observation.ts';
import type { ClusterState } from '../../src/release/state.ts';
import type { TrafficState } from '../../src/istio/traffic-state.ts';
import { blindSpotsIn } from '../../src/release/blind-spots.ts';
import {
  HOST,
  clusterState,
  fleetOf,
  gateway,
  service,
  to,
  toOther,
  versionPod,
  virtualService,
} from '../support/objects.ts';
import { EAST, WEST, release } from '../support/release.ts';

const OWN = virtualService([{ name: 'main', route: [to('v1', 80), to('v2', 20)] }]);

function unseen(
  traffic: Partial<TrafficState>,
  given = release({ configClusters: [EAST], traffic: { routes: ['main'] } }),
): readonly string[] {
  const fleet = fleetOf(
    clusterState(EAST, { traffic: { gateways: [gateway()], ...traffic } }),
    clusterState(WEST, { traffic: undefined }),
  );
  return blindSpotsIn(observe(given, fleet)).map(inEnglish);
}

/** A VirtualService of another namespace, beside that of the release. */
function beside(
  http: readonly HttpRoute[] | undefined,
  spec: Readonly<Record<string, unknown>> = {},
  ...others: readonly VirtualService[]
): Partial<TrafficState> {
  const shop = virtualService(http, { name: 'shop', namespace: 'istio-system' }, spec);
  return {
    virtualServices: [OWN],
    everywhere: { virtualServices: [OWN, shop, ...others], destinationRules: [], unlisted: [] },
  };
}

describe('what could not be listed', () => {
  const listing = (
    ...unlisted: readonly ('VirtualService' | 'DestinationRule')[]
  ): Partial<TrafficState> => ({
    everywhere: { virtualServices: [], destinationRules: [], unlisted },
  });

  test('is nothing where every namespace was listed', () => {
    expect(unseen({})).toEqual([]);
  });

  test.each<[string, Partial<ClusterState>, string]>([
    [
      'nodes',
      { nodes: 'unlisted' },
      'Nodes in west could not be listed: which pods a subset selects by region, zone or subzone is unknown.',
    ],
    [
      'autoscalers',
      { autoscalers: 'unlisted' },
      'HorizontalPodAutoscalers of gray-demo in west could not be listed: one may set the replicas that are asked for here.',
    ],
    [
      'the namespace kube-system',
      { identity: { server: 'https://west.example', uid: undefined } },
      'Namespace kube-system in west could not be read: only the addresses of the API servers tell the clusters apart.',
    ],
  ])('are told with what is unknown without them: %s', (_, west, sentence) => {
    const fleet = fleetOf(clusterState(EAST), clusterState(WEST, { ...west, traffic: undefined }));
    expect(blindSpotsIn(observe(release({ configClusters: [EAST] }), fleet)).map(inEnglish)).toEqual([
      sentence,
    ]);
  });

  test('are named by kind, with their clusters', () => {
    const given = release();
    const fleet = fleetOf(
      clusterState(EAST, { traffic: listing('VirtualService') }),
      clusterState(WEST, { traffic: listing('VirtualService', 'DestinationRule') }),
    );
    expect(blindSpotsIn(observe(given, fleet)).map(inEnglish)).toEqual([
      'VirtualServices of other namespaces in east, west could not be listed (the user of the kubeconfig may not list them cluster-wide).',
      'DestinationRules of other namespaces in west could not be listed (the user of the kubeconfig may not list them cluster-wide).',
    ]);
  });
});

describe('what could not be read', () => {
  test('is said by what was assumed, with its clusters', () => {
    const given = release();
    const unread = [
      { what: 'mesh config', name: 'istio-system/istio', why: 'it does not exist' },
      { what: 'gateway pods', why: 'list pods cluster-wide' },
    ] as const;
    const fleet = fleetOf(
      clusterState(EAST, { traffic: { unread } }),
      clusterState(WEST, { traffic: { unread: unread.slice(0, 1) } }),
    );
    expect(blindSpotsIn(observe(given, fleet)).map(inEnglish)).toEqual([
      "ConfigMap istio-system/istio in east, west could not be read (it does not exist). Istio's defaults were assumed: DestinationRules of istio-system apply to the whole mesh, and objects without exportTo are visible in every namespace.",
      'The namespace of the gateways in east is unknown (the user of the kubeconfig may not list pods cluster-wide). DestinationRules that apply only there were ignored, and VirtualServices with exportTo were assumed to apply there.',
    ]);
  });
});

describe('a route of another app that takes what is sampled', () => {
  const cart = virtualService(
    [{ name: 'cart', match: [{ uri: { prefix: '/' } }], route: [toOther()] }],
    { name: 'shop', namespace: 'istio-system' },
    { hosts: ['*'], gateways: [`${OWN.metadata.namespace ?? ''}/helloworld`] },
  );
  const seen = (hosts: readonly string[], match: NonNullable<HttpRoute['match']>): readonly string[] => {
    const [route = {}] = cart.spec.http ?? [];
    const other = { ...cart, spec: { ...cart.spec, hosts, http: [{ ...route, match }] } };
    const given = release({ configClusters: [EAST], check: { host: 'a.com' } });
    return unseen(
      { ...beside([]), everywhere: { virtualServices: [OWN, other], destinationRules: [], unlisted: [] } },
      given,
    );
  };

  test('is named with the path', () => {
    expect(seen(['*'], [{ uri: { prefix: '/' } }])).toEqual([
      'Route cart of VirtualService istio-system/shop in east takes requests for the path / before VirtualService gray-demo/helloworld does, outside the weights.',
    ]);
  });

  test('by its host alone is named with the status', () => {
    expect(seen(['a.com'], [{ uri: { exact: '/cart' } }])).toEqual([
      'VirtualService istio-system/shop in east has a narrower host than VirtualService gray-demo/helloworld, and no route for it takes the path /: the gateway answers such requests with status 404.',
    ]);
  });

  test('and comes after the managed one is not named', () => {
    expect(seen(['*'], [])).toEqual([]);
  });
});

describe('a route outside the release', () => {
  const byHeader = { match: [{ headers: { 'x-beta': { exact: 'yes' } } }] };
  test.each<[string, HttpRoute, string]>([
    [
      'without a subset',
      { name: 'hello', route: [to(undefined)] },
      'Route hello of VirtualService istio-system/shop in east sends requests to every ready pod of helloworld, whatever the weights.',
    ],
    [
      'with one subset, for some requests',
      { ...byHeader, route: [to('v2')] },
      'The unnamed http[0] of VirtualService istio-system/shop in east sends requests with header x-beta to v2, outside the weights.',
    ],
    [
      'with a split of its own',
      { name: 'hello', route: [to('v1', 90), to('v2', 10)] },
      'Route hello of VirtualService istio-system/shop in east splits requests v1=90,v2=10, outside the weights of the release.',
    ],
    [
      'of which a part without a subset is served',
      { name: 'hello', route: [to('v1', 99), to(undefined, 1)] },
      'Route hello of VirtualService istio-system/shop in east sends requests to every ready pod of helloworld, whatever the weights.',
    ],
    [
      'that mirrors to every pod',
      { name: 'other', route: [toOther()], mirror: { host: HOST } },
      'Route other of VirtualService istio-system/shop in east mirrors requests to every pod of helloworld, whatever the weights.',
    ],
    [
      'that mirrors to every pod, one of several mirrors',
      { name: 'other', route: [toOther()], mirrors: [{ destination: { host: HOST } }] },
      'Route other of VirtualService istio-system/shop in east mirrors requests to every pod of helloworld, whatever the weights.',
    ],
  ])('%s', (_what, route, sentence) => {
    expect(unseen(beside([route]))).toEqual([sentence]);
  });

  test('behind the routes of a delegate is reached by what those do not take', () => {
    const delegate = virtualService(
      [{ match: [{ uri: { prefix: '/api' } }], route: [toOther()] }],
      { name: 'api' },
      { hosts: undefined },
    );
    const routes = [
      { delegate: { name: 'api', namespace: 'gray-demo' } },
      { name: 'rest', route: [to(undefined)] },
    ];
    expect(unseen(beside(routes, {}, delegate))).toEqual([
      'Route rest of VirtualService istio-system/shop in east sends requests to every ready pod of helloworld, whatever the weights.',
    ]);
  });

  test.each<[string, Partial<TrafficState>]>([
    ['leads elsewhere', beside([{ route: [toOther()] }])],
    ['gives the service nothing', beside([{ route: [toOther(100), to(undefined, 0)] }])],
    ['mirrors to one version', beside([{ route: [toOther()], mirror: { host: HOST, subset: 'v2' } }])],
    ['is one of the preview routes', beside([{ ...byHeader, name: 'canary-preview-v2', route: [to('v2')] }])],
    ['is behind one that takes every request', beside([{ route: [toOther()] }, { route: [to(undefined)] }])],
    ['means another service by a short name', beside([{ route: [{ destination: { host: 'helloworld' } }] }])],
    ['is exported to nobody', beside([{ route: [to(undefined)] }], { exportTo: ['~'] })],
    ['is of a delegate without a root', beside([{ route: [to(undefined)] }], { hosts: undefined })],
    [
      'is of a delegate that its root cannot see',
      beside(
        [{ route: [to(undefined)] }],
        { hosts: undefined, exportTo: ['.'] },
        virtualService([{ delegate: { name: 'shop', namespace: 'istio-system' } }], {
          name: 'root',
          namespace: 'front',
        }),
      ),
    ],
    [
      'is of a delegate of a delegate',
      beside(
        [{ route: [to(undefined)] }],
        { hosts: undefined },
        virtualService(
          [{ delegate: { name: 'shop', namespace: 'istio-system' } }],
          { name: 'middle', namespace: 'front' },
          { hosts: undefined },
        ),
        virtualService([{ delegate: { name: 'middle' } }], { name: 'root', namespace: 'front' }),
      ),
    ],
    [
      'is not exported to where its gateway runs',
      {
        ...beside([{ route: [to(undefined)] }], { exportTo: ['.'], gateways: ['edge/public'] }),
        gatewayNamespaces: new Map([['edge/public', ['edge']]]),
      },
    ],
    [
      'the mesh keeps from where its gateway runs',
      {
        ...beside([{ route: [to(undefined)] }], { gateways: ['edge/public'] }),
        gatewayNamespaces: new Map([['edge/public', ['edge']]]),
        mesh: { ...MESH_DEFAULTS, virtualServices: ['.'] },
      },
    ],
    [
      'the mesh keeps from everybody',
      { ...beside([{ route: [to(undefined)] }]), mesh: { ...MESH_DEFAULTS, virtualServices: ['~'] } },
    ],
  ])('that %s is left out', (_what, traffic) => {
    expect(unseen(traffic)).toEqual([]);
  });

  test.each<[string, Partial<TrafficState>]>([
    [
      'exported to its own namespace, for sidecars there',
      beside([{ route: [to('v2')] }], { exportTo: ['.'], gateways: ['mesh'] }),
    ],
    [
      'exported to its own namespace, for sidecars by default',
      beside([{ route: [to('v2')] }], { exportTo: ['.'], gateways: undefined }),
    ],
    [
      'whose gateway runs where nobody could look',
      beside([{ route: [to('v2')] }], { exportTo: ['.'], gateways: ['edge/public'] }),
    ],
    [
      'exported to the namespace of its gateway',
      {
        ...beside([{ route: [to('v2')] }], { exportTo: ['edge'], gateways: ['edge/public'] }),
        gatewayNamespaces: new Map([['edge/public', ['edge']]]),
      },
    ],
    [
      'of a delegate whose root sees it',
      beside(
        [{ route: [to('v2')] }],
        { hosts: undefined, exportTo: ['front'] },
        virtualService([{ delegate: { name: 'shop', namespace: 'istio-system' } }], {
          name: 'root',
          namespace: 'front',
        }),
      ),
    ],
    [
      'kept by the mesh to its own namespace, where its gateway runs',
      {
        ...beside([{ route: [to('v2')] }], { gateways: ['edge/public'] }),
        gatewayNamespaces: new Map([['edge/public', ['istio-system']]]),
        mesh: { ...MESH_DEFAULTS, virtualServices: ['.'] },
      },
    ],
    ['of TCP', beside(undefined, { tcp: [{ route: [to('v2')] }] })],
  ])('is told where it is %s', (_what, traffic) => {
    expect(unseen(traffic)).toEqual([
      expect.stringMatching(/ of VirtualService istio-system\/shop in east sends requests to v2/),
    ]);
  });

  test('in the VirtualService of the release is told, and the managed one is not', () => {
    const beta: HttpRoute = { ...byHeader, name: 'beta', route: [to('v2')] };
    const own = virtualService([beta, ...(OWN.spec.http ?? [])]);
    expect(
      unseen({
        virtualServices: [own],
        everywhere: { virtualServices: [own], destinationRules: [], unlisted: [] },
      }),
    ).toEqual([
      'Route beta of VirtualService gray-demo/helloworld in east sends requests with header x-beta to v2, outside the weights.',
    ]);
  });
});

describe('a Service that selects pods of the app', () => {
  const all = service({}, { name: 'shop' });
  const pods = [versionPod('v1')];
  const given = release({ configClusters: [EAST], traffic: { routes: ['main'] } });
  const shop = virtualService([{ name: 'all', route: [toOther(100, 'shop.gray-demo.svc.cluster.local')] }], {
    name: 'shop',
  });
  const sentences = (own: Service, others: ClusterState['otherServices'] = []): readonly string[] => {
    const traffic = { virtualServices: [OWN, shop] };
    const fleet = fleetOf(
      clusterState(EAST, { traffic, pods, service: own, otherServices: others }),
      clusterState(WEST, { traffic: undefined, pods, service: own, otherServices: others }),
    );
    return blindSpotsIn(observe(given, fleet)).map(inEnglish);
  };

  test('is named where a route leads to it', () => {
    expect(sentences(service(), [all])).toEqual([
      'Route all of VirtualService gray-demo/shop in east sends requests to Service shop, which selects pods of helloworld as well, outside the weights.',
    ]);
  });

  test('is named where it leads past the gateways', () => {
    expect(sentences(service({ type: 'LoadBalancer' }), [])).toEqual([
      'Service helloworld (type LoadBalancer) in east, west leads to pods of helloworld past the gateways, whatever the weights.',
    ]);
  });

  test('may be there where they may not be listed', () => {
    expect(sentences(service(), 'unlisted')).toEqual([
      'Services of gray-demo in east, west could not be listed: another one may lead to pods of helloworld.',
    ]);
  });

  test('is left out where it selects others, or no route leads to it', () => {
    expect(
      sentences(service(), [
        service({ selector: { app: 'shop' }, type: 'NodePort' }, { name: 'shop' }),
        service({}, { name: 'metrics' }),
      ]),
    ).toEqual([]);
  });
});

describe('a route of a VirtualService whose Gateway', () => {
  const shop = (gateways: readonly string[], existing: readonly string[] = []): Partial<TrafficState> => {
    const vs = virtualService([{ name: 'hello', route: [to('v2')] }], { name: 'shop' }, { gateways });
    return {
      virtualServices: [OWN, vs],
      gateways: existing.map((name) => gateway([], { name })),
    };
  };
  const sends =
    'Route hello of VirtualService gray-demo/shop in east sends requests to v2, outside the weights';
  test.each<[string, Partial<TrafficState>, string]>([
    [
      'does not exist is told as what it will do',
      shop(['gone']),
      `${sends}, once Gateway gray-demo/gone exists: it is bound to no other.`,
    ],
    ['exists is told as what it does', shop(['here'], ['here']), `${sends}.`],
    [
      'does not exist is told as what it does where another one exists',
      shop(['gone', 'here'], ['here']),
      `${sends}.`,
    ],
    ['does not exist is told as what it does where sidecars use it', shop(['gone', 'mesh']), `${sends}.`],
    ['is of a namespace that was not read is told as what it does', shop(['edge/public']), `${sends}.`],
  ])('%s', (_what, traffic, sentence) => {
    expect(unseen(traffic)).toEqual([sentence]);
  });
});
