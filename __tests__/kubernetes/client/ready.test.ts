import { afterEach, describe, expect, test } from '@jest/globals';
import { hasSidecar, isMadeFrom, isReady } from '../../../src/kubernetes/pods.ts';
import { waitUntilReady } from '../../../src/kubernetes/client/ready.ts';
import { CanaryError } from '../../../src/core/errors.ts';
import type { ReadyCheck } from '../../../src/kubernetes/ready-check.ts';
import type {
  ContainerStatus,
  Deployment,
  KubeObject,
  Pod,
  PodTemplate,
} from '../../../src/kubernetes/objects.ts';
import '../../support/one-realm.ts';
import { clusterAt, kubeApi, pathOf } from '../../support/kube-api.ts';
import { APP, NAMESPACE, deployment, pod } from '../../support/objects.ts';
import { Opened } from '../../support/server.ts';

const opened = new Opened();
afterEach(() => opened.close());

const LABELS = { app: APP, version: 'v2' };
const CHECK: ReadyCheck = {
  cluster: 'west',
  version: 'v2',
  labels: LABELS,
  place: { clusterId: undefined, nodes: undefined },
  workloads: [{ kind: 'Deployment', name: 'hello-v2' }],
  gains: true,
};
const POD = pod('hello-v2-0', LABELS);

/** A Deployment of two replicas whose rollout stands so; finished by default. */
function rollout(status: Deployment['status'] = {}, generation = 2): Deployment {
  const one = deployment('hello-v2', LABELS, { containers: [{ name: APP, image: 'example.com/hello:1' }] });
  return {
    ...one,
    metadata: { ...one.metadata, namespace: NAMESPACE, generation },
    spec: { ...one.spec, replicas: 2 },
    status: { observedGeneration: 2, replicas: 2, updatedReplicas: 2, availableReplicas: 2, ...status },
  };
}

const unready = (rest: Pod['status'] = {}): Pod =>
  pod('hello-v2-0', LABELS, { status: { conditions: [{ type: 'Ready', status: 'False' }], ...rest } });
const waiting = (reason: string, message?: string, rest: Partial<ContainerStatus> = {}): Pod =>
  unready({
    containerStatuses: [
      { name: APP, state: { waiting: { reason, ...(message === undefined ? {} : { message }) } }, ...rest },
    ],
  });

interface Options {
  readonly timeoutMs?: number;
  readonly check?: ReadyCheck;
  readonly signal?: AbortSignal;
  /** What is missing never comes; by default it comes as soon as somebody waits for it. */
  readonly stays?: boolean;
}

/** Waits in a cluster that holds these objects; by default the time is over after the first look. */
async function wait(
  objects: readonly KubeObject[],
  { timeoutMs = 0, check = CHECK, signal = new AbortController().signal, stays = false }: Options = {},
): Promise<readonly string[]> {
  const api = opened.add(await kubeApi(...objects));
  const cluster = opened.add(clusterAt(api.url));
  const progress: string[] = [];
  const onProgress = (text: string): void => {
    progress.push(text);
    if (stays) return;
    for (const object of [rollout(), POD]) api.objects.set(pathOf(object), object);
  };
  await waitUntilReady(cluster, check, { namespace: NAMESPACE, timeoutMs, signal, onProgress });
  return progress;
}

describe('a version is ready', () => {
  test.each<[string, readonly KubeObject[], ReadyCheck]>([
    ['with its Deployment rolled out and a ready pod', [rollout(), POD], CHECK],
    ['with a ready pod, where the action deploys nothing', [POD], { ...CHECK, workloads: [] }],
    [
      'with another pod on its way out',
      [rollout(), POD, pod('old', LABELS, { metadata: { deletionTimestamp: '2026-11-22T10:00:00Z' } })],
      CHECK,
    ],
    [
      'with another pod that is not ready, where the action deploys nothing',
      [POD, { ...unready(), metadata: { ...unready().metadata, name: 'b' } }],
      { ...CHECK, workloads: [] },
    ],
  ])('%s', async (_what, objects, check) => {
    await expect(wait(objects, { check })).resolves.toEqual([]);
  });
});

