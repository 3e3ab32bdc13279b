import { expect, test } from '@jest/globals';
import { isInsideCluster, servicesOfGateway } from '../../src/gateway-api/gateway-service.ts';
import { kubeGateway } from '../support/gateways.ts';

const at = (...values: readonly string[]) => ({
  addresses: values.map((value) => ({ type: 'Hostname', value })),
});

test.each([
  ['Istio makes, by default', {}, {}, 'automated', ['edge/public-istio'], []],
  [
    'Istio makes for another class',
    { gatewayClassName: 'shared' },
    {},
    'automated',
    ['edge/public-shared'],
    [],
  ],
  [
    'Istio makes under another name',
    {},
    { annotations: { 'gateway.istio.io/name-override': 'entry' } },
    'automated',
    ['edge/entry'],
    [],
  ],
  [
    'Istio makes with an address of its own',
    { addresses: [{ value: '203.0.113.7' }] },
    {},
    'automated',
    ['edge/public-istio'],
    [],
  ],
  ['is named in full', at('gw.istio-system.svc.cluster.local'), {}, 'named', ['istio-system/gw'], []],
  [
    'is named with another domain',
    at('gw.istio-system.svc.mesh.example'),
    {},
    'named',
    ['istio-system/gw'],
    [],
  ],
  ['is named in short', at('gw'), {}, 'named', ['edge/gw'], []],
  ['is no Service of Kubernetes', at('lb.example.com', 'gw'), {}, 'named', ['edge/gw'], ['lb.example.com']],
])('the Service that %s', (_, spec, metadata, from, services, others) => {
  const found = servicesOfGateway(kubeGateway([], spec, [], metadata));
  expect({ ...found, services: found.services.map(({ namespace, name }) => `${namespace}/${name}`) }).toEqual(
    {
      from,
      services,
      others,
    },
  );
});

test('an address inside the cluster shows by its domain', () => {
  const addresses = ['gw.edge.svc.cluster.local', 'gw.edge.svc', 'svc.example.com', '203.0.113.7'];
  expect(addresses.map(isInsideCluster)).toEqual([true, true, false, false]);
});
