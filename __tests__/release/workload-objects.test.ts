import { describe, expect, test } from '@jest/globals';
import { inEnglish } from '../../src/texts/texts.ts';
import { versionedKind } from '../../src/release/manifests.ts';
import { selectorOfService } from '../../src/release/service-port.ts';
import { namespaceObject } from '../../src/release/namespace.ts';
import type { Container, Deployment, KubeObject, Service } from '../../src/kubernetes/objects.ts';
import type { Manifest, Release, WorkloadSpec } from '../../src/release/release.ts';
import { workloadObjects } from '../../src/release/workload-objects.ts';
import { repositoryOf } from '../../src/release/workload-images.ts';
import { podTemplateOf } from '../../src/kubernetes/pod-templates.ts';
import {
  APP,
  NAMESPACE,
  OURS,
  appliedService,
  clusterState,
  deployment,
  namespaceOf,
  oursWith,
  service,
} from '../support/objects.ts';
import { WEST, release } from '../support/release.ts';

const IMAGE = 'example.com/hello:2';
const empty = clusterState(WEST);

const VERSIONS = new Map([
  ['v1', { version: 'v1' }],
  ['v2', { version: 'v2' }],
]);

/** The objects for v2 in west, by kind and name. */
function objectsFor(given: Release, state = empty, version = 'v2'): ReadonlyMap<string, KubeObject> {
  return new Map(
    workloadObjects(given, state, version, VERSIONS).map(({ object }) => [
      `${object.kind} ${object.metadata.name}`,
      object,
    ]),
  );
}

function deploymentFor(given: Release, state = empty): Deployment | undefined {
  return objectsFor(given, state).get(`Deployment ${APP}-v2`);
}

const containersOf = (object: KubeObject | undefined): readonly Container[] | undefined =>
  object && podTemplateOf(object)?.spec?.containers;

describe('generated for a version with an image', () => {
  test('are a Service that leaves the choice of version open, and a Deployment', () => {
    expect([...objectsFor(release()).values()]).toEqual([
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: APP, namespace: NAMESPACE, labels: { app: APP } },
        spec: {
          selector: { app: APP },
          ports: [{ name: 'http-5000', port: 5000, targetPort: 5000, protocol: 'TCP' }],
        },
      },
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'helloworld-v2', namespace: NAMESPACE, labels: { app: APP, version: 'v2' } },
        spec: {
          selector: { matchLabels: { app: APP, version: 'v2' } },
          template: {
            metadata: { labels: { app: APP, version: 'v2' } },
            spec: {
              containers: [{ name: APP, image: IMAGE, ports: [{ containerPort: 5000, protocol: 'TCP' }] }],
            },
          },
        },
      },
    ]);
  });

  test('say for what they are made', () => {
    expect(workloadObjects(release(), empty, 'v2', VERSIONS).map(({ reason }) => inEnglish(reason))).toEqual([
      'for v2',
      'for v2',
    ]);
  });

  test('take port name, target port and replicas as given', () => {
    const objects = objectsFor(
      release({ workload: { portName: 'grpc-api', targetPort: 8080, replicas: 3 } }),
    );
    expect(objects.get(`Service ${APP}`)).toMatchObject({
      spec: { ports: [{ name: 'grpc-api', port: 5000, targetPort: 8080 }] },
    });
    expect(objects.get(`Deployment ${APP}-v2`)).toMatchObject({
      spec: { replicas: 3, template: { spec: { containers: [{ ports: [{ containerPort: 8080 }] }] } } },
    });
  });

  test('can ask for no replicas at all', () => {
    expect(deploymentFor(release({ workload: { replicas: 0 } }))?.spec?.replicas).toBe(0);
  });

  test('are none without an image', () => {
    expect(workloadObjects(release({ workload: { images: new Map() } }), empty, 'v2', VERSIONS)).toEqual([]);
  });

  test('need a port where there is no Service yet', () => {
    expect(() => objectsFor(release({ workload: { port: undefined } }))).toThrow(
      'There is no Service gray-demo/helloworld in west yet, and the input port is not set',
    );
  });
});

