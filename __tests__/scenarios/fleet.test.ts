import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { request } from 'undici';
import { until } from '../../testbed/mesh/until.ts';
import { available } from './support/deployments.ts';
import { ISTIO } from './support/kube.ts';
import type { Obj } from './support/kube.ts';
import {
  APP,
  HOST,
  NAMESPACE,
  deployment,
  destination,
  destinationRule,
  gateway,
  image,
  namespace,
  service,
  virtualService,
} from './support/objects.ts';
import { useStage } from './support/stage.ts';

/** Both fleets behave like Istio and Kubernetes where other scenarios depend on it. */
const stage = useStage();

const ROOT = 'istio-system';
const USERS = { host: 'shop.example.com' };

/** The versions, or the statuses of errors, that users get in 20 requests to the ingress of east; sorted. */
async function answers(host: string = USERS.host): Promise<string> {
  const [east] = stage.fleet.clusters;
  const seen = new Set<string>();
  for (let count = 0; count < 20; count += 1) {
    const { statusCode, body } = await request(`${east?.ingress ?? ''}/hello`, { headers: { host } });
    const text = await body.text();
    seen.add(
      statusCode === 200 ? (/version: ([^,]+),/.exec(text)?.[1] ?? text) : `status ${String(statusCode)}`,
    );
  }
  return [...seen].sort().join(' ');
}

/** Waits until users get exactly this, and checks that it lasts. */
async function expectAnswer(expected: string, host?: string): Promise<void> {
  let last = '';
  const look = async (): Promise<boolean> => {
    last = await answers(host);
    return last === expected;
  };
  try {
    await until(`users to get ${expected}`, look, { seconds: 10 });
  } catch (error) {
    throw new Error(`users get ${last} instead of ${expected}`, { cause: error });
  }
  await delay(300);
  expect(await answers(host)).toBe(expected);
}

const rule = (name: string, space: string, subset: string, spec: Record<string, unknown> = {}): Obj => ({
  apiVersion: ISTIO,
  kind: 'DestinationRule',
  metadata: { name, namespace: space },
  spec: { host: HOST, subsets: [{ name: 'chosen', labels: { version: subset } }], ...spec },
});

const route = (
  name: string,
  space: string,
  http: readonly unknown[],
  spec: Record<string, unknown> = {},
): Obj => ({
  apiVersion: ISTIO,
  kind: 'VirtualService',
  metadata: { name, namespace: space },
  spec: { hosts: [USERS.host], gateways: [`${NAMESPACE}/${APP}`], http, ...spec },
});

const subsetRoute = (subset: string): Obj =>
  virtualService([{ route: [destination(subset)] }], { hosts: [USERS.host] });

const other: Obj = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'another' } };

/** Both versions run in east; nothing routes to them yet. */
async function install(...objects: readonly Obj[]): Promise<void> {
  await stage.everywhere(namespace(), service());
  await stage.east.create(deployment('v1'), deployment('v2'), gateway(), ...objects);
  for (const version of ['v1', 'v2']) await available(stage.east, `${APP}-${version}`);
}

const message = async (write: Promise<unknown>): Promise<string> => {
  try {
    await write;
    return 'accepted';
  } catch (error) {
    const { code, body } = error as { code?: number; body?: string };
    const status = JSON.parse(body ?? '{}') as { message?: string };
    return `${String(code)} ${status.message ?? ''}`;
  }
};

