import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { available } from './support/deployments.ts';
import {
  GATEWAY_API,
  INGRESS_NAMESPACE,
  INGRESS_PARENT,
  accepted,
  backend,
  httpRoute,
  ingress,
  listenerConditions,
  versionService,
} from './support/gateway-api.ts';
import { writeAuthority } from './support/https.ts';
import { ISTIO, Kube } from './support/kube.ts';
import type { Obj } from './support/kube.ts';
import {
  APP,
  AT_DEFAULTS,
  HOST,
  NAMESPACE,
  NO_WORKLOADS,
  deployment,
  destination,
  destinationRule,
  gateway,
  namespace,
  service,
  virtualService,
} from './support/objects.ts';
import { editRuleWeights } from './support/route-edits.ts';
import { useStage } from './support/stage.ts';

/** What can go wrong with an HTTPRoute, and what it says (scenario 44). */
const stage = useStage({ api: 'HTTPRoute' });

/** The version of ReferenceGrants that both fleets serve. */
const GRANTS = 'gateway.networking.k8s.io/v1beta1';

const install = async (weights = 'v1=80,v2=20'): Promise<void> => {
  await stage.pass({ weights });
};

const verify = { ...NO_WORKLOADS, ...AT_DEFAULTS, operation: 'verify', 'verify-timeout': '20s' } as const;

describe('weights that someone has edited', () => {
  test('in one cluster are found by the check, which names who holds what (scenario 15)', async () => {
    await stage.underLoad(async () => {
      await install();
      await editRuleWeights(stage.west, { v1: 70, v2: 30 });
      const run = await stage.run(verify);
      expect(run.code).toBe(1);
      expect(run.outputs['verdict']).toBe('fail');
      expect(run.log).toMatch(/in west was changed by someone else/);
      expect(run.log).toMatch(/holds v1=70,v2=30 instead of the v1=80,v2=20.*kubectl-edit at 20/s);
    });
  });

  test('are not overwritten by the next step (scenario 12)', async () => {
    await stage.underLoad(async () => {
      await install();
      await editRuleWeights(stage.west, { v1: 40, v2: 60 });
      const run = await stage.run({ weights: 'v1=50,v2=50' });
      expect(run.code).toBe(1);
      expect(run.log).toMatch(/in west holds v1=40,v2=60 instead of the v1=80,v2=20.*kubectl-edit/);
      expect(run.outputs['changed']).toBe('0');
      await expect(stage.weights()).resolves.toEqual(['v1=80,v2=20', 'v1=40,v2=60']);
    });
  });
});

describe('another route', () => {
  const thief = (rules: readonly unknown[], name = 'a-thief'): Obj => httpRoute(rules, { name });
  const toV2 = [{ name: `${APP}-v2`, port: 5000 }];

  test('that is older and more specific takes the path, and is named (scenario 20)', async () => {
    await stage.everywhere(namespace(), service(), versionService('v2'));
    await stage.west.create(
      thief([{ matches: [{ path: { type: 'Exact', value: '/hello' } }], backendRefs: toV2 }]),
      deployment('v2'),
    );
    await available(stage.west, `${APP}-v2`);
    const run = await stage.run({ weights: 'v1=80,v2=20' });
    expect(run.code).toBe(1);
    expect(run.log).toMatch(/a-thief/);
  });

  test('as a VirtualService of the same host is refused', async () => {
    await stage.adopt({ vs: [virtualService([{ route: [destination('v1')] }])], gateways: [gateway()] });
    await stage.everywhere(versionService('v1'), httpRoute([{ backendRefs: [backend('v1')] }]));
    await stage.underLoad(async () => {
      const run = await stage.run({ ...NO_WORKLOADS, weights: 'v1=80,v2=20' });
      expect(run.code).toBe(1);
      expect(run.log).toMatch(/VirtualService.*and HTTPRoute.*both lead to helloworld/);
      expect(run.outputs['changed']).toBe('0');
    });
  });

  test('as a VirtualService of one cluster, without an HTTPRoute there, is refused', async () => {
    await stage.adopt({ vs: [virtualService([{ route: [destination('v1')] }])], gateways: [gateway()] });
    await stage.everywhere(versionService('v1'), versionService('v2'));
    await stage.east.create(httpRoute([{ backendRefs: [backend('v1')] }]));
    await accepted(stage.east);
    await stage.underLoad(async () => {
      await stage.east.remove(ISTIO, 'VirtualService', APP, NAMESPACE);
      const run = await stage.run({ ...NO_WORKLOADS, weights: 'v1=80,v2=20' });
      expect(run.code).toBe(1);
      expect(run.log).toMatch(
        /VirtualService gray-demo\/helloworld in west leads to helloworld, and there is no/,
      );
      expect(run.outputs['changed']).toBe('0');
    });
  });
});

