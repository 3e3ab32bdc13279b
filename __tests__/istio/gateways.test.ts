import { describe, expect, test } from '@jest/globals';
import { gatewayKey, hostOf, isHttps, newGateway, ingressCandidates } from '../../src/istio/gateways.ts';
import type { UnusableCandidate, IngressCandidate } from '../../src/istio/gateways.ts';
import type { GatewayServer, VirtualService } from '../../src/kubernetes/objects.ts';
import { APP, HOST, ISTIO, NAMESPACE, gateway, server, virtualService } from '../support/objects.ts';

test('a Gateway made anew takes plain HTTP on port 80 for the hosts', () => {
  expect(
    newGateway(ISTIO, { name: 'hello', namespace: 'demo' }, { istio: 'gw' }, ['a.example', '*.b.example']),
  ).toEqual({
    apiVersion: ISTIO,
    kind: 'Gateway',
    metadata: { name: 'hello', namespace: 'demo' },
    spec: {
      selector: { istio: 'gw' },
      servers: [
        { port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['a.example', '*.b.example'] },
      ],
    },
  });
});

test.each([
  ['hello', { namespace: 'demo', name: 'hello' }],
  ['istio-system/public', { namespace: 'istio-system', name: 'public' }],
  ['./hello', { namespace: 'demo', name: 'hello' }],
])('a VirtualService of namespace demo means by %s the Gateway %j', (reference, key) => {
  expect(gatewayKey(reference, 'demo')).toEqual(key);
});

test.each([
  ['HTTPS', true],
  ['https', true],
  ['HTTP', false],
  ['TLS', false],
])('a server of protocol %s terminates TLS: %j', (protocol, is) => {
  expect(isHttps(server(protocol, 443))).toBe(is);
});

const SERVICE = { app: APP, namespace: NAMESPACE };
const HTTP = server('HTTP', 80);
const HTTPS = server('HTTPS', 443, { tls: { mode: 'SIMPLE' } });
const taking = (one: GatewayServer, ...hosts: readonly string[]): GatewayServer => ({ ...one, hosts });
const asking = (...hosts: readonly string[]): VirtualService => virtualService([], {}, { hosts });

/** `HTTP 80 shop.example.com`; the host left out where any will do. */
const told = (ways: readonly (IngressCandidate | UnusableCandidate)[]): readonly string[] =>
  ways.map((way) =>
    'lacks' in way
      ? way.lacks
      : [way.server.port.protocol, way.server.port.number, way.host].filter(Boolean).join(' '),
  );
const best = (vs: VirtualService, servers: readonly GatewayServer[], asked?: string): string | undefined =>
  told(ingressCandidates(SERVICE, [vs], [gateway(servers)], asked))[0];

describe('the server to sample', () => {
  const redirect = server('HTTP', 80, { tls: { httpsRedirect: true } });
  const passthrough = server('HTTPS', 443, { tls: { mode: 'PASSTHROUGH' } });
  const NONE = 'no HTTP or HTTPS server';

  test.each<[string, readonly GatewayServer[], string]>([
    ['plain HTTP', [HTTP], 'HTTP 80'],
    ['plain HTTP before HTTPS', [HTTPS, HTTP], 'HTTP 80'],
    ['HTTPS where plain HTTP only redirects', [redirect, HTTPS], 'HTTPS 443'],
    ['HTTPS alone', [HTTPS], 'HTTPS 443'],
    ['HTTP/2 in clear', [server('HTTP2', 8080)], 'HTTP2 8080'],
    ['gRPC in clear', [server('GRPC', 8080)], 'GRPC 8080'],
    ['HTTP in lower case', [server('http', 80)], 'http 80'],
    ['none that only redirects', [redirect], NONE],
    ['none that passes TLS through', [passthrough], NONE],
    ['none for TCP, TLS and MONGO', [server('TCP', 1), server('TLS', 2), server('MONGO', 3)], NONE],
    ['none for a server without a protocol', [{ port: { number: 80 } }], NONE],
    ['none where there is no server', [], NONE],
  ])('is %s', (_what, servers, chosen) => {
    expect(best(asking('*'), servers)).toBe(chosen);
  });

  test('is none where the Gateway has no list of servers', () => {
    expect(told(ingressCandidates(SERVICE, [asking('*')], [{ ...gateway(), spec: {} }], undefined))).toEqual([
      NONE,
    ]);
  });
});