describe('a gateway in the root namespace', () => {
  test("uses the rules of the service's namespace, then the root's, unless it has a private rule", async () => {
    await install(rule('mine', NAMESPACE, 'v1'), rule('root', ROOT, 'v2'), subsetRoute('chosen'));
    await expectAnswer('v1');
    await stage.east.create(rule('private', ROOT, 'v2', { exportTo: ['.'] }));
    await expectAnswer('v2');
    await stage.east.remove(ISTIO, 'DestinationRule', 'private', ROOT);
    await expectAnswer('v1');
    await stage.east.merge(rule('mine', NAMESPACE, 'v1', { exportTo: ['.'] }));
    await expectAnswer('v2');
    await stage.east.merge(rule('mine', NAMESPACE, 'v1', { exportTo: [ROOT] }));
    await expectAnswer('v1');
    await stage.east.remove(ISTIO, 'DestinationRule', 'mine', NAMESPACE);
    await expectAnswer('v2');
  });

  test('merges the subsets of all rules for the most specific host in a namespace; the first of a name wins', async () => {
    await install(
      rule('a', NAMESPACE, 'v1', { subsets: [{ name: 'one', labels: { version: 'v1' } }] }),
      rule('b', NAMESPACE, 'v1', {
        subsets: ['one', 'two'].map((name) => ({ name, labels: { version: 'v2' } })),
      }),
      rule('wide', NAMESPACE, 'v1', {
        host: `*.${NAMESPACE}.svc.cluster.local`,
        subsets: [{ name: 'three', labels: { version: 'v2' } }],
      }),
      subsetRoute('one'),
    );
    await expectAnswer('v1');
    await stage.east.merge(subsetRoute('two'));
    await expectAnswer('v2');
    await stage.east.merge(subsetRoute('three'));
    await expectAnswer('status 503');
  });

  test('selects pods also by the names of cluster and node, which istiod adds as labels', async () => {
    const labels = { 'topology.istio.io/cluster': 'west' };
    const pods = await (async () => {
      await install(destinationRule([], { subsets: [{ name: 'west', labels }] }), subsetRoute('west'));
      await stage.west.create(deployment('v2'));
      await available(stage.west, `${APP}-v2`);
      return stage.east.list('v1', 'Pod', NAMESPACE);
    })();
    await expectAnswer('v2');
    const [node] = pods.map(({ spec }) => (spec as { nodeName?: string }).nodeName ?? '');
    const host = { 'kubernetes.io/hostname': node ?? '', version: 'v1' };
    await stage.east.merge(destinationRule([], { subsets: [{ name: 'west', labels: host }] }));
    await expectAnswer('v1');
  });
});

describe('VirtualServices of one host', () => {
  test('apply from every namespace that exports them, the oldest first, but catch-all routes last', async () => {
    await install(
      other,
      destinationRule(['v1', 'v2']),
      route('z-first', 'another', [{ match: [{ uri: { prefix: '/hello' } }], route: [destination('v1')] }]),
    );
    await expectAnswer('v1');
    // Objects of the same second are ordered by name.
    await delay(1100);
    await stage.east.create(
      route('a-second', NAMESPACE, [{ match: [{ uri: { prefix: '/hello' } }], route: [destination('v2')] }]),
    );
    await expectAnswer('v1');
    await stage.east.merge(route('z-first', 'another', [{ route: [destination('v1')] }]));
    await expectAnswer('v2');
    await stage.east.merge(
      route('a-second', NAMESPACE, [{ route: [destination('v2')] }], { exportTo: ['.'] }),
    );
    await expectAnswer('v1');
    // An export to the gateway's namespace by name comes before an export to all.
    await stage.east.merge(
      route('a-second', NAMESPACE, [{ route: [destination('v2')] }], { exportTo: [ROOT] }),
    );
    await expectAnswer('v2');
    await stage.east.merge(
      route('z-first', 'another', [{ route: [destination('v1')] }], { exportTo: ['.'] }),
    );
    await stage.east.merge(
      route('a-second', NAMESPACE, [{ route: [destination('v2')] }], { exportTo: ['.'] }),
    );
    await expectAnswer('status 404');
    const nobody = route('a-second', NAMESPACE, [{ route: [destination('v2')] }], { exportTo: ['~'] });
    expect(await message(stage.east.merge(nobody))).toBe(
      '400 admission webhook "rev.validation.istio.io" denied the request: configuration is invalid: exportTo ~ (none) ' +
        'is not allowed for Istio configuration objects',
    );
  });

  test('with a delegate use it only if it is exported to their namespace', async () => {
    const delegate = (spec: Record<string, unknown>): Obj => ({
      apiVersion: ISTIO,
      kind: 'VirtualService',
      metadata: { name: 'delegate', namespace: 'another' },
      spec: { http: [{ route: [destination('v2')] }], ...spec },
    });
    await install(
      other,
      destinationRule(['v1', 'v2']),
      delegate({}),
      virtualService(
        [
          { match: [{ uri: { prefix: '/hello' } }], delegate: { name: 'delegate', namespace: 'another' } },
          { route: [destination('v1')] },
        ],
        { hosts: [USERS.host] },
      ),
    );
    await expectAnswer('v2');
    await stage.east.merge(delegate({ exportTo: ['.'] }));
    await expectAnswer('v1');
    await stage.east.merge(delegate({ exportTo: [NAMESPACE] }));
    await expectAnswer('v2');
  });
});

