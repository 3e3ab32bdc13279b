import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { loadAll } from 'js-yaml';
import { request } from 'undici';
import { available } from './support/deployments.ts';
import {
  GATEWAY_API,
  INGRESS_NAMESPACE,
  INGRESS_PARENT,
  ROUTE_INPUTS,
  accepted,
  httpRoute,
  ingress,
  isProgrammed,
  versionService,
} from './support/gateway-api.ts';
import { ISTIO } from './support/kube.ts';
import type { Kube, Obj } from './support/kube.ts';
import {
  APP,
  AT_DEFAULTS,
  NAMESPACE,
  NO_WORKLOADS,
  deployment,
  image,
  namespace,
  service,
} from './support/objects.ts';
import { useStage } from './support/stage.ts';
import { findProgram } from '../../testbed/mesh/programs.ts';
import { until } from '../../testbed/mesh/until.ts';

/** Services that have users before their HTTPRoute belongs to a release (scenario 44). */
const stage = useStage();

/** Runs something in each cluster, with its Gateway: see `ingress`. */
async function inEach(
  action: (
    kube: Kube,
    gateway: (...more: [Parameters<typeof ingress>[1]?]) => ReturnType<typeof ingress>,
  ) => Promise<void>,
): Promise<void> {
  const kubes = [stage.east, stage.west];
  await Promise.all(
    stage.fleet.clusters.map(async (cluster, index) => {
      const kube = kubes[index];
      if (kube !== undefined) await action(kube, (...more) => ingress(cluster, ...more));
    }),
  );
}

