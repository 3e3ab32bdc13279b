import { describe, expect, test } from '@jest/globals';
import { available } from './support/deployments.ts';
import { ISTIO } from './support/kube.ts';
import type { Obj } from './support/kube.ts';
import {
  APP,
  HOST,
  NAMESPACE,
  NO_WORKLOADS,
  deployment,
  destination,
  destinationRule,
  gateway,
  image,
  namespace,
  service,
  virtualService,
} from './support/objects.ts';
import { describeOnEmbedded, testOnEmbedded } from './support/on-embedded.ts';
import { useStage } from './support/stage.ts';

const stage = useStage();

describe('objects that exist already', () => {
  test('keep other routes, other hosts, extra subsets, unknown fields and their order (scenario 9)', async () => {
    const before = {
      api: { name: 'static', match: [{ uri: { prefix: '/static' } }], directResponse: { status: 204 } },
      own: {
        name: 'hello',
        match: [{ uri: { exact: '/hello' } }, { uri: { prefix: '/greet' } }],
        timeout: '7s',
        retries: { attempts: 2, perTryTimeout: '2s' },
        route: [destination('v1', 100)],
        headers: { request: { set: { 'x-team': 'greeters' } } },
      },
      rest: { name: 'rest', route: [{ destination: { host: 'elsewhere.example.com' } }] },
    };
    const rule = destinationRule(['v1'], {
      trafficPolicy: { connectionPool: { tcp: { maxConnections: 900 } }, tls: { mode: 'ISTIO_MUTUAL' } },
    });
    const spec = rule['spec'] as { subsets: unknown[] };
    spec.subsets.unshift({
      name: 'everyone',
      labels: { app: APP },
      trafficPolicy: { loadBalancer: { simple: 'ROUND_ROBIN' } },
    });
    const vs = virtualService([before.api, before.own, before.rest]);
    const untouched = structuredClone(spec);
    vs.metadata = { ...vs.metadata, labels: { team: 'greeters' }, annotations: { note: 'ours' } };
    await stage.adopt({ vs: [vs], rule });

    const stored = httpOf(await stage.routes());
    await stage.underLoad(async () => {
      const run = await stage.pass({ ...NO_WORKLOADS, weights: 'v1=60,v2=40' });
      expect(run.outputs).toMatchObject({ verdict: 'pass', 'previous-weights': 'v1=100' });
      expect((await stage.pass({ ...NO_WORKLOADS, weights: 'v1=60,v2=40' })).outputs['changed']).toBe('0');
    });

    for (const found of await stage.routes()) {
      expect(found.metadata).toMatchObject({ labels: { team: 'greeters' }, annotations: { note: 'ours' } });
      const { http, ...others } = found['spec'] as { http: Record<string, unknown>[] };
      expect(others).toEqual({ hosts: ['*'], gateways: [APP] });
      const names = http.map(({ name }) => name);
      expect(names).toEqual(['static', 'canary-preview-v1', 'canary-preview-v2', 'hello', 'rest']);
      expect(JSON.stringify(http[0])).toBe(JSON.stringify(stored[0]));
      expect(JSON.stringify(http[4])).toBe(JSON.stringify(stored[2]));
      const { route: _, ...own } = before.own;
      const { route, ...kept } = http[3] ?? {};
      expect(kept).toEqual(own);
      expect(route).toMatchObject([destination('v1', 60), destination('v2', 40)]);
    }
    const kept = (await stage.east.get(ISTIO, 'DestinationRule', APP, NAMESPACE))['spec'] as typeof spec;
    expect(kept).toEqual({
      ...untouched,
      subsets: [...untouched.subsets, expect.objectContaining({ name: 'v2', labels: { version: 'v2' } })],
    });
  });

  test('keep the share of other hosts in the managed route', async () => {
    const other = {
      destination: { host: `other.${NAMESPACE}.svc.cluster.local`, port: { number: 5000 }, subset: 'v9' },
      weight: 0,
    };
    await stage.adopt({ vs: [virtualService([{ route: [destination('v1', 100), other] }])] });
    await stage.everywhere({ ...service(), metadata: { name: 'other', namespace: NAMESPACE } });
    await stage.pass({ ...NO_WORKLOADS, weights: 'v1=50,v2=50' });
    for (const found of await stage.routes()) {
      const { http } = found['spec'] as { http: { route: unknown[] }[] };
      expect(http.at(-1)?.route).toMatchObject([destination('v1', 50), other, destination('v2', 50)]);
    }
  });

  test('with a route that names no subset keep a new version from users until it has a weight', async () => {
    await stage.everywhere(namespace(), service());
    await stage.east.create(deployment('v1'));
    await available(stage.east, `${APP}-v1`);
    const whole = { destination: { host: HOST, port: { number: 5000 } } };
    const beta = { name: 'beta', match: [{ headers: { 'x-beta': { exact: 'yes' } } }], route: [whole] };
    await stage.everywhere(gateway(), virtualService([beta, { name: 'main', route: [whole] }]));
    const v2 = { image: `v2=${image('v2')}`, port: '', weights: 'v1=50,v2=50', routes: 'main' };
    const seen = new Set<string>();
    await stage.underLoad(async () => {
      const watch = setInterval(() => {
        for (const { ingress } of stage.fleet.clusters)
          void fetch(`${ingress}/hello`).then(async (answer) =>
            seen.add(`${answer.headers.get('x-canary-version') ?? ''} ${await answer.text()}`),
          );
      }, 10);
      try {
        const refused = await stage.run(v2);
        expect(refused.code).toBe(1);
        expect(refused.log).toContain('as soon as a pod of it in west is ready');
        expect(refused.outputs['changed']).toBe('0');
        const remedy =
          /weights: (?<weights>\S+); version: (?<version>\S+); clusters: '(?<clusters>.+)'; config-clusters: (?<config>.+?);/.exec(
            refused.log,
          )?.groups;
        const { config = '', ...given } = remedy ?? {};
        const pin = { ...NO_WORKLOADS, ...given, 'config-clusters': config };
        await stage.pass({ ...pin, routes: 'main' });
        const alone = await stage.run(v2);
        expect(alone.log).toContain('Add it to the routes that are split (routes: main, beta)');
        const both = { routes: 'main, beta' };
        const status = await stage.run({ ...pin, ...both, weights: '', operation: 'status' });
        expect(status.log).toContain('(route beta: no version; route main: v1=100)');
        await stage.pass({ ...pin, ...both });
        await expect(stage.weights()).resolves.toEqual(['v1=100', 'v1=100']);
        await stage.pass({ ...pin, ...both, weights: '', operation: 'status' });
        const added = await stage.pass({ ...v2, ...both });
        expect(added.outputs).toMatchObject({ verdict: 'pass', 'previous-weights': 'v1=100' });
      } finally {
        clearInterval(watch);
      }
    });
    // What a weight sends to a version carries its name; what the Service sends there by itself does not.
    const unasked = [...seen].filter((answer) => answer.includes('version: v2') && !answer.startsWith('v2 '));
    expect(unasked).toEqual([]);
    expect([...seen].some((answer) => answer.startsWith('v2 '))).toBe(true);
  });

  test('with several routes to the service are refused unless the input names them (scenario 10)', async () => {
    const routes = [
      { name: 'beta', match: [{ headers: { 'x-beta': { exact: 'yes' } } }], route: [destination('v2')] },
      { name: 'everyone', route: [destination('v1')] },
    ];
    await stage.adopt({ vs: [virtualService(routes)] });
    await stage.underLoad(async () => {
      const refused = await stage.run({ ...NO_WORKLOADS, weights: 'v1=80,v2=20' });
      expect(refused.code).toBe(1);
      expect(refused.log).toMatch(/2 HTTP routes that lead to helloworld: beta, everyone.*input routes/s);
      expect(refused.outputs['changed']).toBe('0');
      const run = await stage.pass({ ...NO_WORKLOADS, weights: 'v1=80,v2=20', routes: 'everyone' });
      expect(run.outputs['verdict']).toBe('pass');
    });
    for (const found of await stage.routes()) {
      const { http } = found['spec'] as { http: unknown[] };
      expect(http[0]).toEqual(routes[0]);
    }
  });

  testOnEmbedded('with managed routes that someone made differ get the weights of a rollback', async () => {
    const routes = [
      { name: 'beta', match: [{ headers: { 'x-beta': { exact: 'yes' } } }], route: [destination('v1')] },
      { name: 'main', route: [destination('v1')] },
    ];
    await stage.adopt({ vs: [virtualService(routes)] });
    const both = { ...NO_WORKLOADS, routes: 'beta, main' };
    const asked = { ...both, weights: 'v1=80,v2=20' };
    await stage.pass(asked);
    await stage.east.merge(virtualService([{ ...routes[0], route: [destination('v2')] }, routes[1]]));
    const differ = 'hold different weights by route (route beta: v2=100; route main: v1=100)';
    const remedy =
      'Bring all of them to the same weights with the operation rollback and the input weights, or manage fewer (input routes).';
    await stage.underLoad(async () => {
      for (const inputs of [asked, { ...both, operation: 'verify' }, { ...both, operation: 'status' }]) {
        const refused = await stage.run(inputs);
        expect(refused.code).toBe(1);
        expect(refused.log).toContain(differ);
        expect(refused.log).toContain(remedy);
      }
      await stage.pass({ ...asked, operation: 'rollback' });
    });
    const run = await stage.pass(asked);
    expect(run.outputs).toMatchObject({ verdict: 'pass', changed: '0' });
  });

  test('under names other than those of the inputs are refused, and the message has the right input', async () => {
    const vs = virtualService([{ route: [destination('v1')] }]);
    await stage.adopt({ vs: [{ ...vs, metadata: { name: 'front-door', namespace: NAMESPACE } }] });
    const run = await stage.run({ ...NO_WORKLOADS, weights: 'v1=80,v2=20' });
    expect(run.code).toBe(1);
    expect(run.log).toMatch(/Set the input virtual-service to front-door/);
    await expect(stage.weights()).resolves.toEqual([undefined, undefined]);
    const status = await stage.run({ ...NO_WORKLOADS, operation: 'status' });
    expect(status.code).toBe(1);
    expect(status.log + status.summary).toContain('Set the input virtual-service to front-door');
    expect(status.log + status.summary).not.toContain('rollback');
    await stage.pass({ ...NO_WORKLOADS, operation: 'status', 'virtual-service': 'front-door' });
  });
});