describe('an HTTPRoute that istiod does not put into force', () => {
  test('because no listener allows it is refused, with the reason', async () => {
    await stage.everywhere(namespace(), service(), versionService('v1'));
    const parentRefs = [{ ...INGRESS_PARENT, sectionName: 'https' }];
    await stage.everywhere(httpRoute([{ backendRefs: [backend('v1')] }], { parentRefs }));
    const run = await stage.run({ weights: 'v1=80,v2=20' });
    expect(run.code).toBe(1);
    expect(run.log).toMatch(/not accepted|NoMatchingParent/i);
    expect(run.outputs['changed']).toBe('0');
  });

  test('because its Gateway has no address is refused, with the reason', async () => {
    const { name, namespace: space } = INGRESS_PARENT;
    for (const [index, kube] of [stage.east, stage.west].entries()) {
      const cluster = stage.fleet.clusters[index];
      if (cluster === undefined) throw new Error('The fleet has two clusters.');
      await kube.remove(GATEWAY_API, 'Gateway', name, INGRESS_NAMESPACE);
      await kube.create(ingress(cluster, { addresses: [] }));
      await kube.settled(GATEWAY_API, 'Gateway', name, space, ({ status }) =>
        JSON.stringify(status).includes('AddressNotUsable'),
      );
    }
    await stage.everywhere(namespace(), service(), versionService('v1'));
    await stage.everywhere(httpRoute([{ backendRefs: [backend('v1')] }]));
    const run = await stage.run({ weights: 'v1=80,v2=20' });
    expect(run.code).toBe(1);
    expect(run.log).toMatch(/not programmed|AddressNotUsable/i);
    expect(run.outputs['changed']).toBe('0');
  });
});

describe('an HTTPS listener whose certificate is in another namespace', () => {
  const CERTIFICATES = 'certificates';
  const hosts = 'shop.example.com';
  const certificateRefs = [{ name: 'shop', namespace: CERTIFICATES }];
  const grant: Obj = {
    apiVersion: GRANTS,
    kind: 'ReferenceGrant',
    metadata: { name: 'edge', namespace: CERTIFICATES },
    spec: {
      from: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', namespace: INGRESS_NAMESPACE }],
      to: [{ group: '', kind: 'Secret' }],
    },
  };
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'canary-https-'));
    for (const cluster of stage.fleet.clusters) {
      const [certificate, key] = await Promise.all(
        [cluster.tls.certificate, cluster.tls.key].map((file) => readFile(file, 'base64')),
      );
      const kube = new Kube(stage.fleet, cluster.name);
      await kube.create(
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name: CERTIFICATES } },
        {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { name: 'shop', namespace: CERTIFICATES },
          type: 'kubernetes.io/tls',
          data: { 'tls.crt': certificate, 'tls.key': key },
        },
        grant,
      );
      const { spec } = await kube.get('v1', 'Service', 'istio-ingressgateway', INGRESS_NAMESPACE);
      const { ports } = spec as { ports: readonly { name: string; port: number }[] };
      const port = ports.find(({ name }) => name === 'https')?.port ?? 0;
      const https = { port, protocol: 'HTTPS', hostname: hosts, tls: { certificateRefs } };
      await kube.merge(ingress(cluster, { listeners: [{ name: 'https', ...https }] }));
    }
  });
  afterEach(() => rm(folder, { recursive: true }));

  const listenerReports = async (kube: Kube, expected: string): Promise<void> => {
    const { name, namespace: space } = INGRESS_PARENT;
    await kube.settled(GATEWAY_API, 'Gateway', name, space, (gateway) =>
      listenerConditions(gateway).includes(expected),
    );
  };

  test('serves a release, also by port-forward, as long as a ReferenceGrant allows it', async () => {
    for (const kube of [stage.east, stage.west])
      await listenerReports(kube, 'ResolvedRefs=True ResolvedRefs');
    const env = { NODE_EXTRA_CA_CERTS: await writeAuthority(stage.fleet, folder) };
    const run = await stage.pass({ hosts, weights: 'v1=80,v2=20' }, { env });
    expect(run.log).toMatch(/Ingress of west: https:.*, host shop\.example\.com/);
    const forwarded = await stage.pass({ weights: 'v1=50,v2=50', ingress: 'port-forward' }, { env });
    expect(forwarded.log).toMatch(
      /Ingress of west: https:.*\(port-forward to istio-ingressgateway-0\), host shop\.example\.com/,
    );
    await stage.west.remove(GRANTS, 'ReferenceGrant', 'edge', CERTIFICATES);
    await listenerReports(stage.west, 'ResolvedRefs=False RefNotPermitted');
    const refused = await stage.run({ weights: 'v1=20,v2=80' }, { env });
    expect(refused.code).toBe(1);
    expect(refused.log).toMatch(/ReferenceGrant in namespace certificates from kind Gateway/);
    expect(refused.outputs['changed']).toBe('0');
    const status = await stage.run({ ...NO_WORKLOADS, operation: 'status' });
    expect(status.log).toMatch(
      /ResolvedRefs is not true of listener https of Gateway istio-system\/ingress in west.*missing a ReferenceGrant/,
    );
  });
});

