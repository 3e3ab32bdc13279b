import { describe, expect, test } from '@jest/globals';
import { request } from 'undici';
import { until } from '../../testbed/mesh/until.ts';
import { available } from './support/deployments.ts';
import {
  FINE,
  GATEWAY_API,
  INGRESS_PARENT,
  backend,
  conditionsOf,
  httpRoute,
  ingress,
  routeConditions,
  versionService,
} from './support/gateway-api.ts';
import type { Obj } from './support/kube.ts';
import { ISTIO } from './support/kube.ts';
import {
  APP,
  HOST,
  NAMESPACE,
  deployment,
  destination,
  destinationRule,
  namespace,
  service,
  virtualService,
} from './support/objects.ts';
import { useStage } from './support/stage.ts';

/** Both fleets do with the Gateway API what istiod and Envoy do. */
const stage = useStage();

const HOSTNAME = 'shop.example.com';

interface Asked {
  readonly path?: string;
  readonly host?: string;
  readonly method?: 'GET' | 'HEAD';
  readonly headers?: Readonly<Record<string, string>>;
}

/** A response of the ingress of east: the status, the version that answered or the new location, and the header `x-seen`. */
async function ask({
  path = '/hello',
  host = HOSTNAME,
  method = 'GET',
  headers = {},
}: Asked = {}): Promise<string> {
  const [east] = stage.fleet.clusters;
  const response = await request(`${east?.ingress ?? ''}${path}`, { method, headers: { host, ...headers } });
  const text = await response.body.text();
  const { location, 'x-seen': seen } = response.headers;
  const version = /version: ([^,]+),/.exec(text)?.[1];
  return [response.statusCode, version, location, seen]
    .filter((part) => part !== undefined)
    .map(String)
    .join(' ');
}

/** How often each response came in 200 requests of ten users, which are so many that each of two equal shares comes. */
async function tally(asked: Asked = {}): Promise<Map<string, number>> {
  const seen = new Map<string, number>();
  const users = Array.from({ length: 10 }, async () => {
    for (let count = 0; count < 20; count += 1) {
      const answer = await ask(asked);
      seen.set(answer, (seen.get(answer) ?? 0) + 1);
    }
  });
  await Promise.all(users);
  return seen;
}

/** Waits until a request is answered like this, twenty times in a row. */
async function expectAnswer(expected: string, asked: Asked = {}): Promise<void> {
  let row = 0;
  let last = '';
  const look = async (): Promise<boolean> => {
    last = await ask(asked).catch(String);
    row = last === expected ? row + 1 : 0;
    return row === 20;
  };
  try {
    await until(`the answer ${expected}`, look, { seconds: 10, everyMs: 5 });
  } catch (error) {
    throw new Error(`The answer is ${last} instead of ${expected}`, { cause: error });
  }
}

async function expectConditions(expected: string, name = APP, space = NAMESPACE): Promise<void> {
  let last = '';
  const look = async (): Promise<boolean> => {
    last = await routeConditions(stage.east, name, space);
    return last === expected;
  };
  try {
    await until('the conditions of the route', look, { seconds: 15 });
  } catch (error) {
    throw new Error(`The conditions are ${last} instead of ${expected}`, { cause: error });
  }
}

interface GatewayStatus {
  readonly addresses?: unknown;
  readonly conditions: Parameters<typeof conditionsOf>[0];
  readonly listeners?: readonly { readonly attachedRoutes: number }[];
}

async function gatewayStatus(): Promise<GatewayStatus> {
  const { name, namespace: space } = INGRESS_PARENT;
  const { status } = await stage.east.get(GATEWAY_API, 'Gateway', name, space);
  return status as GatewayStatus;
}

/** Waits until the Gateway has these conditions, maybe among others. */
async function expectGateway(expected: string): Promise<void> {
  const look = async (): Promise<boolean> =>
    conditionsOf((await gatewayStatus()).conditions).includes(expected);
  await until(`the Gateway to have ${expected}`, look, { seconds: 15 });
}

/** Both versions run in east, each with a Service of its own. */
async function install(...objects: readonly Obj[]): Promise<void> {
  await stage.everywhere(namespace());
  await stage.east.create(service(), versionService('v1'), versionService('v2'));
  await stage.east.create(deployment('v1'), deployment('v2'), ...objects);
  for (const version of ['v1', 'v2']) await available(stage.east, `${APP}-${version}`);
}