/** The rules follow the examples that the Gateway API publishes: redirects, header filters, rewrites, splits and two parents. */
const SAMPLE = {
  hostnames: ['shop.example.com', 'www.example.org'],
  parentRefs: [
    { ...INGRESS_PARENT, sectionName: 'http' },
    { ...INGRESS_PARENT, sectionName: 'http-1' },
  ],
};
const RULES = [
  {
    matches: [{ path: { type: 'PathPrefix', value: '/cayenne' } }],
    filters: [
      {
        type: 'RequestRedirect',
        requestRedirect: {
          path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/paprika' },
          statusCode: 302,
        },
      },
    ],
  },
  {
    name: 'hello',
    matches: [
      { path: { type: 'PathPrefix', value: '/hello' }, method: 'GET' },
      { path: { type: 'Exact', value: '/greet' }, headers: [{ name: 'magic', value: 'foo' }] },
    ],
    filters: [
      {
        type: 'RequestHeaderModifier',
        requestHeaderModifier: { add: [{ name: 'my-header', value: 'foo' }], remove: ['x-remove'] },
      },
      {
        type: 'ResponseHeaderModifier',
        responseHeaderModifier: { set: [{ name: 'x-team', value: 'greeters' }] },
      },
    ],
    timeouts: { request: '7s' },
    backendRefs: [{ name: APP, port: 5000 }],
  },
  {
    matches: [
      { path: { type: 'PathPrefix', value: '/bar' }, queryParams: [{ name: 'great', value: 'example' }] },
    ],
    filters: [
      { type: 'URLRewrite', urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/' } } },
    ],
    backendRefs: [
      { name: 'other', port: 5000, weight: 90 },
      { name: 'other-canary', port: 5000, weight: 10 },
    ],
  },
];

interface Spec {
  readonly hostnames: unknown;
  readonly parentRefs: unknown;
  readonly rules: readonly (Readonly<Record<string, unknown>> & { readonly name?: string })[];
}

test('an HTTPRoute of several rules, filters and two parents is adopted unchanged to the byte', async () => {
  await inEach(async (kube, gateway) => {
    await kube.create(gateway({ listeners: [{ hostname: '*.example.com' }, { hostname: '*.example.org' }] }));
    await kube.settled(GATEWAY_API, 'Gateway', INGRESS_PARENT.name, INGRESS_NAMESPACE, isProgrammed);
    await kube.create(namespace(), service());
    for (const name of ['other', 'other-canary'])
      await kube.create({ ...service(), metadata: { name, namespace: NAMESPACE } });
  });
  await stage.east.create(deployment('v1'));
  await available(stage.east, `${APP}-v1`);
  await inEach(async (kube) => {
    await kube.create(httpRoute(RULES, SAMPLE));
    await accepted(kube);
  });
  const before = (await stage.east.get(GATEWAY_API, 'HTTPRoute', APP, NAMESPACE))['spec'] as Spec;
  const host = 'shop.example.com';
  await stage.served(host);
  const inputs = { 'http-route': APP, routes: 'hello', hosts: host };
  await stage.underLoad(
    async () => {
      await stage.pass({
        ...inputs,
        clusters: 'v1: east',
        version: 'v1',
        image: '',
        'config-clusters': 'east, west',
        weights: 'v1=100',
      });
      await stage.pass({
        ...inputs,
        ...AT_DEFAULTS,
        image: `v2=${image('v2')}`,
        port: '',
        weights: 'v1=80,v2=20',
      });
    },
    { host },
  );
  for (const kube of [stage.east, stage.west]) {
    const { rules, ...rest } = (await kube.get(GATEWAY_API, 'HTTPRoute', APP, NAMESPACE))['spec'] as Spec;
    const { rules: old, ...others } = before;
    expect(JSON.stringify(rest)).toBe(JSON.stringify(others));
    const kept = rules.filter(({ name }) => name?.startsWith('canary-preview-') !== true);
    const bare = (all: Spec['rules']): string =>
      JSON.stringify(all.map((rule) => (rule.name === 'hello' ? { ...rule, backendRefs: [] } : rule)));
    expect(bare(kept)).toBe(bare(old));
    expect(kept[1]).toMatchObject({
      backendRefs: [
        { name: `${APP}-v1`, port: 5000, weight: 80 },
        { name: `${APP}-v2`, port: 5000, weight: 20 },
      ],
    });
  }
});

/** HTTPRoutes that the Gateway API and Istio publish, word for word but for the Gateway that they name. */
interface Example {
  /** Of the route, and a text that tells it from others of its name. */
  readonly name: string;
  readonly has?: string;
  readonly app: string;
  readonly port: number;
  readonly weights: string;
  /** Other Services that it names. */
  readonly others?: readonly string[];
}
const PUBLISHED: readonly (readonly [source: string, example: Example])[] = [
  [
    'kubernetes-sigs/gateway-api examples/standard/http-routing/bar-httproute.yaml',
    { name: 'bar-route', app: 'bar-svc', port: 8080, weights: 'v1=100', others: ['bar-svc-canary'] },
  ],
  [
    'kubernetes-sigs/gateway-api examples/standard/http-redirect-rewrite/httproute-rewrite-prefix-path.yaml',
    { name: 'http-filter-rewrite', has: 'fennel', app: 'example-svc', port: 80, weights: 'v1=100' },
  ],
  [
    'kubernetes-sigs/gateway-api examples/standard/cross-namespace-routing/site-route.yaml',
    { name: 'login', app: 'login', port: 8080, weights: 'v1=90,v2=10' },
  ],
  [
    'kubernetes-sigs/gateway-api examples/standard/http-request-mirroring/httproute-mirroring.yaml',
    { name: 'http-filter-mirror', app: 'foo', port: 8080, weights: 'v1=100', others: ['foo-v2'] },
  ],
  [
    'kubernetes-sigs/gateway-api examples/standard/http-cors/httproute-all-fields-set.yaml',
    { name: 'cors-allow-credentials', has: 'maxAge', app: 'infra-backend', port: 8080, weights: 'v1=100' },
  ],
  [
    'istio/istio samples/bookinfo/gateway-api/bookinfo-gateway.yaml',
    { name: 'bookinfo', has: '/productpage', app: 'productpage', port: 9080, weights: 'v1=100' },
  ],
];
const files = await Promise.all([findProgram('gatewayApiExamples'), findProgram('istioExamples')]);
const isBuilt = files.every((file) => file !== undefined);

/** All objects in the published examples. */
async function published(): Promise<readonly Obj[]> {
  const texts = await Promise.all(
    files.flatMap((file) => (file === undefined ? [] : [readFile(file, 'utf8')])),
  );
  return texts
    .flatMap((text) => loadAll(text) as (Obj | null)[])
    .filter((one) => one !== null)
    .filter(({ kind }) => kind === 'HTTPRoute');
}

const skipped = isBuilt ? '' : ' (skipped: only npm run e2e fetches them)';
(isBuilt ? describe : describe.skip)(`HTTPRoutes that are published as examples${skipped}`, () => {
  test('are adopted unchanged', async () => {
    const { east } = stage;
    await stage.openIngress(['east']);
    await east.create(namespace(), deployment('v1'), deployment('v2'));
    for (const version of ['v1', 'v2']) await available(east, `${APP}-${version}`);
    const all = await published();
    for (const [, { name, has = '', app, port, weights, others = [] }] of PUBLISHED) {
      const example = all.find(
        (one) => one.metadata.name === name && JSON.stringify(one['spec']).includes(has),
      );
      if (example === undefined) throw new Error(`There is no example ${name}.`);
      const ports = [{ name: 'http', port, targetPort: 5000 }];
      for (const one of [app, ...others])
        await east.create({
          ...service(),
          metadata: { name: one, namespace: NAMESPACE },
          spec: { selector: { app: one === app ? APP : one }, ports },
        });
      const spec = { ...(example['spec'] as object), parentRefs: [INGRESS_PARENT] };
      await east.create({ ...example, metadata: { ...example.metadata, namespace: NAMESPACE }, spec });
      const before = (await east.get(GATEWAY_API, 'HTTPRoute', name, NAMESPACE))['spec'] as Spec;
      const inputs = {
        ...NO_WORKLOADS,
        app,
        'http-route': name,
        clusters: 'east',
        version: '',
        ingress: 'none',
        'propagation-time': '0s',
        weights,
      };
      const planned = await stage.pass({ ...inputs, operation: 'plan' });
      expect(planned.outputs['changed']).toBe('0');
      const run = await stage.pass(inputs);
      expect(run.outputs).toMatchObject({ weights });
      const after = (await east.get(GATEWAY_API, 'HTTPRoute', name, NAMESPACE))['spec'] as Spec;
      const kept = after.rules.filter((rule) => rule.name?.startsWith('canary-preview-') !== true);
      expect(withoutSplit(app, { ...after, rules: kept })).toEqual(withoutSplit(app, before));
      expect((await stage.pass(inputs)).outputs['changed']).toBe('0');
    }
  });
});

/** A spec without what a release manages: the backends of the app are left with the filters that are not its marks. */
function withoutSplit(app: string, spec: Spec): unknown {
  const rules = spec.rules.map((rule) => {
    const backends = (rule['backendRefs'] ?? []) as readonly Obj[];
    const isOurs = (one: Obj): boolean =>
      one['name'] === app || /^v\d$/.test(String(one['name']).replace(`${app}-`, ''));
    const foreign = backends.filter((one) => !isOurs(one));
    const filters = backends
      .filter(isOurs)
      .flatMap((one) => (one['filters'] ?? []) as readonly { readonly type: string }[])
      .filter(({ type }) => type !== 'ResponseHeaderModifier');
    return { ...rule, backendRefs: backends.length === 0 ? undefined : [...foreign, filters] };
  });
  return { ...spec, rules };
}

/** Resolves once every ingress has answered ten requests in a row for a host, from both versions. */
async function servesBoth(host: string): Promise<void> {
  await Promise.all(
    stage.fleet.clusters.map(async ({ name, ingress: url }) => {
      let row: string[] = [];
      const look = async (): Promise<boolean> => {
        const { statusCode, body } = await request(`${url}/hello`, { headers: { host } });
        const [version] = /version: v\d/.exec(await body.text()) ?? [];
        row = statusCode === 200 && version !== undefined ? [...row, version] : [];
        return row.length >= 10 && new Set(row).size === 2;
      };
      await until(`the ingress of ${name} to serve both versions`, look, { seconds: 20, everyMs: 10 });
    }),
  );
}

test('a service moves from a VirtualService to an HTTPRoute while users send requests', async () => {
  await stage.pass({ weights: 'v1=80,v2=20' });
  const inputs = { ...ROUTE_INPUTS, ...NO_WORKLOADS, ...AT_DEFAULTS };
  await stage.underLoad(async () => {
    await inEach(async (kube, gateway) => {
      await kube.create(gateway());
      await kube.settled(GATEWAY_API, 'Gateway', INGRESS_PARENT.name, INGRESS_NAMESPACE, isProgrammed);
    });
    const shares = [
      { name: `${APP}-v1`, port: 5000, weight: 80 },
      { name: `${APP}-v2`, port: 5000, weight: 20 },
    ];
    await inEach(async (kube) => {
      await kube.create(versionService('v1'), versionService('v2'));
      await kube.create(httpRoute([{ backendRefs: shares }], { hostnames: ['move.example.com'] }));
      await accepted(kube);
    });
    // That istiod accepts a route does not mean that the gateways know its Services yet.
    await servesBoth('move.example.com');
    await inEach(async (kube) => {
      await kube.merge(httpRoute([{ backendRefs: shares }], { hostnames: null }));
      await accepted(kube);
    });
    await inEach((kube) => kube.remove(ISTIO, 'VirtualService', APP, NAMESPACE));
    const adopted = await stage.pass({ ...inputs, weights: 'v1=80,v2=20' });
    expect(adopted.outputs).toMatchObject({ verdict: 'pass', weights: 'v1=80,v2=20' });
    await inEach(async (kube) => {
      await kube.remove(ISTIO, 'Gateway', APP, NAMESPACE);
      await kube.remove(ISTIO, 'DestinationRule', APP, NAMESPACE);
    });
    const step = await stage.pass({ ...inputs, weights: 'v1=50,v2=50' });
    expect(step.outputs).toMatchObject({ verdict: 'pass', 'previous-weights': 'v1=80,v2=20' });
  });
});