describe('a version is not ready yet', () => {
  test.each<[string, readonly KubeObject[], string]>([
    [
      'while replicas are missing',
      [rollout({ availableReplicas: 1 }), POD],
      'Deployment gray-demo/hello-v2: 1 of 2 replicas ready',
    ],
    [
      'while replicas are old',
      [rollout({ updatedReplicas: 1 }), POD],
      'Deployment gray-demo/hello-v2: 1 of 2 replicas ready',
    ],
    [
      'while old replicas are still there',
      [rollout({ replicas: 3 }), POD],
      'Deployment gray-demo/hello-v2: 2 of 2 replicas ready',
    ],
    [
      'while the Deployment has not been looked at',
      [rollout({ observedGeneration: 1 }), POD],
      'Deployment gray-demo/hello-v2: 2 of 2 replicas ready',
    ],
    ['without any pod', [rollout()], 'no ready pod is labelled app=helloworld,version=v2'],
    [
      'with pods of other labels alone',
      [rollout(), pod('other', { app: APP, version: 'v1' })],
      'no ready pod is labelled app=helloworld,version=v2',
    ],
    [
      'with an unready pod, by its reason',
      [
        rollout(),
        unready({
          conditions: [
            { type: 'Ready', status: 'False', reason: 'ContainersNotReady', message: 'probe fails' },
          ],
        }),
      ],
      'Pod gray-demo/hello-v2-0: ContainersNotReady: probe fails',
    ],
    [
      'with a pod that no node takes',
      [
        rollout({ availableReplicas: 0 }),
        unready({
          conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'no CPU' }],
        }),
      ],
      'Deployment gray-demo/hello-v2: 0 of 2 replicas ready; Pod gray-demo/hello-v2-0: Unschedulable: no CPU',
    ],
    [
      'while its container is made',
      [rollout(), waiting('ContainerCreating')],
      'Pod gray-demo/hello-v2-0: not ready',
    ],
  ])('%s', async (_what, objects, missing) => {
    await expect(wait(objects)).rejects.toThrow(
      `Version v2 in west was not ready after 0 s (input ready-timeout): ${missing}`,
    );
  });

  test('is told once, and waited for', async () => {
    const progress = await wait([rollout({ availableReplicas: 1 }), POD], { timeoutMs: 60_000 });
    expect(progress).toEqual(['west: hello-v2 1/2 ready', 'west: hello-v2 ready']);
  });
});

describe('a StatefulSet or a DaemonSet is waited for as a Deployment is', () => {
  const of = (kind: string): ReadyCheck => ({ ...CHECK, workloads: [{ kind, name: 'hello-v2' }] });
  const made = (kind: string, status: Deployment['status'], spec: Deployment['spec'] = {}): Deployment => {
    const one = rollout();
    return { ...one, kind, spec: { ...one.spec, ...spec }, status: { observedGeneration: 2, ...status } };
  };
  const set = (status: Deployment['status'] = {}, spec: Deployment['spec'] = {}): Deployment =>
    made('StatefulSet', { replicas: 2, updatedReplicas: 2, readyReplicas: 2, ...status }, spec);
  const daemons = (status: Deployment['status'] = {}, spec: Deployment['spec'] = {}): Deployment =>
    made(
      'DaemonSet',
      {
        desiredNumberScheduled: 2,
        currentNumberScheduled: 2,
        updatedNumberScheduled: 2,
        numberAvailable: 2,
        ...status,
      },
      spec,
    );
  const ON_DELETE = { updateStrategy: { type: 'OnDelete' } };

  test.each<[string, Deployment]>([
    ['a StatefulSet that has rolled out', set()],
    [
      'one that keeps pods below its partition',
      set({ updatedReplicas: 1 }, { updateStrategy: { rollingUpdate: { partition: 1 } } }),
    ],
    ['one whose pods are replaced by hand, and were', set({}, ON_DELETE)],
    ['a DaemonSet that has rolled out', daemons()],
  ])('ready is %s', async (_what, object) => {
    await expect(wait([object, POD], { check: of(object.kind) })).resolves.toEqual([]);
  });

  test.each<[string, Deployment, string]>([
    ['a StatefulSet with old pods', set({ updatedReplicas: 1 }), '1 of 2'],
    ['one with pods that are not ready', set({ readyReplicas: 1 }), '1 of 2'],
    ['one that has not been looked at', set({ observedGeneration: 1 }), '2 of 2'],
    ['one whose first pods are being made', set({ replicas: 1, updatedReplicas: 1 }, ON_DELETE), '1 of 2'],
    ['a DaemonSet with old pods', daemons({ updatedNumberScheduled: 1 }), '1 of 2'],
    ['one with pods that are not available', daemons({ numberAvailable: 0 }), '0 of 2'],
    ['one that has not been looked at', daemons({ observedGeneration: 1 }), '2 of 2'],
  ])('not ready is %s', async (_what, object, counts) => {
    await expect(wait([object, POD], { check: of(object.kind) })).rejects.toThrow(
      `was not ready after 0 s (input ready-timeout): ${object.kind} gray-demo/hello-v2: ${counts} replicas ready`,
    );
  });

  test.each([set({ updatedReplicas: 1, readyReplicas: 1 }), daemons({ updatedNumberScheduled: 1 })])(
    'a pod of a new image that crashes is told, though an old one is ready ($kind)',
    async (object) => {
      const crashing = waiting('CrashLoopBackOff');
      const objects = [object, POD, { ...crashing, metadata: { ...crashing.metadata, name: 'hello-v2-1' } }];
      await expect(wait(objects, { check: of(object.kind) })).rejects.toThrow(
        'container helloworld of Pod gray-demo/hello-v2-1, image example.com/hello:1: CrashLoopBackOff',
      );
    },
  );

  test.each([set({ updatedReplicas: 0 }, ON_DELETE), daemons({ updatedNumberScheduled: 0 }, ON_DELETE)])(
    'old pods that only a person replaces are not waited for ($kind)',
    async (object) => {
      await expect(wait([object, POD], { check: of(object.kind), timeoutMs: 60_000 })).rejects.toThrow(
        'has the update strategy OnDelete, so its pods stay as they were until somebody deletes them',
      );
    },
  );

  test.each(['StatefulSet', 'DaemonSet'])('a %s that is gone is told', async (kind) => {
    await expect(wait([POD], { check: of(kind) })).rejects.toThrow(`${kind} gray-demo/hello-v2 is gone`);
  });
});