describe('where the Service exists already', () => {
  test('made by someone else, it is left alone', () => {
    const state = clusterState(WEST, { service: service() });
    expect([...objectsFor(release(), state).keys()]).toEqual(['Deployment helloworld-v2']);
  });

  test('made by the action, it follows the inputs', () => {
    const state = clusterState(WEST, { service: service({}, { managedFields: OURS }) });
    expect([...objectsFor(release(), state).keys()]).toEqual([
      'Service helloworld',
      'Deployment helloworld-v2',
    ]);
  });

  test('made by the action, it stays as it is without a port', () => {
    const state = clusterState(WEST, { service: service({}, { managedFields: OURS }) });
    expect([...objectsFor(release({ workload: { port: undefined } }), state).keys()]).toEqual([
      'Deployment helloworld-v2',
    ]);
  });

  test("touched by an update under the same name, it is not the action's own", () => {
    const state = clusterState(WEST, {
      service: service({}, { managedFields: [{ manager: 'multicluster-canary', operation: 'Update' }] }),
    });
    expect([...objectsFor(release(), state).keys()]).toEqual(['Deployment helloworld-v2']);
  });

  test('its selector picks the new pods', () => {
    const state = clusterState(WEST, { service: service({ selector: { app: 'hw', tier: 'web' } }) });
    expect(deploymentFor(release(), state)?.spec).toMatchObject({
      selector: { matchLabels: { app: 'hw', tier: 'web', version: 'v2' } },
      template: { metadata: { labels: { app: 'hw', tier: 'web', version: 'v2' } } },
    });
  });
});

describe('what the inputs leave out', () => {
  const containers = [
    { name: APP, image: 'example.com/hello:1', ports: [{ containerPort: 5000, protocol: 'TCP' }] },
  ];
  const given = {
    'f:replicas': {},
    'f:template': {
      'f:spec': {
        'f:containers': {
          [`k:{"name":"${APP}"}`]: { 'f:ports': { 'k:{"containerPort":5000,"protocol":"TCP"}': {} } },
        },
      },
    },
  };
  const labels = { app: APP, version: 'v2' };
  const web = { name: 'http-web', port: 80, targetPort: 5000, protocol: 'TCP' };

  /** West once the action has given three replicas, ports and their names; the manager's fields may be someone else's by now. */
  function applied(fields: Readonly<Record<string, unknown>> = given): ReturnType<typeof clusterState> {
    const one = deployment('helloworld-v2', labels, { containers });
    return clusterState(WEST, {
      service: appliedService(web),
      deployments: [
        {
          ...one,
          metadata: { ...one.metadata, managedFields: oursWith(fields) },
          spec: { ...one.spec, replicas: 3 },
        },
      ],
    });
  }

  const asking = (workload: Partial<WorkloadSpec>): ReadonlyMap<string, KubeObject> =>
    objectsFor(release({ workload }), applied());
  const portsOf = (objects: ReadonlyMap<string, KubeObject>): readonly unknown[] => [
    (objects.get(`Service ${APP}`) as Service | undefined)?.spec?.ports,
    containersOf(objects.get(`Deployment ${APP}-v2`))?.[0]?.ports,
  ];

  test('stays: replicas that the action gave', () => {
    expect(deploymentFor(release(), applied())?.spec?.replicas).toBe(3);
  });

  test("stays someone else's: replicas that an autoscaler or a person gave", () => {
    expect(deploymentFor(release(), applied({}))?.spec).not.toHaveProperty('replicas');
  });

  test('gives way to replicas that are asked for', () => {
    expect(deploymentFor(release({ workload: { replicas: 5 } }), applied())?.spec?.replicas).toBe(5);
  });

  test.each<[string, Partial<WorkloadSpec>, readonly unknown[]]>([
    ['target-port and port-name', { port: 80 }, [[web], [{ containerPort: 5000, protocol: 'TCP' }]]],
    ['port', { port: undefined }, [undefined, [{ containerPort: 5000, protocol: 'TCP' }]]],
    [
      'target-port where the port is another one',
      { port: 8080 },
      [[{ ...web, port: 8080 }], [{ containerPort: 5000, protocol: 'TCP' }]],
    ],
    [
      'port-name where the target is another one',
      { port: 80, targetPort: 8080 },
      [[{ ...web, targetPort: 8080 }], [{ containerPort: 8080, protocol: 'TCP' }]],
    ],
  ])('stays: %s', (_what, workload, ports) => {
    expect(portsOf(asking(workload))).toEqual(ports);
  });

  test('is made for another port where the name only said which it was', () => {
    const state = clusterState(WEST, { service: appliedService({ ...web, name: 'http-80' }) });
    const objects = objectsFor(release({ workload: { port: 8080 } }), state);
    expect(objects.get(`Service ${APP}`)).toMatchObject({ spec: { ports: [{ name: 'http-8080' }] } });
  });

  test("follows a Service of someone else's: a new container listens where it leads to", () => {
    const state = clusterState(WEST, { service: service({ ports: [web] }) });
    expect(portsOf(objectsFor(release({ workload: { port: 80 } }), state))).toEqual([
      undefined,
      [{ containerPort: 5000, protocol: 'TCP' }],
    ]);
  });
});

