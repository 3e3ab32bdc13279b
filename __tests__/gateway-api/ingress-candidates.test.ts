import { describe, expect, test } from '@jest/globals';
import { listenerCandidates } from '../../src/gateway-api/ingress-candidates.ts';
import type { GatewayListener, HTTPRoute, StatusCondition } from '../../src/gateway-api/objects.ts';
import type { GatewayApiState } from '../../src/gateway-api/state.ts';
import { nameOf } from '../../src/kubernetes/objects.ts';
import {
  EDGE,
  attachedRoute,
  gatewayApiState,
  kubeGateway,
  listener,
  referenceGrant,
} from '../support/gateways.ts';
import { NAMESPACE } from '../support/objects.ts';

const LABELS = { team: 'shop' };
const HTTPS = { protocol: 'HTTPS', tls: { certificateRefs: [{ name: 'cert' }] } };

/** The listeners and hosts found, or what is lacking. */
function found(
  route: HTTPRoute,
  state: GatewayApiState,
  { asked, labels = LABELS }: { readonly asked?: string; readonly labels?: typeof LABELS | null } = {},
): readonly string[] {
  return listenerCandidates([route], state, labels ?? undefined, asked).map((one) =>
    'lacks' in one
      ? `${nameOf(one.gateway)}: ${one.lacks}`
      : `${one.listener.name} ${one.host ?? 'any host'}`,
  );
}

const through = (listeners: readonly GatewayListener[], rest?: Partial<GatewayApiState>): GatewayApiState =>
  gatewayApiState([kubeGateway(listeners)], rest);

describe('the host to ask for', () => {
  test.each<[string, string | undefined, readonly string[] | undefined, string]>([
    ['any, where neither names one', undefined, undefined, 'any host'],
    ['that of the route', undefined, ['shop.example.com'], 'shop.example.com'],
    ['that of the listener', 'shop.example.com', undefined, 'shop.example.com'],
    [
      'that of the route within the pattern of the listener',
      '*.example.com',
      ['Shop.Example.com'],
      'shop.example.com',
    ],
    [
      'that of the listener within the pattern of the route',
      'a.b.example.com',
      ['*.example.com'],
      'a.b.example.com',
    ],
    [
      'the first of the route that the listener takes',
      '*.example.com',
      ['a.org', 'b.example.com', 'c.example.com'],
      'b.example.com',
    ],
    ['a name before a pattern', undefined, ['*.example.com', 'b.example.com'], 'b.example.com'],
    ['a pattern, for a person to narrow', '*.example.com', undefined, '*.example.com'],
    ['the narrower of two patterns', '*.example.com', ['*.shop.example.com'], '*.shop.example.com'],
  ])('is %s', (_, hostname, hostnames, host) => {
    const one = listener('web', 80, hostname === undefined ? {} : { hostname });
    expect(found(attachedRoute(hostnames), through([one]))).toEqual([`web ${host}`]);
  });

  test('is the one given by hand, through the listener that takes it', () => {
    const state = through([
      listener('a', 80, { hostname: '*.a.example' }),
      listener('b', 80, { hostname: '*.b.example' }),
    ]);
    expect(found(attachedRoute(), state, { asked: 'shop.b.example:8080' })).toEqual([
      'b shop.b.example:8080',
    ]);
    expect(found(attachedRoute(), state, { asked: 'elsewhere.example' })).toEqual(['a elsewhere.example']);
  });
});