test('a named target port reaches only pods that have a port of that name', async () => {
  const named = deployment('v1');
  const spec = named['spec'] as { template: { spec: { containers: { ports: object[] }[] } } };
  for (const container of spec.template.spec.containers)
    container.ports = [{ name: 'web', containerPort: 5000 }];
  const to = (targetPort: string | number): Obj => ({
    ...service(),
    spec: { selector: { app: APP }, ports: [{ name: 'http-5000', port: 5000, targetPort }] },
  });
  await stage.everywhere(namespace(), to('web'));
  await stage.east.create(
    named,
    deployment('v2'),
    gateway(),
    destinationRule(['v1', 'v2']),
    virtualService([{ route: [destination('v1', 50), destination('v2', 50)] }], { hosts: [USERS.host] }),
  );
  for (const version of ['v1', 'v2']) await available(stage.east, `${APP}-${version}`);
  await expectAnswer('status 503 v1');
  await stage.east.merge(to(5000));
  await expectAnswer('v1 v2');
  await stage.east.merge(to(5001));
  await expectAnswer('status 503');
});

test('a value of the wrong type is refused with the same message', async () => {
  await stage.everywhere(namespace());
  const odd = (spec: object): Obj => {
    const made = deployment('v1');
    return { ...made, spec: { ...(made['spec'] as object), ...spec } };
  };
  const place = `${NAMESPACE}/${APP}-v1; apps/v1, Kind=Deployment`;
  expect(await message(stage.east.apply(odd({ replicas: '2' }), 'team'))).toBe(
    `500 failed to create typed patch object (${place}): .spec.replicas: expected numeric (int or float), got string`,
  );
  expect(await message(stage.east.apply(odd({ paused: 'yes' }), 'team'))).toBe(
    `500 failed to create typed patch object (${place}): .spec.paused: expected boolean, got &{yes}`,
  );
  const env = deployment('v1');
  const { template } = env['spec'] as { template: { spec: { containers: { env?: object[] }[] } } };
  for (const container of template.spec.containers) container.env = [{ name: 'PORT', value: 8080 }];
  expect(await message(stage.east.apply(env, 'team'))).toBe(
    `500 failed to create typed patch object (${place}): .spec.template.spec.containers[name="${APP}"]` +
      '.env[name="PORT"].value: expected string, got &value.valueUnstructured{Value:8080}',
  );
  expect(await message(stage.east.create(odd({ replicas: '2' })))).toBe(
    '400 Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct ' +
      'field DeploymentSpec.spec.replicas of type int32',
  );
});

test('a paused Deployment starts no pods, keeps those that run, and rolls out once it is resumed', async () => {
  const paused = (value: boolean, tag = 'latest'): Obj => {
    const made = deployment('v1', { image: image('v1', tag) });
    return { ...made, spec: { ...(made['spec'] as object), paused: value } };
  };
  const condition =
    (type: string, status: string, reason: string) =>
    ({ status: now }: Obj) =>
      (now as { conditions?: { type: string; status: string; reason: string }[] }).conditions?.some(
        (each) => each.type === type && each.status === status && each.reason === reason,
      ) === true;
  const becomes = (reached: (object: Obj) => boolean): Promise<void> =>
    stage.east.settled('apps/v1', 'Deployment', `${APP}-v1`, NAMESPACE, reached);
  const images = async (): Promise<unknown[]> =>
    (await stage.east.list('v1', 'Pod', NAMESPACE)).map(
      ({ spec }) => (spec as { containers: { image: string }[] }).containers[0]?.image,
    );
  await stage.everywhere(namespace());
  await stage.east.create(paused(true));
  await becomes(condition('Progressing', 'Unknown', 'DeploymentPaused'));
  await delay(300);
  expect(await images()).toEqual([]);
  await stage.east.merge(paused(false));
  await becomes(condition('Progressing', 'True', 'NewReplicaSetAvailable'));
  await stage.east.merge(paused(true, '1.1'));
  await becomes(condition('Progressing', 'Unknown', 'DeploymentPaused'));
  await delay(300);
  expect(await images()).toEqual([image('v1')]);
  await stage.east.merge(paused(false, '1.1'));
  await becomes(condition('Progressing', 'True', 'NewReplicaSetAvailable'));
});

test('an API server refuses an apply over an object that has changed since', async () => {
  await stage.everywhere(namespace(), service());
  const { metadata } = await stage.east.get('v1', 'Service', APP, NAMESPACE);
  const { resourceVersion = '' } = metadata;
  const late = { ...service(), metadata: { ...service().metadata, resourceVersion } };
  await stage.east.merge({ ...service(), metadata: { ...service().metadata, annotations: { note: 'new' } } });
  await expect(stage.east.apply(late, 'late')).rejects.toMatchObject({ code: 409 });
});
