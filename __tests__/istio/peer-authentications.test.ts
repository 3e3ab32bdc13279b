import { expect, test } from '@jest/globals';
import { strictPolicy } from '../../src/istio/peer-authentications.ts';
import type { PeerAuthentication } from '../../src/istio/peer-authentications.ts';

const ROOT = 'istio-system';
const PODS = { namespace: 'shop', labels: { app: 'cart' }, port: 5000 };

function policy(
  name: string,
  namespace: string,
  spec: NonNullable<PeerAuthentication['spec']>,
  creationTimestamp = '2026-01-01T00:00:00Z',
): PeerAuthentication {
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata: { name, namespace, creationTimestamp },
    spec,
  };
}

const mode = (text: string) => ({ mtls: { mode: text } });
const selector = { selector: { matchLabels: { app: 'cart' } } };

test.each<[string, readonly PeerAuthentication[], string | undefined]>([
  ['there is none', [], undefined],
  ['that of the mesh says so', [policy('mesh', ROOT, mode('STRICT'))], 'mesh'],
  ['that of the namespace says so', [policy('own', 'shop', mode('STRICT'))], 'own'],
  ['that of another namespace says so', [policy('other', 'pay', mode('STRICT'))], undefined],
  [
    'that of the namespace overrides the mesh',
    [policy('mesh', ROOT, mode('STRICT')), policy('own', 'shop', mode('PERMISSIVE'))],
    undefined,
  ],
  [
    'that of the namespace inherits',
    [policy('mesh', ROOT, mode('STRICT')), policy('own', 'shop', mode('UNSET'))],
    'mesh',
  ],
  [
    'that of the pods overrides the namespace',
    [policy('own', 'shop', mode('STRICT')), policy('pods', 'shop', { ...selector, ...mode('DISABLE') })],
    undefined,
  ],
  [
    'that of other pods says so',
    [policy('pods', 'shop', { selector: { matchLabels: { app: 'pay' } }, ...mode('STRICT') })],
    undefined,
  ],
  [
    'one of the root namespace selects pods there',
    [policy('gw', ROOT, { ...selector, ...mode('STRICT') })],
    undefined,
  ],
  [
    'the port of users is exempt',
    [
      policy('pods', 'shop', {
        ...selector,
        ...mode('STRICT'),
        portLevelMtls: { 5000: { mode: 'PERMISSIVE' } },
      }),
    ],
    undefined,
  ],
  [
    'another port is exempt',
    [
      policy('pods', 'shop', {
        ...selector,
        ...mode('STRICT'),
        portLevelMtls: { 9090: { mode: 'PERMISSIVE' } },
      }),
    ],
    'pods',
  ],
  [
    'the older of two says so',
    [
      policy('young', 'shop', mode('PERMISSIVE'), '2026-02-01T00:00:00Z'),
      policy('old', 'shop', mode('STRICT'), '2026-01-01T00:00:00Z'),
    ],
    'old',
  ],
])('which policy requires mutual TLS of the pods where %s', (_, policies, name) => {
  expect(strictPolicy(policies, PODS, ROOT)?.metadata.name).toBe(name);
});