describe('a version that waiting does not help ends the wait early', () => {
  test.each<[string, readonly KubeObject[], string]>([
    [
      'an image that is not there',
      [rollout({ availableReplicas: 0 }), waiting('ImagePullBackOff', 'not found')],
      'Deployment gray-demo/hello-v2: 0 of 2 replicas ready; container helloworld of Pod gray-demo/hello-v2-0, image example.com/hello:1: ImagePullBackOff: not found',
    ],
    [
      'a container that crashes',
      [
        rollout({ availableReplicas: 0 }),
        waiting('CrashLoopBackOff', 'back-off', {
          restartCount: 3,
          lastState: { terminated: { exitCode: 137 } },
        }),
      ],
      'image example.com/hello:1: CrashLoopBackOff: back-off (exit code 137, 3 restarts)',
    ],
    [
      'a missing secret',
      [rollout({ availableReplicas: 0 }), waiting('CreateContainerConfigError', 'secret "a" not found')],
      'CreateContainerConfigError: secret "a" not found',
    ],
    [
      'an init container that crashes',
      [
        rollout({ availableReplicas: 0 }),
        unready({
          initContainerStatuses: [{ name: 'init', state: { waiting: { reason: 'CrashLoopBackOff' } } }],
        }),
      ],
      'container init of Pod gray-demo/hello-v2-0, image unknown: CrashLoopBackOff',
    ],
    [
      'a quota',
      [
        rollout({
          updatedReplicas: 0,
          conditions: [{ type: 'ReplicaFailure', status: 'True', message: 'exceeded quota' }],
        }),
      ],
      'Deployment gray-demo/hello-v2 cannot make its pods: exceeded quota',
    ],
    [
      'a pod without a sidecar',
      [rollout(), pod('bare', LABELS, { spec: { containers: [{ name: APP }] } })],
      'Pod gray-demo/bare has no sidecar, so mutual TLS to it would fail.',
    ],
    [
      'one of its pods without a sidecar',
      [rollout(), POD, pod('bare', LABELS, { spec: { containers: [{ name: APP }] } })],
      'Pod gray-demo/bare has no sidecar',
    ],
    [
      'a rollout over its deadline',
      [
        rollout({
          availableReplicas: 0,
          conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }],
        }),
      ],
      '0 of 2 replicas ready; Deployment gray-demo/hello-v2 has exceeded its progress deadline',
    ],
    ['a Deployment that is gone', [POD], 'Deployment gray-demo/hello-v2 is gone'],
  ])('%s', async (_what, objects, missing) => {
    const refusal = wait(objects, { timeoutMs: 1_000, stays: true });
    await expect(refusal).rejects.toThrow(/^Version v2 in west is not getting ready: /);
    await expect(refusal).rejects.toThrow(missing);
  });

  test.each(['CrashLoopBackOff', 'ErrImagePull', 'ImagePullBackOff', 'CreateContainerConfigError'])(
    'but not at the first sight of %s, which may pass',
    async (reason) => {
      const progress = await wait([rollout({ availableReplicas: 0 }), waiting(reason)], {
        timeoutMs: 60_000,
      });
      expect(progress).toEqual(['west: hello-v2 0/2 ready', 'west: hello-v2 ready']);
    },
  );

  test.each(['InvalidImageName', 'ErrImageNeverPull'])('at once for %s', async (reason) => {
    await expect(
      wait([rollout({ availableReplicas: 0 }), waiting(reason)], { timeoutMs: 60_000 }),
    ).rejects.toThrow(reason);
  });

  test('but not by the pods that the rollout is about to replace', async () => {
    const spec = { containers: [{ name: APP, image: 'example.com/hello:bad' }, { name: 'istio-proxy' }] };
    const old = { ...waiting('ImagePullBackOff', 'not found'), spec };
    const progress = await wait([rollout({ updatedReplicas: 0, availableReplicas: 0 }), old], {
      timeoutMs: 60_000,
    });
    expect(progress).toEqual(['west: hello-v2 0/2 ready', 'west: hello-v2 ready']);
  });

  test('but not by a quota of an earlier generation', async () => {
    const earlier = rollout({
      observedGeneration: 1,
      updatedReplicas: 0,
      conditions: [{ type: 'ReplicaFailure', status: 'True' }],
    });
    await expect(wait([earlier, POD])).rejects.toThrow('was not ready after 0 s');
  });
});

