import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import type { Obj } from './support/kube.ts';
import {
  APP,
  NAMESPACE,
  NO_WORKLOADS,
  ONLY_V1,
  deployment,
  image,
  namespace,
  service,
} from './support/objects.ts';
import { testOnEmbedded } from './support/on-embedded.ts';
import type { Stage } from './support/stage.ts';
import { useStage } from './support/stage.ts';

const stage = useStage();
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'workload-cases-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** The Service of the app, as a user would write it. */
const serviceFile = (ports: string): string =>
  `apiVersion: v1
kind: Service
metadata: { name: ${APP} }
spec: { selector: { app: ${APP} }, ports: [${ports}] }
---
`;
const SERVICE = serviceFile('{ name: http-5000, port: 5000, targetPort: 5000 }');

/** A Deployment as a user would write it, as YAML or JSON. */
const deploymentFile = (name: string, spec: string, pod: string): string => `apiVersion: apps/v1
kind: Deployment
metadata: ${name}
spec:
  selector: { matchLabels: { app: ${APP} } }
  ${spec}
  template:
    metadata: { labels: { app: ${APP} } }
    spec: ${pod}
`;

testOnEmbedded(
  'manifests of another namespace are refused before anything is written (k8s-deploy#163)',
  async () => {
    await stage.everywhere({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'staging', labels: { 'istio-injection': 'enabled' } },
    });
    await stage.pass({ ...ONLY_V1, weights: 'v1=100' });
    // A cluster-scoped kind; the embedded fleet has none that a release would bring.
    const role =
      stage.fleet.kind === 'mesh'
        ? '- { apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: { name: settings, namespace: staging }, rules: [] }\n'
        : '';
    const stray = `apiVersion: v1
kind: List
items:
- { apiVersion: v1, kind: ConfigMap, metadata: { name: settings, namespace: staging } }
${role}---
${deploymentFile('{ name: hello-v2, namespace: staging }', 'replicas: 1', `{ containers: [{ name: web, image: '${image('v2')}' }] }`)}`;
    await writeFile(join(folder, 'app.yaml'), stray);
    const inputs = { image: '', manifests: 'app.yaml', weights: 'v1=80,v2=20' };
    await stage.underLoad(async () => {
      for (const operation of ['plan', 'rollout']) {
        const run = await stage.run({ ...inputs, operation }, { cwd: folder });
        expect(run).toMatchObject({ code: 1, outputs: { changed: '0' } });
        expect(run.log).toContain(
          'ConfigMap staging/settings (app.yaml, document 1) is in the namespace staging, but the release is in gray-demo',
        );
        expect(run.log).toContain('There is no Service gray-demo/helloworld in west');
        expect(run.log).toContain(
          'Deployment staging/hello-v2 (app.yaml, document 2) is in the namespace staging',
        );
      }
      expect(await stage.west.list('apps/v1', 'Deployment', 'staging')).toEqual([]);
      expect(await stage.west.list('apps/v1', 'Deployment', NAMESPACE)).toEqual([]);
      // The suggested fix; a cluster-scoped object may name a namespace.
      await writeFile(
        join(folder, 'app.yaml'),
        SERVICE +
          stray
            .replace('settings, namespace: staging } }', 'settings } }')
            .replace('hello-v2, namespace: staging', 'hello-v2'),
      );
      await stage.pass(inputs, { cwd: folder });
    });
    if (role !== '') await stage.west.remove('rbac.authorization.k8s.io/v1', 'ClusterRole', 'settings');
  },
);

test('manifests are read as kubectl reads them: YAML 1.1 (kubernetes#34146)', async () => {
  const pod = (value: string): string => `
      enableServiceLinks: no
      automountServiceAccountToken: off
      terminationGracePeriodSeconds: 1_0
      securityContext: { fsGroup: 0x3E8 }
      containers: [{ name: web, image: '${image('v2')}', stdin: Yes, ports: [{ containerPort: 5000 }], env: [{ name: FEATURE, value: ${value} }] }]`;
  const inputs = { image: `v1=${image('v1')}`, manifests: 'app.yaml', weights: 'v1=80,v2=20' };
  await stage.pass({ ...ONLY_V1, weights: 'v1=100' });
  await stage.underLoad(async () => {
    const write = (value: string): Promise<void> =>
      writeFile(
        join(folder, 'app.yaml'),
        SERVICE + deploymentFile('{ name: hello-v2 }', 'progressDeadlineSeconds: 1_200', pod(value)),
      );
    await write("'on'");
    await stage.pass(inputs, { cwd: folder });
  });
  const made = await stage.west.get('apps/v1', 'Deployment', 'hello-v2', NAMESPACE);
  expect(made['spec']).toMatchObject({
    progressDeadlineSeconds: 1200,
    template: {
      spec: {
        enableServiceLinks: false,
        automountServiceAccountToken: false,
        terminationGracePeriodSeconds: 10,
        securityContext: { fsGroup: 1000 },
        containers: [{ stdin: true, env: [{ name: 'FEATURE', value: 'on' }] }],
      },
    },
  });
});