describe('the listener', () => {
  test('is one of plain HTTP before one of HTTPS', () => {
    expect(found(attachedRoute(), through([listener('tls', 443, HTTPS), listener('web', 80)]))).toEqual([
      'web any host',
    ]);
  });

  test('is one of HTTPS where its hosts are better to ask for', () => {
    const state = through([
      listener('web', 80, { hostname: '*.example.com' }),
      listener('tls', 443, { ...HTTPS, hostname: 'a.example.com' }),
    ]);
    expect(found(attachedRoute(), state)).toEqual(['tls a.example.com']);
  });

  test.each([
    ['sectionName', { sectionName: 'tls' }, 'tls any host'],
    ['port', { port: 443 }, 'tls any host'],
    ['both', { sectionName: 'web', port: 80 }, 'web any host'],
  ])('is the one that the parentRef means by %s', (_, meant, expected) => {
    const route = attachedRoute(undefined, [{ name: 'public', namespace: EDGE, ...meant }]);
    expect(found(route, through([listener('web', 80), listener('tls', 443, HTTPS)]))).toEqual([expected]);
  });

  test('is not one whose hosts a more specific listener takes first', () => {
    const route = attachedRoute(
      ['a.example.com'],
      [{ name: 'public', namespace: EDGE, sectionName: 'wide' }],
    );
    const state = through([listener('wide', 80), listener('narrow', 80, { hostname: '*.example.com' })]);
    expect(found(route, state)).toEqual([
      'Gateway edge/public: another listener of port 80 takes the hosts of listener wide first, by a more specific hostname, and HTTPRoute gray-demo/helloworld is not attached to it',
    ]);
    const elsewhere = through([listener('wide', 80), listener('narrow', 81, { hostname: '*.example.com' })]);
    expect(found(route, elsewhere)).toEqual(['wide a.example.com']);
  });
});

