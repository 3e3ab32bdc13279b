import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startFleet } from '../../testbed/start.ts';
import type { FleetCluster } from '../../testbed/fleet.ts';
import { servedOverHttps, writeAuthority } from './support/https.ts';
import type { Kube, Obj } from './support/kube.ts';
import { ISTIO } from './support/kube.ts';
import { APP, HOST, NAMESPACE, gateway } from './support/objects.ts';
import { Stage } from './support/stage.ts';

const SERVICE = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'istio-ingressgateway', namespace: 'istio-system' },
} as const;

/** Each scenario finds the ingress of east in another way, on one existing release (scenario 21). */
let stage: Stage;
let east: FleetCluster;
let usual: Obj;
beforeAll(async () => {
  stage = new Stage(await startFleet());
  const [first] = stage.fleet.clusters;
  if (first === undefined) throw new Error('the fleet has no cluster');
  east = first;
  await stage.pass({ weights: 'v1=80,v2=20' });
});
beforeEach(async () => {
  usual = await stage.east.get(
    SERVICE.apiVersion,
    SERVICE.kind,
    SERVICE.metadata.name,
    SERVICE.metadata.namespace,
  );
});
afterEach(async () => {
  const { type, externalTrafficPolicy = 'Cluster' } = usual['spec'] as {
    type: string;
    externalTrafficPolicy?: string;
  };
  await stage.east.merge({ ...SERVICE, spec: { type, externalTrafficPolicy } });
  await stage.east.mergeServiceStatus(SERVICE.metadata, usual['status'] ?? {});
});
afterAll(() => stage.fleet.stop());

const verify = { operation: 'verify' };

test('the ingress is found by the IP of its load balancer', async () => {
  const run = await stage.pass(verify);
  expect(run.log).toContain(
    `Ingress of east: ${east.ingress} (load balancer of Service istio-system/istio-ingressgateway)`,
  );
  expect(JSON.parse(run.outputs['ingress-urls'] ?? '')).toMatchObject({ east: east.ingress });
  expect(run.outputs['url']).toBe(`${east.ingress}/hello`);
});

test('the ingress is found by a host name with two addresses', async () => {
  await stage.east.mergeServiceStatus(SERVICE.metadata, {
    loadBalancer: { ingress: [{ ip: null, hostname: east.hostname }] },
  });
  const run = await stage.pass(verify);
  expect(run.log).toContain(`http://${east.hostname}`);
  expect(run.outputs['verdict']).toBe('pass');
});

describe('the ingress is found by a node port', () => {
  beforeEach(() => stage.east.mergeServiceStatus(SERVICE.metadata, { loadBalancer: null }));

  test('without a load balancer', async () => {
    await stage.east.merge({ ...SERVICE, spec: { type: 'NodePort' } });
    const run = await stage.pass(verify);
    expect(run.log).toMatch(
      /Ingress of east: http:\/\/[\d.]+:\d+ \(node port of Service istio-system\/istio-ingressgateway on /,
    );
  });

  test('of a node with a gateway pod, under the policy Local', async () => {
    await stage.east.merge({ ...SERVICE, spec: { type: 'NodePort', externalTrafficPolicy: 'Local' } });
    await stage.east.create({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'a-bare-node' },
      status: { addresses: [{ type: 'ExternalIP', address: '127.0.0.9' }] },
    });
    const run = await stage.pass(verify);
    expect(run.log).not.toContain('127.0.0.9');
    await stage.east.remove('v1', 'Node', 'a-bare-node');
  });
});

test('an ingress without an address is an error that lists what was tried and names the input', async () => {
  await stage.east.merge({ ...SERVICE, spec: { type: 'ClusterIP', externalTrafficPolicy: null } });
  await stage.east.mergeServiceStatus(SERVICE.metadata, { loadBalancer: null });
  const run = await stage.run(verify);
  expect(run.code).toBe(1);
  expect(run.log).toMatch(
    /No address of an ingress gateway was found in east\. Checked: Gateway gray-demo\/helloworld selects 1 pod/,
  );
  expect(run.log).toMatch(/type ClusterIP.*input ingress, for example east=http/s);
});

