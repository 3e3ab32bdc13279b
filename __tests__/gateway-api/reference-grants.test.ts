import { expect, test } from '@jest/globals';
import { isReferenceGranted } from '../../src/gateway-api/reference-grants.ts';
import { referenceGrant } from '../support/gateways.ts';

const REFERENCE = {
  from: { kind: 'HTTPRoute', namespace: 'shop' },
  to: { kind: 'Service', namespace: 'backend', name: 'cart' },
} as const;
const FROM = { kind: 'HTTPRoute', namespace: 'shop' };

test.each([
  ['to that object', referenceGrant('backend', FROM, { kind: 'Service', name: 'cart' }), true],
  ['to every object of the kind', referenceGrant('backend', FROM, { kind: 'Service' }), true],
  ['to another object', referenceGrant('backend', FROM, { kind: 'Service', name: 'pay' }), false],
  ['to another kind', referenceGrant('backend', FROM, { kind: 'Secret' }), false],
  ['in another namespace', referenceGrant('shop', FROM, { kind: 'Service' }), false],
  [
    'from another namespace',
    referenceGrant('backend', { ...FROM, namespace: 'pay' }, { kind: 'Service' }),
    false,
  ],
  [
    'from another kind',
    referenceGrant('backend', { ...FROM, kind: 'GRPCRoute' }, { kind: 'Service' }),
    false,
  ],
  ['from another group', referenceGrant('backend', { ...FROM, group: 'x.io' }, { kind: 'Service' }), false],
])('a ReferenceGrant %s', (_, grant, granted) => {
  expect(isReferenceGranted([grant], REFERENCE)).toBe(granted);
});

test('a reference within a namespace needs no grant, one into another does', () => {
  const within = { ...REFERENCE, to: { ...REFERENCE.to, namespace: 'shop' } };
  expect([within, REFERENCE].map((one) => isReferenceGranted([], one))).toEqual([true, false]);
});