describe('where the Deployment exists already', () => {
  const standing = (containers: readonly Container[]): ReturnType<typeof clusterState> =>
    clusterState(WEST, {
      deployments: [
        deployment(
          'helloworld-v2',
          { app: APP, version: 'v2', tier: 'web' },
          { selector: { tier: 'web' }, containers },
        ),
      ],
    });

  test('its selector stays, and its pods keep the labels that it needs', () => {
    expect(deploymentFor(release(), standing([{ name: APP }]))?.spec).toMatchObject({
      selector: { matchLabels: { tier: 'web' } },
      template: { metadata: { labels: { app: APP, version: 'v2', tier: 'web' } } },
    });
  });

  test.each<[string, readonly Container[], string]>([
    [
      'the one of the same repository',
      [
        { name: 'log', image: 'fluent:1' },
        { name: 'web', image: 'example.com/hello:1' },
      ],
      'web',
    ],
    [
      'the one named after the app',
      [
        { name: 'log', image: 'fluent:1' },
        { name: APP, image: 'old/hello:1' },
      ],
      APP,
    ],
    ['the only one', [{ name: 'web', image: 'old/hello:1' }], 'web'],
    [
      'the only one beside the sidecar',
      [
        { name: 'istio-proxy', image: 'proxy:1' },
        { name: 'web', image: 'old/hello:1' },
      ],
      'web',
    ],
  ])('the image goes to %s', (_what, containers, name) => {
    expect(containersOf(deploymentFor(release(), standing(containers)))).toMatchObject([
      { name, image: IMAGE },
    ]);
  });

  test('the image goes to every container of the same repository, init containers too', () => {
    const state = standing([
      { name: 'web', image: 'example.com/hello:1' },
      { name: 'log', image: 'fluent:1' },
      { name: 'worker', image: 'example.com/hello:1' },
    ]);
    const [one] = state.deployments;
    const initContainers = [
      { name: 'istio-proxy', image: 'example.com/hello:1' },
      { name: 'migrate', image: 'example.com/hello:1' },
    ];
    const template = { ...one?.spec?.template, spec: { ...one?.spec?.template?.spec, initContainers } };
    const deployments = one === undefined ? [] : [{ ...one, spec: { ...one.spec, template } }];
    expect(deploymentFor(release(), { ...state, deployments })?.spec?.template?.spec).toEqual({
      containers: [
        { name: 'web', image: IMAGE, ports: [{ containerPort: 5000, protocol: 'TCP' }] },
        { name: 'worker', image: IMAGE },
      ],
      initContainers: [{ name: 'migrate', image: IMAGE }],
    });
  });

  test('an image that none of its containers is meant for is refused, listing them', () => {
    const state = standing([{ name: 'a', image: 'x:1' }, { name: 'b' }]);
    expect(() => objectsFor(release(), state)).toThrow(
      'Deployment helloworld-v2: which container gets image example.com/hello:2? Its containers are a (x:1), b (no image); name one of them helloworld.',
    );
  });

  test('running another version, it is refused', () => {
    const state = clusterState(WEST, {
      deployments: [deployment('helloworld-v2', { app: APP, version: 'v1' })],
    });
    expect(() => objectsFor(release(), state)).toThrow(
      /^Deployment gray-demo\/helloworld-v2 in west runs version v1, not v2\..*give the new Deployment another name, or another cluster\.$/,
    );
  });

  test('without a version label, it becomes that of the version', () => {
    const state = clusterState(WEST, { deployments: [deployment('helloworld-v2', { app: APP })] });
    expect(deploymentFor(release(), state)?.spec?.template?.metadata?.labels).toEqual({
      app: APP,
      version: 'v2',
    });
  });

  test('under another name, it is no matter', () => {
    const state = clusterState(WEST, {
      deployments: [deployment('helloworld-v1', { app: APP, version: 'v1' })],
    });
    expect([...objectsFor(release(), state).keys()]).toContain('Deployment helloworld-v2');
  });
});