test('a cancelled wait throws what cancelled it', async () => {
  const reason = new CanaryError('Cancelled by SIGINT.');
  await expect(wait([rollout()], { timeoutMs: 60_000, signal: AbortSignal.abort(reason) })).rejects.toBe(
    reason,
  );
});

describe('a pod', () => {
  test.each<[string, Pod, boolean]>([
    ['that is ready', POD, true],
    ['that is not', unready(), false],
    ['without conditions', pod('a', {}, { status: { conditions: [] } }), false],
    [
      'that is on its way out',
      pod('a', {}, { metadata: { deletionTimestamp: '2026-11-22T10:00:00Z' } }),
      false,
    ],
  ])('%s takes traffic: %p', (_what, one, takes) => {
    expect(isReady(one)).toBe(takes);
  });

  test.each<[string, Pod, boolean]>([
    ['beside its containers', POD, true],
    [
      'ahead of its containers',
      pod('a', {}, { spec: { containers: [{ name: APP }], initContainers: [{ name: 'istio-proxy' }] } }),
      true,
    ],
    ['nowhere', pod('a', {}, { spec: { containers: [{ name: APP }] } }), false],
  ])('with the sidecar %s has one: %p', (_what, one, has) => {
    expect(hasSidecar(one)).toBe(has);
  });
});

describe('a pod as made from a template', () => {
  const made = pod(
    'a',
    { ...LABELS, 'pod-template-hash': '1' },
    {
      metadata: { annotations: { note: 'kept', 'sidecar.istio.io/status': '{}' } },
      spec: {
        containers: [
          {
            name: APP,
            image: 'example.com/hello:1',
            args: ['serve'],
            env: [
              { name: 'COLOR', value: 'blue' },
              { name: 'PROXY', value: 'on' },
            ],
            resources: { limits: { memory: '1Gi' }, requests: { memory: '1Gi' } },
          },
        ],
        initContainers: [{ name: 'istio-proxy', image: 'proxyv2:1' }],
      },
    },
  );
  const template = (container: Readonly<Record<string, unknown>>, annotations = {}): PodTemplate => ({
    metadata: { labels: LABELS, annotations },
    spec: { containers: [{ name: APP, image: 'example.com/hello:1', ...container }] },
  });

  test.each<[string, boolean, PodTemplate]>([
    ['that says less than the cluster added', true, template({}, { note: 'kept' })],
    ['of the same variables', true, template({ env: [{ name: 'COLOR', value: 'blue' }] })],
    ['that leaves the image of the sidecar to the injector', true, withProxy(template({}))],
    ['of another image', false, template({ image: 'example.com/hello:2' })],
    ['of other arguments', false, template({ args: ['crash'] })],
    ['of another variable', false, template({ env: [{ name: 'COLOR', value: 'red' }] })],
    ['of more memory', false, template({ resources: { limits: { memory: '2Gi' } } })],
    ['of another annotation, as a restart sets it', false, template({}, { note: 'other' })],
  ])('%s: %p', (_what, is, given) => {
    expect(isMadeFrom(given, made)).toBe(is);
  });
});

function withProxy({ metadata = {}, spec }: PodTemplate): PodTemplate {
  return {
    metadata,
    spec: { containers: [...(spec?.containers ?? []), { name: 'istio-proxy', image: 'auto' }] },
  };
}