const eastIngress = (
  ...more: Parameters<typeof ingress> extends [unknown, ...infer Rest] ? Rest : never
): Obj => {
  const [east] = stage.fleet.clusters;
  if (east === undefined) throw new Error('The fleet has no cluster.');
  return ingress(east, ...more);
};

const message = async (write: Promise<unknown>): Promise<string> => {
  try {
    await write;
    return 'accepted';
  } catch (error) {
    const { body } = error as { body?: string };
    return (JSON.parse(body ?? '{}') as { message?: string }).message ?? String(error);
  }
};

const on = (path: string, version: string, match: Record<string, unknown> = {}): unknown => ({
  matches: [{ path: { type: 'PathPrefix', value: path }, ...match }],
  backendRefs: [backend(version)],
});

describe('the status', () => {
  test('of a Gateway names its address and counts its routes', async () => {
    await install(eastIngress(), httpRoute([{ backendRefs: [backend('v1')] }]));
    await expectConditions(FINE);
    await expectGateway('Accepted=True Accepted, Programmed=True Programmed, ResolvedRefs=True ResolvedRefs');
    const attached = async (): Promise<boolean> =>
      (await gatewayStatus()).listeners?.[0]?.attachedRoutes === 1;
    await until('the route to be counted', attached, { seconds: 10 });
    const status = await gatewayStatus();
    const [east] = stage.fleet.clusters;
    expect(status.addresses).toEqual([{ type: 'IPAddress', value: new URL(east?.ingress ?? '').hostname }]);
  });

  test('of a route says which of its references is wrong, and follows their changes', async () => {
    await install(eastIngress(), httpRoute([{ backendRefs: [backend('v1'), backend('v3')] }]));
    await expectConditions('Accepted=True Accepted, ResolvedRefs=False BackendNotFound');
    await stage.east.create(versionService('v3'));
    await expectConditions(FINE);
    const other = { name: 'private', namespace: 'default', port: 5000 };
    await stage.east.merge(httpRoute([{ backendRefs: [backend('v1'), other] }]));
    await expectConditions('Accepted=True Accepted, ResolvedRefs=False RefNotPermitted');
    await stage.east.merge(httpRoute([{ backendRefs: [backend('v1')] }], { parentRefs: [{ name: 'none' }] }));
    await expectConditions('');
  });

  test('of a route says why a listener does not take it', async () => {
    const listeners = [{ hostname: HOSTNAME, allowedRoutes: { namespaces: { from: 'Same' } } }];
    await install(eastIngress({ listeners }), httpRoute([{ backendRefs: [backend('v1')] }]));
    await expectConditions('Accepted=False NotAllowedByListeners, ResolvedRefs=True ResolvedRefs');
    await stage.east.merge(eastIngress({ listeners: [{ hostname: HOSTNAME }] }));
    await expectConditions(FINE);
    await stage.east.merge(
      httpRoute([{ backendRefs: [backend('v1')] }], { hostnames: ['other.example.com'] }),
    );
    await expectConditions('Accepted=False NoMatchingListenerHostname, ResolvedRefs=True ResolvedRefs');
    const parentRefs = [{ ...INGRESS_PARENT, sectionName: 'none' }];
    await stage.east.merge(
      httpRoute([{ backendRefs: [backend('v1')] }], { hostnames: [HOSTNAME], parentRefs }),
    );
    await expectConditions('Accepted=False NoMatchingParent, ResolvedRefs=True ResolvedRefs');
  });

  test('of a Gateway without an address is not programmed', async () => {
    await stage.east.create(eastIngress({ addresses: [] }));
    await expectGateway('Programmed=False AddressNotUsable');
  });
});