describe("the user's own manifests", () => {
  const web = deployment(
    'hello',
    { app: APP },
    {
      containers: [
        { name: 'log', image: 'fluent:1' },
        { name: 'web', image: 'example.com/hello:old' },
      ],
    },
  );
  const worker = deployment('worker', { app: 'worker' });
  const config: KubeObject = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'settings' },
    data: { a: 'b' },
  };

  const given = (objects: readonly KubeObject[], images = new Map([['v2', IMAGE]])): Release =>
    release({
      workload: {
        images,
        manifests: objects.map((object, i): Manifest => ({
          object,
          source: `deploy/app.yaml, document ${String(i + 1)}`,
        })),
      },
    });

  test('take the place of what would be generated', () => {
    expect([...objectsFor(given([config, web])).keys()]).toEqual(['ConfigMap settings', 'Deployment hello']);
  });

  test('are those of the version being released, not of the others', () => {
    expect(workloadObjects(given([web]), empty, 'v1', VERSIONS)).toEqual([]);
  });

  test('get the version label on the workload, its selector and its pods', () => {
    expect(objectsFor(given([web])).get('Deployment hello')).toMatchObject({
      metadata: { labels: { version: 'v2' } },
      spec: {
        selector: { matchLabels: { app: APP, version: 'v2' } },
        template: { metadata: { labels: { app: APP, version: 'v2' } } },
      },
    });
  });

  test('get the version label in place of another one', () => {
    const labelled = deployment('hello', { app: APP, version: 'v1' });
    expect(objectsFor(given([labelled])).get('Deployment hello')).toMatchObject({
      spec: {
        selector: { matchLabels: { version: 'v2' } },
        template: { metadata: { labels: { version: 'v2' } } },
      },
    });
  });

  test('get the image in the container of the same repository, and keep the other containers', () => {
    expect(containersOf(objectsFor(given([web])).get('Deployment hello'))).toEqual([
      { name: 'log', image: 'fluent:1' },
      { name: 'web', image: IMAGE },
    ]);
  });

  test('get the image in every container of that repository, init containers too', () => {
    const shop = deployment(
      'hello',
      { app: APP },
      {
        containers: [
          { name: 'web', image: 'example.com/hello:old' },
          { name: 'worker', image: 'example.com/hello:old', args: ['work'] },
        ],
        initContainers: [
          { name: 'wait', image: 'busybox:1' },
          { name: 'migrate', image: 'example.com/hello:old' },
        ],
      },
    );
    const patched = objectsFor(given([shop])).get('Deployment hello');
    expect(patched && podTemplateOf(patched)?.spec).toEqual({
      containers: [
        { name: 'web', image: IMAGE },
        { name: 'worker', image: IMAGE, args: ['work'] },
      ],
      initContainers: [
        { name: 'wait', image: 'busybox:1' },
        { name: 'migrate', image: IMAGE },
      ],
    });
  });

  test('keep their images without the input image', () => {
    const objects = objectsFor(given([web], new Map()));
    expect(containersOf(objects.get('Deployment hello'))).toEqual(containersOf(web));
  });

  test('that leave the container open are refused, naming their file', () => {
    const open = deployment(
      'hello',
      { app: APP },
      {
        containers: [
          { name: 'a', image: 'x:1' },
          { name: 'b', image: 'y:1' },
        ],
      },
    );
    expect(() => objectsFor(given([open]))).toThrow(
      /^Deployment .*hello \(deploy\/app\.yaml, document 1\): which container gets image /,
    );
  });

  test('keep every field that the action does not know', () => {
    const odd: KubeObject = {
      ...web,
      spec: { ...(web['spec'] as object), strategy: { type: 'Recreate' } },
      someday: true,
    };
    expect(objectsFor(given([odd])).get('Deployment hello')).toMatchObject({
      someday: true,
      spec: { strategy: { type: 'Recreate' } },
    });
  });

  test('go into the namespace of the release where they name none', () => {
    expect(objectsFor(given([config, web])).get('ConfigMap settings')?.metadata.namespace).toBe(NAMESPACE);
  });

  test('of a kind without namespaces get none, even where they name one', () => {
    const role = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'one', namespace: 'elsewhere' },
    };
    const state = { ...empty, clusterScoped: new Set([versionedKind(role)]) };
    expect(objectsFor(given([role, web]), state).get('ClusterRole one')?.metadata).toEqual({ name: 'one' });
  });

  test('with several workloads patch the one that the Service selects', () => {
    const objects = objectsFor(given([worker, web]));
    expect(
      ['Deployment worker', 'Deployment hello'].map((name) => objects.get(name)?.metadata.labels),
    ).toEqual([undefined, { version: 'v2' }]);
  });

  test('with several workloads follow the selector of a Service among them', () => {
    const own = service({ selector: { app: 'worker' } });
    const objects = objectsFor(given([own, worker, web]));
    expect(
      ['Deployment worker', 'Deployment hello'].map((name) => objects.get(name)?.metadata.labels),
    ).toEqual([{ version: 'v2' }, undefined]);
  });

  test('with one workload patch it, whatever the Service selects', () => {
    expect(objectsFor(given([worker])).get('Deployment worker')?.metadata.labels).toEqual({ version: 'v2' });
  });

  test.each(['StatefulSet', 'DaemonSet'])('may bring a %s', (kind) => {
    const object = deployment('hello', { app: APP }, { kind });
    expect(objectsFor(given([object])).get(`${kind} hello`)?.metadata.labels).toEqual({ version: 'v2' });
  });

  test.each<[string, readonly KubeObject[], string]>([
    [
      'no workload',
      [config],
      'Input manifests: no workload in them has pods that the Service helloworld selects ({"app":"helloworld"}).',
    ],
    [
      'none that the Service selects',
      [worker, deployment('other', { app: 'other' })],
      'Input manifests: none of the 2 workloads in them has pods',
    ],
  ])('with %s are refused', (_what, objects, message) => {
    expect(() => objectsFor(given(objects))).toThrow(message);
  });

  test.each(['Deployment', 'StatefulSet', 'DaemonSet'])(
    'of a %s that runs another version are refused',
    (kind) => {
      const state = clusterState(WEST, {
        deployments: [deployment('hello', { app: APP, version: 'v1' }, { kind })],
      });
      const object = deployment('hello', { app: APP }, { kind });
      expect(() => objectsFor(given([object]), state)).toThrow(
        `runs version v1, not v2. Deploying v2 under this name would take v1 away from its users; give the new ${kind} another name`,
      );
    },
  );

  test.each(['Deployment', 'StatefulSet', 'DaemonSet'])(
    'of a %s that exists already keep its selector, which cannot change',
    (kind) => {
      const labels = { app: APP, version: 'v2' };
      const state = clusterState(WEST, {
        deployments: [deployment('hello', labels, { kind, selector: { app: APP } })],
      });
      const object = deployment('hello', { app: APP }, { kind });
      expect(objectsFor(given([object]), state).get(`${kind} hello`)).toMatchObject({
        spec: { selector: { matchLabels: { app: APP } } },
      });
    },
  );

  test('are not modified', () => {
    const before = structuredClone(web);
    objectsFor(given([web]));
    expect(web).toEqual(before);
  });
});