testOnEmbedded(
  'a version with users is neither paused nor replaced by a strategy that ends its pods first (flagger#773)',
  async () => {
    const write = (spec: string, tag: string): Promise<void> =>
      writeFile(
        join(folder, 'app.yaml'),
        SERVICE +
          deploymentFile(
            `{ name: ${APP}-v1 }`,
            spec,
            `{ containers: [{ name: ${APP}, image: '${image('v1', tag)}', ports: [{ containerPort: 5000 }] }] }`,
          ),
      );
    const inputs = { ...ONLY_V1, image: '', manifests: 'app.yaml', weights: 'v1=100' };
    const release = (operation = 'rollout'): ReturnType<Stage['run']> =>
      stage.run({ ...inputs, operation, 'ready-timeout': '5s' }, { cwd: folder });
    const recreate = 'strategy: { type: Recreate }';
    await write(recreate, '1.0');
    await stage.pass(inputs, { cwd: folder });
    await stage.underLoad(async () => {
      for (const [spec, reason] of [
        [recreate, 'has the strategy Recreate, which deletes all pods before it creates new ones'],
        ['strategy: { rollingUpdate: { maxUnavailable: 1 } }', 'may lose 1 of its 1 replicas at a time'],
        ['paused: true', 'is paused (spec.paused), so no pod of the new template would be created'],
        ['replicas: 0', 'would have 0 replicas'],
      ] as const) {
        await write(spec, '1.1');
        for (const operation of ['plan', 'rollout']) {
          const run = await release(operation);
          expect(run).toMatchObject({ code: 1, outputs: { changed: '0' } });
          expect(run.log).toContain(`Deployment ${NAMESPACE}/${APP}-v1 in east ${reason}`);
        }
      }
      // The suggested fix, and an image that cannot be pulled: the pods that serve stay.
      await write('strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } }', 'missing');
      expect(await release()).toMatchObject({ code: 1 });
      await write('strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } }', '1.1');
      await stage.pass(inputs, { cwd: folder });
    });
  },
);

interface Entries {
  readonly clusters: readonly { readonly name: string }[];
  readonly users: readonly { readonly name: string }[];
  readonly contexts: readonly {
    readonly name: string;
    readonly context: { readonly cluster: string; readonly user: string };
  }[];
}

/** One context of the fleet as a kubeconfig of its own, whose cluster and user are called `default`, as k3s calls them. */
function anonymous(context: string, as = context): string {
  const { clusters, users, contexts } = load(stage.fleet.kubeconfig) as Entries;
  const names = contexts.find(({ name }) => name === context)?.context;
  const renamed = (
    entries: readonly { readonly name: string }[],
    name: string | undefined,
  ): readonly object[] =>
    entries.filter((entry) => entry.name === name).map((entry) => ({ ...entry, name: 'default' }));
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: renamed(clusters, names?.cluster),
    users: renamed(users, names?.user),
    contexts: [{ name: as, context: { cluster: 'default', user: 'default' } }],
  });
}

testOnEmbedded(
  'entries of several kubeconfigs stay apart, and no cluster may appear twice (k3s#14441)',
  async () => {
    const files = { east: anonymous('east'), west: anonymous('west'), again: anonymous('east', 'west') };
    await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text)));
    const weights = { weights: 'v1=80,v2=20' };
    const twice = await stage.run({ ...weights, kubeconfig: 'east, again' }, { cwd: folder });
    expect(twice.code).toBe(1);
    expect(twice.log).toMatch(/The contexts east and west reach the same cluster: .*UID/);
    await expect(stage.east.find('v1', 'Namespace', NAMESPACE)).resolves.toBeUndefined();
    const clash = await stage.run({ ...weights, kubeconfig: 'east, west, again' }, { cwd: folder });
    expect(clash.code).toBe(1);
    expect(clash.log).toContain('west and again each contain a context west, and the two differ');
    await stage.underLoad(async () => {
      await stage.pass({ ...weights, kubeconfig: 'east, west' }, { cwd: folder });
      const again = await stage.pass({ ...weights, kubeconfig: 'east, west' }, { cwd: folder });
      expect(again.outputs['changed']).toBe('0');
    });
    const names = await Promise.all(
      [stage.east, stage.west].map(async (kube) =>
        (await kube.list('apps/v1', 'Deployment', NAMESPACE)).map(({ metadata }) => metadata.name),
      ),
    );
    expect(names).toEqual([[`${APP}-v1`], [`${APP}-v2`]]);
  },
);

const withPorts = (...ports: readonly Record<string, unknown>[]): Obj => ({
  ...service(),
  spec: { selector: { app: APP }, ports },
});

