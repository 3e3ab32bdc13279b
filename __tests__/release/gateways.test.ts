import { describe, expect, test } from '@jest/globals';
import type { GatewayServer } from '../../src/release/objects.ts';
import { gatewayKey, isHttps, newGateway, sampledServer } from '../../src/release/gateways.ts';
import { ISTIO, gateway, server } from '../support/objects.ts';

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

describe('the server to sample', () => {
  const http = server('HTTP', 80);
  const https = server('HTTPS', 443, { tls: { mode: 'SIMPLE' } });
  const redirect = server('HTTP', 80, { tls: { httpsRedirect: true } });
  const passthrough = server('HTTPS', 443, { tls: { mode: 'PASSTHROUGH' } });

  test.each<[string, readonly GatewayServer[], GatewayServer | undefined]>([
    ['plain HTTP', [http], http],
    ['plain HTTP before HTTPS', [https, http], http],
    ['HTTPS where plain HTTP only redirects', [redirect, https], https],
    ['HTTPS alone', [https], https],
    ['HTTP/2 in clear', [server('HTTP2', 8080)], server('HTTP2', 8080)],
    ['gRPC in clear', [server('GRPC', 8080)], server('GRPC', 8080)],
    ['HTTP in lower case', [server('http', 80)], server('http', 80)],
    ['none that only redirects', [redirect], undefined],
    ['none that passes TLS through', [passthrough], undefined],
    ['none for TCP, TLS and MONGO', [server('TCP', 1), server('TLS', 2), server('MONGO', 3)], undefined],
    ['none where there is no server', [], undefined],
  ])('is %s', (_what, servers, chosen) => {
    expect(sampledServer(gateway(servers))).toEqual(chosen);
  });

  test('is none where the Gateway has no list of servers', () => {
    expect(sampledServer({ ...gateway(), spec: {} })).toBeUndefined();
  });

  test('is none for a server without a protocol', () => {
    expect(sampledServer(gateway([{ port: { number: 80 } }]))).toBeUndefined();
  });
});