describe('the labels by which the Service picks pods', () => {
  test.each<[string, Release, ReturnType<typeof clusterState>, Readonly<Record<string, string>>]>([
    ['are those it will be made with', release(), empty, { app: APP }],
    [
      'are those it has',
      release(),
      clusterState(WEST, { service: service({ selector: { a: 'b' } }) }),
      { a: 'b' },
    ],
    [
      "are those of the user's manifest, which comes to stand",
      release({ workload: { manifests: [{ object: service({ selector: { c: 'd' } }), source: '' }] } }),
      clusterState(WEST, { service: service({ selector: { a: 'b' } }) }),
      { c: 'd' },
    ],
  ])('%s', (_what, given, state, labels) => {
    expect(selectorOfService(given, state)).toEqual(labels);
  });
});

describe('the namespace', () => {
  const bare = clusterState(WEST, { namespace: undefined });
  const there = clusterState(WEST, { namespace: namespaceOf(NAMESPACE) });

  test.each<[string, string | undefined, typeof bare, Readonly<Record<string, string>> | undefined]>([
    ['is made with injection', undefined, bare, { 'istio-injection': 'enabled' }],
    ['is made without injection', 'off', bare, { 'istio-injection': 'disabled' }],
    ['is made for a revision', '1-28', bare, { 'istio.io/rev': '1-28' }],
    ['is left alone', undefined, there, undefined],
    ['gets injection', 'enabled', there, { 'istio-injection': 'enabled' }],
    ['loses injection', 'off', there, { 'istio-injection': 'disabled' }],
  ])('%s (injection: %s)', (_what, injection, state, labels) => {
    expect(namespaceObject(release({ workload: { injection } }), state)?.object.metadata.labels).toEqual(
      labels,
    );
  });
});

test.each([
  ['nginx', 'nginx'],
  ['nginx:1.27', 'nginx'],
  ['library/nginx:1.27', 'library/nginx'],
  ['registry:5000/nginx', 'registry:5000/nginx'],
  ['registry:5000/nginx:1.27', 'registry:5000/nginx'],
  ['registry.example.com/a/b/c:v1-rc.2', 'registry.example.com/a/b/c'],
  ['nginx@sha256:0123456789abcdef', 'nginx'],
  ['nginx:1.27@sha256:0123456789abcdef', 'nginx'],
  ['registry:5000/nginx:1.27@sha256:0123456789abcdef', 'registry:5000/nginx'],
  ['registry:5000/nginx@sha256:0123456789abcdef', 'registry:5000/nginx'],
  ['', ''],
])('the repository of %s is %s', (image, repository) => {
  expect(repositoryOf(image)).toBe(repository);
});