/** v1, whose container port is called `http`. */
function namedV1(): Obj {
  const v1 = deployment('v1');
  const containers = [{ name: APP, image: image('v1'), ports: [{ name: 'http', containerPort: 5000 }] }];
  const template = { metadata: { labels: { app: APP, version: 'v1' } }, spec: { containers } };
  return { ...v1, spec: { ...(v1['spec'] as object), template } };
}

test('a new route uses the HTTP port of the Service, and is not created without one (istio#14557)', async () => {
  const http = { name: 'http', port: 8080, targetPort: 5000 };
  await stage.everywhere(
    namespace(),
    withPorts(http, { name: 'http-metrics', port: 9090, targetPort: 9090 }),
  );
  await stage.east.create(deployment('v1'));
  await stage.west.create(deployment('v2'));
  const inputs = { ...NO_WORKLOADS, weights: 'v1=80,v2=20' };
  await stage.underLoad(async () => {
    const run = await stage.run(inputs);
    expect(run).toMatchObject({ code: 1, outputs: { changed: '0' } });
    expect(run.log).toContain(
      'has several ports that may serve HTTP: 8080 (http), 9090 (http-metrics). Set the input port',
    );
    const wrong = await stage.run({ ...inputs, port: '80' });
    expect(wrong).toMatchObject({ code: 1, outputs: { changed: '0' } });
    expect(wrong.log).toContain(
      'Input port: got 80, but Service gray-demo/helloworld in east has the ports 8080',
    );
    await stage.pass({ ...inputs, port: '8080' });
    await stage.pass({ ...inputs, weights: 'v1=50,v2=50' });
  });
  for (const vs of await stage.routes()) expect(JSON.stringify(vs)).not.toContain('"port":{"number":9090}');
});

test('generated pods name their port as the Service does (flagger#279)', async () => {
  const named = (targetPort: string): Obj => withPorts({ name: 'http-5000', port: 5000, targetPort });
  await stage.everywhere(namespace());
  await Promise.all([stage.east.create(named('http')), stage.west.create(named('web'))]);
  await stage.east.create(namedV1());
  const inputs = { image: `v2=${image('v2')}`, weights: 'v1=80,v2=20' };
  const portsOfV2 = async (): Promise<string> =>
    JSON.stringify(await stage.west.find('apps/v1', 'Deployment', `${APP}-v2`, NAMESPACE));
  await stage.underLoad(async () => {
    const run = await stage.run(inputs);
    expect(run).toMatchObject({ code: 1, outputs: { changed: '0' } });
    expect(run.log).toContain(
      'Service gray-demo/helloworld in west maps its port 5000 to the container port named web',
    );
    // The suggested fix.
    await stage.pass({ ...inputs, 'target-port': '5000' });
    expect(await portsOfV2()).toContain('"name":"web"');
  });
});

test('a named port has the number that the running pods give it', async () => {
  await stage.everywhere(
    namespace(),
    withPorts(
      { name: 'http-5000', port: 5000, targetPort: 'http' },
      { name: 'admin', port: 1, targetPort: 'admin' },
    ),
  );
  await stage.east.create(namedV1());
  await stage.underLoad(async () => {
    await stage.pass({ image: `v2=${image('v2')}`, weights: 'v1=80,v2=20' });
  });
  await writeFile(
    join(folder, 'app.yaml'),
    deploymentFile(
      '{ name: hello-v2 }',
      'replicas: 1',
      `{ containers: [{ name: web, image: '${image('v2')}', ports: [{ containerPort: 5000 }] }] }`,
    ),
  );
  const run = await stage.run({ image: '', manifests: 'app.yaml', weights: 'v1=80,v2=20' }, { cwd: folder });
  expect(run).toMatchObject({ code: 1, outputs: { changed: '0' } });
  expect(run.log).toContain('hello-v2 in west has no container port named http');
});

test('replicas that someone has scaled stay, whatever the input says (kubernetes#25238)', async () => {
  const inputs = { replicas: '2', weights: 'v1=80,v2=20' };
  await stage.pass(inputs);
  await stage.west.merge({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: `${APP}-v2`, namespace: NAMESPACE },
    spec: { replicas: 3 },
  });
  await stage.underLoad(async () => {
    const step = await stage.pass({ ...inputs, weights: 'v1=50,v2=50' });
    expect(step.log).toContain(
      `replicas of Deployment ${NAMESPACE}/${APP}-v2 in west belongs to kubectl-edit and stays 3; the 2 of the input replicas is not written`,
    );
    expect((await stage.pass({ ...inputs, weights: 'v1=50,v2=50' })).outputs['changed']).toBe('0');
  });
  const scaled = await stage.west.get('apps/v1', 'Deployment', `${APP}-v2`, NAMESPACE);
  expect(scaled['spec']).toMatchObject({ replicas: 3 });
});
