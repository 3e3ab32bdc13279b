import fc from 'fast-check';
import type { HTTPBackendRef, HTTPRoute, HTTPRouteRule } from '../../src/gateway-api/objects.ts';
import { VERSIONS } from './istio-arbitraries.ts';
import { APP, NAMESPACE } from './objects.ts';

/** Arbitrary HTTPRoutes as an API server stores them, with fields that the action does not know. */

const optional = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined });

const headers = fc.array(
  fc.record({
    name: fc.constantFrom('x-user', 'X-Canary-Version', 'x-canary-revision'),
    value: fc.constantFrom('a', 'v1'),
  }),
  { maxLength: 2 },
);

const filter = fc.oneof(
  fc.record({
    type: fc.constant('ResponseHeaderModifier'),
    responseHeaderModifier: fc.record({ set: headers, remove: fc.constantFrom(['x-old'], []) }),
  }),
  fc.constant({
    type: 'RequestHeaderModifier',
    requestHeaderModifier: { add: [{ name: 'x-a', value: 'b' }] },
  }),
  fc.constant({ type: 'URLRewrite', urlRewrite: { hostname: 'other.example.com' } }),
);
/** A kind of filter may be there once. */
const filters = fc.uniqueArray(filter, { maxLength: 3, selector: ({ type }) => type });

const backend = fc
  .record({
    group: optional(fc.constant('')),
    kind: optional(fc.constant('Service')),
    namespace: optional(fc.constantFrom(NAMESPACE, 'other')),
    name: fc.constantFrom(APP, ...VERSIONS.map((version) => `${APP}-${version}`), 'other', `${APP}-admin`),
    port: fc.constantFrom(80, 5000),
    weight: optional(fc.constantFrom(0, 1, 10, 50, 100, 1_000_000)),
    filters: optional(filters),
    unknown: optional(fc.constant({ of: 'later' })),
  })
  .map((one) => withoutUndefined(one) as HTTPBackendRef);

const match = fc.record({
  path: fc.record({
    type: fc.constantFrom('PathPrefix', 'Exact'),
    value: fc.constantFrom('/', '/hello', '/cart'),
  }),
  method: optional(fc.constantFrom('GET', 'POST')),
  headers: optional(fc.constant([{ type: 'Exact', name: 'x-beta', value: '1' }])),
});

const rule = fc
  .record({
    matches: optional(fc.array(match, { minLength: 1, maxLength: 2 })),
    filters: optional(
      fc.oneof(
        filters,
        fc.constant([{ type: 'RequestMirror', requestMirror: { backendRef: { name: 'copy', port: 80 } } }]),
      ),
    ),
    backendRefs: fc.uniqueArray(backend, {
      minLength: 1,
      maxLength: 4,
      selector: ({ namespace, name, port }) => JSON.stringify([namespace, name, port]),
    }),
    timeouts: optional(fc.constant({ request: '10s' })),
    unknown: optional(fc.constant([1, { of: 'later' }])),
  })
  .map((one) => withoutUndefined(one) as HTTPRouteRule);

/** Some rules have names, which differ. */
const rules = fc
  .array(fc.tuple(rule, fc.boolean()), { minLength: 0, maxLength: 4 })
  .map((all) => all.map(([one, isNamed], i) => (isNamed ? { name: `rule-${String(i)}`, ...one } : one)));

export const anyHttpRoute: fc.Arbitrary<HTTPRoute> = rules.map((all) => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name: APP, namespace: NAMESPACE, annotations: { owner: 'them' } },
  spec: {
    parentRefs: [
      { name: 'public', namespace: 'edge' },
      { name: 'internal', sectionName: 'http' },
    ],
    hostnames: ['shop.example.com'],
    rules: all,
    unknown: { of: 'later' },
  },
}));

function withoutUndefined(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined));
}