test('the input ingress overrides what would be found', async () => {
  await stage.east.mergeServiceStatus(SERVICE.metadata, {
    loadBalancer: { ingress: [{ ip: '127.0.0.9', hostname: null }] },
  });
  const run = await stage.pass({ ...verify, ingress: `east=${east.ingress}` });
  expect(run.log).toContain(`Ingress of east: ${east.ingress} (input ingress)`);
});

test('the input ingress may be none for a cluster that no user enters through', async () => {
  const run = await stage.pass({ ...verify, ingress: 'east=none' });
  expect(Object.keys(JSON.parse(run.outputs['ingress-urls'] ?? '') as object)).toEqual(['west']);
});

describe('the host is one that VirtualService and Gateway share,', () => {
  const bind = (kube: Kube, hosts: readonly string[], gateways: readonly string[]): Promise<void> =>
    kube.merge({
      apiVersion: ISTIO,
      kind: 'VirtualService',
      metadata: { name: APP, namespace: NAMESPACE },
      spec: { hosts, gateways },
    });
  const everywhere = (work: (kube: Kube) => Promise<void>): Promise<unknown> =>
    Promise.all([stage.east, stage.west].map(work));
  afterEach(async () => {
    await everywhere((kube) => bind(kube, ['*'], [APP]));
    await everywhere((kube) => kube.remove(ISTIO, 'Gateway', 'front', NAMESPACE));
  });
  const front = (...hosts: readonly string[]): Obj => ({
    ...gateway(hosts),
    metadata: { name: 'front', namespace: NAMESPACE },
  });

  test.each([
    ["behind the service's own name in the mesh", HOST, 'shop.example.com'],
    ['behind its short name, which every host of the Gateway would cover', APP, '*'],
  ])('%s', async (_, first, taken) => {
    await stage.everywhere(front(taken));
    await everywhere((kube) => bind(kube, [first, 'shop.example.com'], ['mesh', 'front']));
    const run = await stage.pass(verify);
    expect(run.log).toMatch(/Ingress of east: .*, host shop\.example\.com/);
    expect(run.outputs['verdict']).toBe('pass');
  });

  test('of each cluster, where each has its own', async () => {
    await stage.everywhere(front('*.example.com'));
    await bind(stage.east, ['east.example.com'], ['front']);
    await bind(stage.west, ['west.example.com'], ['front']);
    const run = await stage.pass(verify);
    expect(run.log).toMatch(/Ingress of east: .*, host east\.example\.com/);
    expect(run.log).toMatch(/Ingress of west: .*, host west\.example\.com/);
  });
});

describe('HTTPS', () => {
  let folder: string;
  let authority: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'canary-ca-'));
    authority = await writeAuthority(stage.fleet, folder);
    const server = {
      port: { number: 443, name: 'https', protocol: 'HTTPS' },
      hosts: ['shop.example.com'],
      tls: { mode: 'SIMPLE', serverCertificate: east.tls.certificate, privateKey: east.tls.key },
    };
    await stage.everywhere({
      apiVersion: ISTIO,
      kind: 'Gateway',
      metadata: { name: 'shop', namespace: NAMESPACE },
      // Plain HTTP is there as well, but not for this host.
      spec: {
        selector: { istio: 'ingressgateway' },
        servers: [
          { port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['old.example.com'] },
          server,
        ],
      },
    });
    for (const kube of [stage.east, stage.west]) {
      await kube.merge({
        apiVersion: ISTIO,
        kind: 'VirtualService',
        metadata: { name: APP, namespace: NAMESPACE },
        spec: { hosts: ['shop.example.com'], gateways: ['shop'] },
      });
    }
    await servedOverHttps(stage.fleet, 'shop.example.com', authority);
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('sends the host as SNI', async () => {
    const run = await stage.pass(verify, { env: { NODE_EXTRA_CA_CERTS: authority } });
    expect(run.log).toMatch(/Ingress of east: https:/);
    expect(run.outputs['verdict']).toBe('pass');
  });

  test('fails on an untrusted certificate and says how to trust it', async () => {
    const run = await stage.run(verify);
    expect(run.code).toBe(1);
    expect(run.log).toMatch(/TLS: .*NODE_EXTRA_CA_CERTS/);
  });
});
