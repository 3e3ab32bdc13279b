import { expect, test } from '@jest/globals';
import { observe } from '../../../src/release/observation.ts';
import { assertGatewayUnambiguous } from '../../../src/release/guards/gateway-unambiguous.ts';
import type { TrafficSpec } from '../../../src/release/release.ts';
import { EDGE, gatewayApiState, kubeGateway } from '../../support/gateways.ts';
import { clusterState, fleetOf, gateway, to, virtualService } from '../../support/objects.ts';
import { EAST, WEST, release } from '../../support/release.ts';

const ISTIO = gateway([], { name: 'public', namespace: EDGE });
const OTHER = gatewayApiState([kubeGateway([])]);

function check(asked: Partial<TrafficSpec>, isRouted = false): string | undefined {
  const virtualServices = isRouted ? [virtualService([{ route: [to('v1', 100)] }])] : [];
  const fleet = fleetOf(
    clusterState(EAST, { traffic: { virtualServices } }),
    clusterState(WEST, { traffic: { virtualServices, gateways: [ISTIO] }, gatewayApi: OTHER }),
  );
  const given = release({ traffic: asked });
  try {
    assertGatewayUnambiguous(observe(given, fleet));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

test('a Gateway of both APIs is refused for a first release, with how to name each', () => {
  expect(check({ gateway: 'edge/public' })).toBe(
    'Input gateway: got "edge/public", but in west Gateways of both Istio (networking.istio.io) and the Gateway API (gateway.networking.k8s.io) are named edge/public. Write istio:edge/public for a VirtualService, or gateway-api:edge/public for an HTTPRoute.',
  );
});

test.each<[string, Partial<TrafficSpec>, boolean]>([
  ['is named with its API', { gateway: 'edge/public', gatewayApi: 'istio' }, false],
  ['only one API has', { gateway: 'edge/inner' }, false],
  ['an existing route does not need', { gateway: 'edge/public' }, true],
  ['nobody names', {}, false],
])('a Gateway that %s is not refused', (_, asked, isRouted) => {
  expect(check(asked, isRouted)).toBeUndefined();
});
