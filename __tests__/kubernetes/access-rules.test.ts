import { describe, expect, test } from '@jest/globals';
import { describePermission, permits } from '../../src/kubernetes/access-rules.ts';
import type { AccessRule, Permission } from '../../src/kubernetes/access-rules.ts';

const UPDATE: Permission = {
  verb: 'update',
  group: 'networking.istio.io',
  resource: 'virtualservices',
  namespace: 'gray-demo',
  name: 'helloworld',
};
const RULE: AccessRule = {
  verbs: ['get', 'update'],
  apiGroups: ['networking.istio.io'],
  resources: ['virtualservices'],
};

describe('a rule permits', () => {
  test.each<[string, AccessRule]>([
    ['its verbs, groups and resources', RULE],
    ['everything by wildcards', { verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
    ['every object where its list of names is empty', { ...RULE, resourceNames: [] }],
    ['the objects that it names', { ...RULE, resourceNames: ['other', 'helloworld'] }],
  ])('%s', (_, rule) => {
    expect(permits([rule], UPDATE)).toBe(true);
  });

  test.each<[string, AccessRule]>([
    ['another verb', { ...RULE, verbs: ['get'] }],
    ['another group', { ...RULE, apiGroups: [''] }],
    ['another resource', { ...RULE, resources: ['virtualservices/status'] }],
    ['another object', { ...RULE, resourceNames: ['other'] }],
    ['a URL', { verbs: ['*'] }],
  ])('not %s', (_, rule) => {
    expect(permits([rule], UPDATE)).toBe(false);
  });

  test('no request without a name where it names objects', () => {
    expect(permits([{ ...RULE, resourceNames: ['helloworld'] }], { ...UPDATE, name: undefined })).toBe(false);
  });
});

test.each<[Partial<Permission>, string]>([
  [{}, 'update virtualservices.networking.istio.io/helloworld in namespace gray-demo'],
  [{ verb: 'create', name: undefined }, 'create virtualservices.networking.istio.io in namespace gray-demo'],
  [
    { verb: 'patch', group: '', resource: 'namespaces', namespace: undefined, name: 'gray-demo' },
    'patch namespaces/gray-demo',
  ],
])('%j is described as kubectl names it', (change, text) => {
  expect(describePermission({ ...UPDATE, ...change })).toBe(text);
});