describe('server and host are chosen together:', () => {
  const shop = 'shop.example.com';
  test.each<[string, VirtualService, readonly GatewayServer[], string]>([
    ['the host of the VirtualService', asking(shop), [HTTP], `HTTP 80 ${shop}`],
    ['one that the Gateway takes', asking('a.example.com', shop), [taking(HTTP, shop)], `HTTP 80 ${shop}`],
    ["not the service's own name in the mesh", asking(HOST, shop), [HTTP], `HTTP 80 ${shop}`],
    ['not its short name', asking(APP, shop), [HTTP], `HTTP 80 ${shop}`],
    ['its full name, where there is no other', asking(APP), [HTTP], `HTTP 80 ${HOST}`],
    [
      'the server that takes the host, be it HTTPS',
      asking(shop),
      [taking(HTTP, 'old.example.com'), taking(HTTPS, shop)],
      `HTTPS 443 ${shop}`,
    ],
    ['by a wildcard of the Gateway', asking(shop), [taking(HTTP, '*.example.com')], `HTTP 80 ${shop}`],
    ['by a wildcard of the VirtualService', asking('*.example.com'), [taking(HTTP, shop)], `HTTP 80 ${shop}`],
    ['any, before one that the Gateway alone names', asking('*'), [taking(HTTP, shop, '*')], 'HTTP 80'],
    ['one that the Gateway alone names', asking('*'), [taking(HTTP, shop)], `HTTP 80 ${shop}`],
    ['for its namespace', asking(shop), [taking(HTTP, `${NAMESPACE}/${shop}`)], `HTTP 80 ${shop}`],
    [
      "for the Gateway's namespace, where it is in that",
      asking(shop),
      [taking(HTTP, './*')],
      `HTTP 80 ${shop}`,
    ],
    ['for every namespace', asking(shop), [taking(HTTP, `*/${shop}`)], `HTTP 80 ${shop}`],
    ['in any case of letters', asking('Shop.example.com'), [taking(HTTP, shop)], `HTTP 80 ${shop}`],
    ['a wildcard where nothing is narrower', asking('*.example.com'), [HTTP], 'HTTP 80 *.example.com'],
    [
      'none for another namespace',
      asking(shop),
      [taking(HTTP, `elsewhere/${shop}`)],
      `no HTTP or HTTPS server for ${shop}`,
    ],
    [
      'none for another host',
      asking(shop),
      [taking(HTTP, 'old.example.com')],
      `no HTTP or HTTPS server for ${shop}`,
    ],
  ])('%s', (_what, vs, servers, chosen) => {
    expect(best(vs, servers)).toBe(chosen);
  });

  test.each<[string, readonly GatewayServer[], string]>([
    ['through the server that takes it', [HTTP, taking(HTTPS, shop)], 'HTTP 80 shop.example.com'],
    ['through HTTPS', [taking(HTTP, 'a.example.com'), taking(HTTPS, shop)], 'HTTPS 443 shop.example.com'],
    ['through any, where none takes it', [taking(HTTP, 'a.example.com')], 'HTTP 80 shop.example.com'],
  ])('a host chosen by hand is asked for %s', (_what, servers, chosen) => {
    expect(best(asking('a.example.com'), servers, shop)).toBe(chosen);
  });

  test('a Gateway with a host of its own comes before one with less', () => {
    const vs = virtualService([], {}, { hosts: [HOST, shop], gateways: ['inner', 'mesh', 'outer'] });
    const gateways = [
      gateway([taking(HTTP, HOST)], { name: 'inner' }),
      gateway([taking(HTTPS, shop)], { name: 'outer' }),
    ];
    expect(told(ingressCandidates(SERVICE, [vs], gateways, undefined))).toEqual([
      `HTTPS 443 ${shop}`,
      `HTTP 80 ${HOST}`,
    ]);
  });

  test('where no Gateway is known, the host of the VirtualService that users would name', () => {
    expect([asking(APP, shop), asking('*'), asking(APP)].map((vs) => hostOf(SERVICE, [vs]))).toEqual([
      shop,
      undefined,
      HOST,
    ]);
  });
});
