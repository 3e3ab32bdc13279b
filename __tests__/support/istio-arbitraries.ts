import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { DestinationRule, HttpRoute, VirtualService } from '../../src/kubernetes/objects.ts';
import { webhookProblems } from '../../testbed/embedded/api/istio-validation.ts';
import { DESTINATION_RULE, VIRTUAL_SERVICE } from '../../testbed/embedded/api/kinds.ts';
import type { JsonObject } from '../../testbed/embedded/json.ts';
import { fromSchema } from './from-schema.ts';
import type { Meant, Schema } from './from-schema.ts';
import { APP, HOST, ISTIO, NAMESPACE } from './objects.ts';
import { readBack } from './properties.ts';

/** Arbitrary legal objects of Istio, from the schemas of its CustomResourceDefinitions; `scripts/crd-schemas.ts` renews those. */

type Kind = 'VirtualService' | 'DestinationRule' | 'Gateway';

export const CRDS = JSON.parse(
  readFileSync(join(import.meta.dirname, 'istio-crds.json'), 'utf8'),
) as Readonly<Record<Kind, Schema>>;

export const VERSIONS = ['v1', 'v2', 'v3'] as const;

const OTHER_HOSTS = [
  'other',
  `other.${NAMESPACE}.svc.cluster.local`,
  'example.com',
  `${APP}.elsewhere.svc.cluster.local`,
];
/** The service comes more often than others, so that most objects have routes to it. */
const destinationHost = fc.constantFrom(HOST, HOST, HOST, APP, ...OTHER_HOSTS);
const regex = fc.constantFrom('.*', '/a/[0-9]+', 'v[12]');
const hosts = fc.uniqueArray(fc.constantFrom('a.example.com', 'b.example.com', 'c.example.org', APP), {
  minLength: 1,
  maxLength: 2,
});

const MEANT: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  hosts,
  gateways: fc.uniqueArray(fc.constantFrom(APP, 'other/gateway', 'mesh'), { minLength: 1, maxLength: 2 }),
  exportTo: fc.constantFrom(['*'], ['.'], [NAMESPACE, 'other']),
  host: fc.constantFrom(APP, HOST),
};

const MEANT_BY_END: readonly (readonly [string, fc.Arbitrary<unknown>])[] = [
  ['destination.host', destinationHost],
  ['destination.subset', fc.constantFrom(...VERSIONS)],
  ['destination.port.number', fc.constantFrom(80, 5000)],
  ['.weight', fc.oneof(fc.integer({ min: 0, max: 100 }), fc.constantFrom(0, 10, 50, 100))],
  ['.regex', regex],
  ['.name', fc.constantFrom('main', 'second', 'third', 'canary-preview-v1', '')],
  ['subsets[].name', fc.constantFrom(...VERSIONS, 'Blue', 'x-1')],
  ['subsets[].labels.*', fc.constantFrom('version', 'app', 'track')],
  // Names of headers.
  ['set.*', fc.constantFrom('x-user', 'x-canary-version', 'x-canary-revision')],
  ['add.*', fc.constantFrom('x-user', 'x-more')],
];

const meant: Meant = (path) => MEANT[path] ?? MEANT_BY_END.find(([end]) => path.endsWith(end))?.[1];

const ofKind = (kind: Kind, path: string): fc.Arbitrary<unknown> =>
  fromSchema(schemaAt(kind, path), meant, path);

/** The schema of a field, as `http[]`. */
function schemaAt(kind: Kind, path: string): Schema {
  let schema = CRDS[kind];
  for (const part of path === '' ? [] : path.split('.')) {
    const name = part.replace('[]', '');
    schema = schema.properties?.[name] ?? {};
    if (part.endsWith('[]')) schema = schema.items ?? {};
  }
  return schema;
}

/** What a route does with a request; Istio's webhook wants exactly one of them. */
const ACTIONS = ['route', 'redirect', 'directResponse', 'delegate'];

const destinations = fc.array(ofKind('VirtualService', 'http[].route[]'), { minLength: 1, maxLength: 4 });

function withAction(rest: unknown, action: readonly [string, unknown], place: number): unknown {
  const others = Object.entries(rest as object).filter(([key]) => !ACTIONS.includes(key));
  return Object.fromEntries(others.toSpliced(place % (others.length + 1), 0, [...action]));
}