describeOnEmbedded('invalid inputs', () => {
  test('are reported in one message, and nothing is written (scenario 14)', async () => {
    const run = await stage.run({
      weights: 'v1=80,v2=30',
      clusters: 'v1: east\nv2: wset',
      steps: '50,20',
      port: 'http',
      tolerance: '-1',
      'version-from': 'cookie',
    });
    expect(run.code).toBe(1);
    expect(run.log).toMatch(/6 problems with the inputs/);
    for (const part of [
      'add up to 110',
      '"wset", which is not a context',
      '"50,20"',
      '"http"',
      '"-1"',
      '"cookie"',
    ]) {
      expect(run.log).toContain(part);
    }
    await expect(stage.east.find('v1', 'Namespace', NAMESPACE)).resolves.toBeUndefined();
  });

  const cases = [
    ['negative', 'v1=120,v2=-20', /v1 has 120, which is not a whole percent/],
    ['not whole', 'v1=79.5,v2=20.5', /v1 has 79\.5, which is not a whole percent/],
    ['for a version without clusters', 'v1=80,v3=20', /version "v3", which has no clusters/],
    ['given twice', 'v1=80,v1=20', /"v1" is listed twice/],
    ['no numbers', 'v1=most', /v1 has most/],
  ] as const;
  test.each(cases)('such as weights that are %s are refused (scenario 14)', async (_, weights, message) => {
    const run = await stage.run({ weights });
    expect(run.code).toBe(1);
    expect(run.log).toMatch(message);
    await expect(stage.east.find('v1', 'Namespace', NAMESPACE)).resolves.toBeUndefined();
  });

  test('such as a version that does not run are refused before anything is written', async () => {
    const run = await stage.run({ clusters: 'east, west', image: '', weights: 'v1=80,v2=20' });
    expect(run.code).toBe(1);
    expect(run.log).toMatch(/Version v1 should get 80% of the traffic, but no pod of helloworld/);
    await expect(stage.east.find('v1', 'Namespace', NAMESPACE)).resolves.toBeUndefined();
  });
});

/** The HTTP routes of the first of some VirtualServices, as the API server gives them. */
function httpOf([first]: readonly Obj[]): readonly unknown[] {
  return (first?.['spec'] as { http: unknown[] }).http;
}