describe('requests', () => {
  test('get the backends of the most specific rule, whatever its place', async () => {
    await install(
      eastIngress(),
      httpRoute([
        on('/', 'v1'),
        on('/hello', 'v2', { headers: [{ name: 'x-tester', value: 'yes' }] }),
        { matches: [{ path: { type: 'Exact', value: '/orders' } }], backendRefs: [backend('v2')] },
        on('/orders', 'v1', { headers: [{ name: 'x-tester', value: 'yes' }] }),
        on('/hello', 'v2', { queryParams: [{ name: 'v', value: '2' }] }),
      ]),
    );
    await expectAnswer('200 v1 v1');
    await expectAnswer('200 v2 v2', { headers: { 'x-tester': 'yes' } });
    await expectAnswer('200 v2 v2', { path: '/hello?v=2' });
    await expectAnswer('200 v2 v2', { path: '/orders', headers: { 'x-tester': 'yes' } });
    // A prefix ends at a slash.
    await expectAnswer('404 v1', { path: '/hellos', headers: { 'x-tester': 'yes' } });
  });

  test('are redirected, rewritten and answered with other headers as filters say', async () => {
    const redirect = (requestRedirect: Record<string, unknown>): unknown => [
      { type: 'RequestRedirect', requestRedirect },
    ];
    const rewrite = (path: Record<string, string>): unknown => [{ type: 'URLRewrite', urlRewrite: { path } }];
    const prefix = (value: string): unknown => [{ path: { type: 'PathPrefix', value } }];
    await install(
      eastIngress(),
      httpRoute([
        { matches: prefix('/secure'), filters: redirect({ scheme: 'https', statusCode: 301 }) },
        {
          matches: prefix('/moved'),
          filters: redirect({ path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/new' } }),
        },
        {
          matches: prefix('/shop'),
          filters: rewrite({ type: 'ReplacePrefixMatch', replacePrefixMatch: '/' }),
          backendRefs: [backend('v1')],
        },
        {
          matches: prefix('/full'),
          filters: rewrite({ type: 'ReplaceFullPath', replaceFullPath: '/hello' }),
          backendRefs: [backend('v2')],
        },
        {
          matches: prefix('/hello'),
          filters: [
            {
              type: 'ResponseHeaderModifier',
              responseHeaderModifier: { add: [{ name: 'X-Seen', value: 'rule' }] },
            },
          ],
          backendRefs: [{ name: `${APP}-v1`, port: 5000 }],
        },
      ]),
    );
    await expectAnswer('200 v1 rule');
    await expectAnswer(`301 https://${HOSTNAME}/secure/a`, { path: '/secure/a' });
    await expectAnswer(`302 http://${HOSTNAME}/new/a`, { path: '/moved/a' });
    await expectAnswer('200 v1 v1', { path: '/shop/hello' });
    await expectAnswer('200 v2 v2', { path: '/full/of/words' });
  });

  test('are shared by weight; a backend of weight 0 gets none, and no backend at all is a 500', async () => {
    await install(
      eastIngress(),
      httpRoute([{ backendRefs: [backend('v1', { weight: 50 }), backend('v2', { weight: 50 })] }]),
    );
    const shared = async (): Promise<boolean> => {
      const seen = await tally();
      return seen.size === 2 && seen.has('200 v1 v1') && seen.has('200 v2 v2');
    };
    await until('both versions to answer', shared, { seconds: 15 });
    await stage.east.merge(
      httpRoute([{ backendRefs: [backend('v1', { weight: 0 }), backend('v2', { weight: 1 })] }]),
    );
    await expectAnswer('200 v2 v2');
    await stage.east.merge(
      httpRoute([{ backendRefs: [backend('v1', { weight: 0 }), backend('v2', { weight: 0 })] }]),
    );
    await expectAnswer('500');
  });

  test('to a Service that is missing everywhere get a marked 500; a Service of the other cluster suffices', async () => {
    await install(eastIngress(), httpRoute([{ backendRefs: [backend('v1'), backend('v3')] }]));
    const failed = async (): Promise<boolean> => {
      const seen = await tally();
      return seen.size === 2 && seen.has('200 v1 v1') && seen.has('500 v3');
    };
    await until('the missing backend to fail its share', failed, { seconds: 15 });
    await stage.west.create(versionService('v3'), deployment('v3'));
    await available(stage.west, `${APP}-v3`);
    const served = async (): Promise<boolean> => {
      const seen = await tally();
      return seen.size === 2 && seen.has('200 v1 v1') && seen.has('200 v3 v3');
    };
    await until('the other cluster to serve the backend', served, { seconds: 15 });
    await expectConditions('Accepted=True Accepted, ResolvedRefs=False BackendNotFound');
  });

  test('follow the rules of all routes of a host: the more specific, then the older', async () => {
    await install(eastIngress(), httpRoute([on('/', 'v1')], { name: 'a-first' }));
    await expectAnswer('200 v1 v1');
    // Of the same second, the name decides.
    await stage.east.create(httpRoute([on('/', 'v2')], { name: 'b-second' }));
    await expectConditions(FINE, 'b-second');
    await expectAnswer('200 v1 v1');
    await stage.east.create(httpRoute([on('/hello', 'v2')], { name: 'c-specific' }));
    await expectAnswer('200 v2 v2');
    // The hostname comes before everything else.
    await stage.east.create(httpRoute([on('/', 'v1')], { name: 'd-host', hostnames: [HOSTNAME] }));
    await expectAnswer('200 v1 v1');
    await expectAnswer('200 v2 v2', { host: 'other.example.com' });
  });

  test('to a host with both APIs follow the older of the two gateways', async () => {
    const selector = { istio: 'ingressgateway' };
    const old: Obj = {
      apiVersion: ISTIO,
      kind: 'Gateway',
      metadata: { name: APP, namespace: NAMESPACE },
      spec: {
        selector,
        servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'] }],
      },
    };
    await install(old, destinationRule(['v1', 'v2']), virtualService([{ route: [destination('v1')] }]));
    await expectAnswer('200 v1');
    await stage.east.create(eastIngress(), httpRoute([on('/', 'v2')]));
    await expectConditions(FINE);
    await expectAnswer('200 v1');
    // What matches everything comes last, of whichever kind it is.
    await stage.east.merge(httpRoute([on('/hello', 'v2')]));
    await expectAnswer('200 v2 v2');
    await stage.east.remove(ISTIO, 'VirtualService', APP, NAMESPACE);
    await stage.east.merge(httpRoute([on('/', 'v2')]));
    await expectAnswer('200 v2 v2');
  });

  test('reach pods without a sidecar, unless a rule requires mutual TLS', async () => {
    await stage.everywhere(namespace({}));
    await stage.east.create(versionService('v1'), deployment('v1'));
    await available(stage.east, `${APP}-v1`);
    await stage.east.create(eastIngress(), httpRoute([on('/', 'v1')]));
    await expectAnswer('200 v1 v1');
    const tls = { trafficPolicy: { tls: { mode: 'ISTIO_MUTUAL' } } };
    await stage.east.create(
      destinationRule([], { host: HOST.replace(APP, `${APP}-v1`), subsets: [], ...tls }),
    );
    await expectAnswer('503 v1');
  });
});

describe('the API server', () => {
  test('fills in what a route leaves out, and drops what it does not know', async () => {
    await stage.everywhere(namespace());
    const { spec } = await stage.east.tryOut(
      httpRoute([{ backendRefs: [{ name: 'a', port: 80 }], unknown: true }]),
    );
    expect(spec).toEqual({
      parentRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', ...INGRESS_PARENT }],
      rules: [
        {
          matches: [{ path: { type: 'PathPrefix', value: '/' } }],
          backendRefs: [{ group: '', kind: 'Service', name: 'a', port: 80, weight: 1 }],
        },
      ],
    });
  });

  test('refuses what the definitions do not allow', async () => {
    await stage.everywhere(namespace());
    const tried = async (...rules: readonly unknown[]): Promise<string> =>
      (await message(stage.east.tryOut(httpRoute(rules)))).replace(/^.* is invalid: /, '');
    expect(await tried({ backendRefs: [{ name: 'a', port: 80, weight: 1_000_001 }] })).toContain(
      'spec.rules[0].backendRefs[0].weight in body should be less than or equal to 1000000',
    );
    expect(await tried(...Array.from({ length: 17 }, () => ({})))).toContain(
      'spec.rules: Too many: 17: must have at most 16 items',
    );
    const backendRefs = Array.from({ length: 17 }, () => ({ name: 'a', port: 80 }));
    expect(await tried({ backendRefs })).toContain(
      'spec.rules[0].backendRefs: Too many: 17: must have at most 16 items',
    );
    expect(await tried({ name: 'No_Name' })).toContain('spec.rules[0].name in body should match');
    expect(await tried({ backendRefs: [{ name: 'a' }] })).toContain('Must have port for Service reference');
    expect(await tried({ filters: [{ type: 'Unknown' }] })).toContain(
      'spec.rules[0].filters[0].type: Unsupported value: "Unknown"',
    );
    const redirect = { type: 'RequestRedirect', requestRedirect: {} };
    expect(await tried({ filters: [redirect], backendRefs: [{ name: 'a', port: 80 }] })).toContain(
      'RequestRedirect filter must not be used together with backendRefs',
    );
  });
});