const httpRoute = fc
  .tuple(
    ofKind('VirtualService', 'http[]'),
    fc.oneof(
      { weight: 6, arbitrary: destinations.map((value) => ['route', value] as const) },
      {
        weight: 1,
        arbitrary: ofKind('VirtualService', 'http[].redirect').map((value) => ['redirect', value] as const),
      },
    ),
    fc.nat(6),
  )
  .map(([rest, action, place]) => withAction(rest, action, place));

const streamRoute = (list: 'tcp' | 'tls'): fc.Arbitrary<unknown> =>
  fc
    .tuple(
      ofKind('VirtualService', `${list}[]`),
      fc.array(ofKind('VirtualService', `${list}[].route[]`), { minLength: 1, maxLength: 3 }),
    )
    .map(([rest, route]) => ({ ...(rest as object), route }));

const spec = fc
  .record({
    rest: ofKind('VirtualService', ''),
    http: fc.array(httpRoute, { maxLength: 4 }),
    tcp: fc.oneof(
      { weight: 5, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(streamRoute('tcp'), { maxLength: 2 }) },
    ),
    tls: fc.oneof(
      { weight: 5, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(streamRoute('tls'), { maxLength: 2 }) },
    ),
    hosts,
  })
  .map(({ rest, http, tcp, tls, hosts: ofService }) => {
    const { http: _http, tcp: _tcp, tls: _tls, ...others } = rest as VirtualService['spec'];
    return {
      hosts: ofService,
      ...others,
      ...(http.length === 0 ? {} : { http }),
      ...(tcp.length === 0 ? {} : { tcp }),
      ...(tls.length === 0 ? {} : { tls }),
    };
  });

/** The metadata of an object that somebody else may have made. */
const metadata = fc.record(
  {
    name: fc.constant(APP),
    namespace: fc.constant(NAMESPACE),
    labels: fc.dictionary(fc.constantFrom('team', 'app'), fc.constantFrom('a', 'b'), { minKeys: 1 }),
    annotations: fc.dictionary(
      fc.constantFrom('example.com/owner', 'kubectl.kubernetes.io/x'),
      fc.string({ maxLength: 5 }),
      // An API server stores no empty ones.
      { minKeys: 1 },
    ),
    resourceVersion: fc.nat().map(String),
    generation: fc.nat(),
  },
  { requiredKeys: ['name', 'namespace'] },
);

function legal(kind: typeof VIRTUAL_SERVICE, object: object): boolean {
  return webhookProblems(kind, object as JsonObject).length === 0;
}

/** A VirtualService that an API server with Istio's CRDs and webhook stores. */
export const legalVirtualService: fc.Arbitrary<VirtualService> = fc
  .record({ apiVersion: fc.constant(ISTIO), kind: fc.constant('VirtualService'), metadata, spec })
  .map((vs) => readBack(vs) as unknown as VirtualService)
  .filter(isLegal);

/** Whether Istio's webhook takes a VirtualService. */
export function isLegal(vs: VirtualService): boolean {
  return legal(VIRTUAL_SERVICE, vs);
}

/** A DestinationRule that an API server with Istio's CRDs and webhook stores. */
export const legalDestinationRule: fc.Arbitrary<DestinationRule> = fc
  .record({
    apiVersion: fc.constant(ISTIO),
    kind: fc.constant('DestinationRule'),
    metadata,
    spec: ofKind('DestinationRule', ''),
  })
  .map((rule) => readBack(rule) as unknown as DestinationRule)
  .filter((rule) => legal(DESTINATION_RULE, rule));

/** An HTTP route of somebody else's, to anywhere but the service. */
export const foreignRoute: fc.Arbitrary<HttpRoute> = httpRoute
  .map((route) => readBack(route) as HttpRoute)
  .filter(
    ({ name, route = [] }) =>
      name?.startsWith('canary') !== true &&
      route.every(({ destination }) => ![APP, HOST].includes(destination.host)),
  );

/** Weights of some versions, 100 in all. */
export const anyWeights: fc.Arbitrary<ReadonlyMap<string, number>> = fc
  .uniqueArray(fc.constantFrom(...VERSIONS, 'Blue'), { minLength: 1, maxLength: 3 })
  .chain((names) =>
    fc
      .array(fc.integer({ min: 0, max: 100 }), { minLength: names.length - 1, maxLength: names.length - 1 })
      .map((cuts) => {
        const points = [0, ...cuts.toSorted((a, b) => a - b), 100];
        return new Map(names.map((name, i) => [name, (points[i + 1] ?? 0) - (points[i] ?? 0)]));
      }),
  );
