import { expect, test } from '@jest/globals';
import { request } from 'undici';
import { available } from './support/deployments.ts';
import {
  GATEWAY_API,
  INGRESS_NAMESPACE,
  INGRESS_PARENT,
  ROUTE_INPUTS,
  httpRoute,
  ingress,
  isProgrammed,
  routeConditions,
  versionService,
} from './support/gateway-api.ts';
import { ISTIO } from './support/kube.ts';
import type { Kube } from './support/kube.ts';
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
import { until } from '../../testbed/mesh/until.ts';

/** Services that have users before their HTTPRoute belongs to a release (scenario 44). */
const stage = useStage();

const FINE = 'Accepted=True Accepted, ResolvedRefs=True ResolvedRefs';

async function accepted(kube: Kube): Promise<void> {
  await until('the HTTPRoute to be accepted', async () => (await routeConditions(kube)) === FINE, {
    seconds: 15,
  });
}

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