describe('a Gateway that lets no such request in is named with the field and the remedy', () => {
  const SECRET = listener('tls', 443, {
    ...HTTPS,
    tls: { certificateRefs: [{ name: 'cert', namespace: 'certs' }] },
  });
  const from = (kind: string, namespace: string) => ({ kind, namespace });

  test.each<[string, GatewayListener, string]>([
    [
      'TLS without HTTP',
      listener('raw', 443, { protocol: 'TLS' }),
      'listener raw has protocol TLS, and an HTTPRoute needs HTTP or HTTPS',
    ],
    [
      'TLS that is passed through',
      listener('raw', 443, { protocol: 'HTTPS', tls: { mode: 'Passthrough' } }),
      'listener raw passes TLS through (tls.mode), so no HTTPRoute sees its requests: set it to Terminate',
    ],
    [
      'other kinds of routes',
      listener('web', 80, { allowedRoutes: { namespaces: { from: 'All' }, kinds: [{ kind: 'GRPCRoute' }] } }),
      'listener web takes only GRPCRoute (allowedRoutes.kinds): add HTTPRoute',
    ],
    [
      'its own namespace alone, by default',
      listener('web', 80, { allowedRoutes: {} }),
      'listener web: allowedRoutes.namespaces.from is Same, so it takes no route of namespace gray-demo: set it to All, or to Selector with labels of gray-demo',
    ],
    [
      'no namespace',
      listener('web', 80, { allowedRoutes: { namespaces: { from: 'None' } } }),
      'listener web: allowedRoutes.namespaces.from is None, so it takes no route: set it to All',
    ],
    [
      'namespaces with other labels',
      listener('web', 80, {
        allowedRoutes: { namespaces: { from: 'Selector', selector: { matchLabels: { team: 'pay' } } } },
      }),
      'listener web: allowedRoutes.namespaces.selector does not pick namespace gray-demo: label the namespace accordingly, or extend the selector',
    ],
    [
      'other hosts',
      listener('web', 80, { hostname: '*.example.org' }),
      'listener web takes *.example.org, and none of the hostnames shop.example.com of HTTPRoute gray-demo/helloworld',
    ],
    [
      'a certificate that it may not use',
      SECRET,
      'listener tls may not use its certificate certs/cert (tls.certificateRefs): create a ReferenceGrant in namespace certs from kind Gateway of namespace edge to Secret cert',
    ],
  ])('for %s', (_, one, lacks) => {
    expect(found(attachedRoute(['shop.example.com']), through([one]))).toEqual([
      `Gateway edge/public: ${lacks}`,
    ]);
  });

  test('for a listener that its controller does not serve, with the reason', () => {
    const one = listener('tls', 443, HTTPS);
    const served = (conditions: readonly StatusCondition[]): readonly string[] => {
      const gateway = kubeGateway([one], {}, [], { generation: 2 });
      const status = { ...gateway.status, listeners: [{ name: 'tls', conditions }] };
      return found(attachedRoute(), gatewayApiState([{ ...gateway, status }]));
    };
    const lost = {
      type: 'ResolvedRefs',
      status: 'False',
      reason: 'InvalidCertificateRef',
      message: 'secret edge/cert not found',
    };
    const idle = { type: 'Programmed', status: 'False', reason: 'Invalid', message: 'Bad TLS configuration' };
    const refused = { ...lost, type: 'Accepted', reason: 'NoValidCACertificate' };
    expect(served([refused, idle, lost])).toEqual([
      'Gateway edge/public: listener tls of Gateway edge/public is not resolved: InvalidCertificateRef (secret edge/cert not found)',
    ]);
    expect(served([{ ...lost, observedGeneration: 1 }])).toEqual(['tls any host']);
    expect(served([{ ...idle, status: 'True' }])).toEqual(['tls any host']);
  });

  test('for a listener that does not exist', () => {
    const route = attachedRoute(undefined, [
      { name: 'public', namespace: EDGE, sectionName: 'web', port: 81 },
    ]);
    expect(found(route, through([listener('web', 80)]))).toEqual([
      'Gateway edge/public: no listener is meant by sectionName web and port 81 of HTTPRoute gray-demo/helloworld; it has web (port 80)',
    ]);
  });

  test('for a Gateway that does not exist, or that may not be read', () => {
    expect(found(attachedRoute(), gatewayApiState([]))).toEqual(['Gateway edge/public: it does not exist']);
    expect(found(attachedRoute(), gatewayApiState([], { unlisted: ['Gateway'] }))).toEqual([
      'Gateway edge/public: it could not be read: does it exist, and may the user of the kubeconfig get gateways.gateway.networking.k8s.io/edge/public?',
    ]);
  });

  test('but not where what would allow it is there, or is not known', () => {
    const granted = referenceGrant('certs', from('Gateway', EDGE), { kind: 'Secret', name: 'cert' });
    const selector = { matchLabels: { 'kubernetes.io/metadata.name': NAMESPACE } };
    const byName = listener('web', 80, { allowedRoutes: { namespaces: { from: 'Selector', selector } } });
    const byTeam = listener('web', 80, {
      allowedRoutes: { namespaces: { from: 'Selector', selector: { matchLabels: { team: 'pay' } } } },
    });
    expect(found(attachedRoute(), through([SECRET], { referenceGrants: [granted] }))).toEqual([
      'tls any host',
    ]);
    expect(found(attachedRoute(), through([SECRET], { unlisted: ['ReferenceGrant'] }))).toEqual([
      'tls any host',
    ]);
    expect(found(attachedRoute(), through([byName]))).toEqual(['web any host']);
    expect(found(attachedRoute(), through([byTeam]), { labels: null })).toEqual(['web any host']);
  });
});

test('a route of two Gateways has a way in through each, the better one first', () => {
  const inner = kubeGateway([listener('web', 8080, { hostname: '*.inner.example' })], {}, [], {
    name: 'inner',
  });
  const outer = kubeGateway([listener('web', 80, { hostname: 'shop.example.com' })]);
  const route = attachedRoute(undefined, [
    { name: 'inner', namespace: EDGE },
    { name: 'public', namespace: EDGE },
    { name: 'gone', namespace: EDGE },
    { kind: 'Service', group: '', name: 'helloworld' },
  ]);
  expect(found(route, gatewayApiState([inner, outer]))).toEqual([
    'web shop.example.com',
    'web *.inner.example',
    'Gateway edge/gone: it does not exist',
  ]);
});