describe('retire (scenario 29)', () => {
  const retire = { ...NO_WORKLOADS, operation: 'retire', version: 'v1', steps: '20,50,100' };

  test('removes backend, Service and workload of a version at weight 0', async () => {
    await stage.underLoad(async () => {
      for (const weights of ['v1=80,v2=20', 'v1=0,v2=100']) await stage.pass({ weights });
      const run = await stage.pass(retire);
      expect(run.outputs).toMatchObject({ verdict: 'pass', weights: 'v2=100' });
      expect((await stage.pass(retire)).outputs['changed']).toBe('0');
    });
    for (const kube of [stage.east, stage.west]) {
      const route = await kube.get(GATEWAY_API, 'HTTPRoute', APP, NAMESPACE);
      expect(JSON.stringify(route['spec'])).not.toContain('v1"');
      await expect(kube.find('v1', 'Service', `${APP}-v1`, NAMESPACE)).resolves.toBeUndefined();
      await expect(kube.find('v1', 'Service', APP, NAMESPACE)).resolves.toBeDefined();
    }
    await expect(stage.east.find('apps/v1', 'Deployment', `${APP}-v1`, NAMESPACE)).resolves.toBeUndefined();
  });

  test('is refused at weight 1, and while another HTTPRoute or a GRPCRoute names the Service', async () => {
    await stage.pass({ weights: 'v1=1,v2=99' });
    const early = await stage.run(retire);
    expect(early.code).toBe(1);
    expect(early.log).toMatch(/v1 still has traffic \(1% in east, 1% in west\)/);
    await stage.pass({ weights: 'v1=0,v2=100' });
    await stage.west.create(
      httpRoute([{ backendRefs: [{ name: `${APP}-v1`, port: 5000 }] }], {
        name: 'inner',
        hostnames: ['inner.example.com'],
      }),
    );
    const run = await stage.run(retire);
    expect(run.code).toBe(1);
    expect(run.log).toMatch(/HTTPRoute (gray-demo\/)?inner/);
    expect(run.outputs['changed']).toBe('0');
    await stage.west.remove(GATEWAY_API, 'HTTPRoute', 'inner', NAMESPACE);
    await stage.west.create({
      ...httpRoute([{ backendRefs: [{ name: `${APP}-v1`, port: 5000 }] }], {
        name: 'stream',
        hostnames: ['grpc.example.com'],
      }),
      kind: 'GRPCRoute',
    });
    const streamed = await stage.run(retire);
    expect(streamed.code).toBe(1);
    expect(streamed.log).toMatch(/still named by GRPCRoute gray-demo\/stream in west/);
  });
});

describe('a DestinationRule of a version', () => {
  test('with consistent hashing is named when shares drift (scenario 20)', async () => {
    await install();
    await stage.west.create(
      destinationRule([], {
        host: HOST.replace(APP, `${APP}-v1`),
        subsets: [],
        trafficPolicy: { loadBalancer: { consistentHash: { httpHeaderName: 'x-user' } } },
      }),
    );
    await editRuleWeights(stage.west, { v1: 50, v2: 50 });
    const run = await stage.run({ ...verify, headers: 'x-user: someone' });
    expect(run.code).toBe(1);
    expect(run.log).toMatch(/in west was changed by someone else/);
  });
});
