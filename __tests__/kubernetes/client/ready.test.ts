import { afterEach, describe, expect, test } from '@jest/globals';
import { hasSidecar, isMadeFrom, isReady } from '../../../src/kubernetes/pods.ts';
import { waitUntilReady } from '../../../src/kubernetes/client/ready.ts';
import { CanaryError } from '../../../src/core/errors.ts';
import type { ReadyCheck } from '../../../src/kubernetes/readiness.ts';
import type {
  ContainerStatus,
  Deployment,
  KubeObject,
  Pod,
  PodTemplate,
} from '../../../src/kubernetes/objects.ts';
import '../../support/one-realm.ts';
import { skippingClock } from '../../support/clock.ts';
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
  pods: { mode: 'sidecar', namespace: {} },
  workloads: [{ kind: 'Deployment', name: 'hello-v2' }],
  gains: true,
};
const POD = pod('hello-v2-0', LABELS);

/** A Deployment of two replicas with this rollout status; finished by default. */
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
  /** What is missing never appears; by default it appears as soon as it is waited for. */
  readonly stays?: boolean;
}

/** Waits in a cluster that holds these objects; by default the time is up after the first look. */
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
  const clock = skippingClock();
  await waitUntilReady(cluster, check, { namespace: NAMESPACE, timeoutMs, signal, onProgress, clock });
  return progress;
}

describe('a version is ready', () => {
  test.each<[string, readonly KubeObject[], ReadyCheck]>([
    ['with its Deployment rolled out and a ready pod', [rollout(), POD], CHECK],
    ['with a ready pod, when the action deploys nothing', [POD], { ...CHECK, workloads: [] }],
    [
      'with another pod being deleted',
      [rollout(), POD, pod('old', LABELS, { metadata: { deletionTimestamp: '2026-11-22T10:00:00Z' } })],
      CHECK,
    ],
    [
      'with another pod that is not ready, when the action deploys nothing',
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
      'while the controller has not observed the Deployment',
      [rollout({ observedGeneration: 1 }), POD],
      'Deployment gray-demo/hello-v2: 2 of 2 replicas ready',
    ],
    ['without any pod', [rollout()], 'no ready pod has the labels app=helloworld,version=v2'],
    [
      'with only pods of other labels',
      [rollout(), pod('other', { app: APP, version: 'v1' })],
      'no ready pod has the labels app=helloworld,version=v2',
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
      'with a pod that cannot be scheduled',
      [
        rollout({ availableReplicas: 0 }),
        unready({
          conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'no CPU' }],
        }),
      ],
      'Deployment gray-demo/hello-v2: 0 of 2 replicas ready; Pod gray-demo/hello-v2-0: Unschedulable: no CPU',
    ],
    [
      'while its container is being created',
      [rollout(), waiting('ContainerCreating')],
      'Pod gray-demo/hello-v2-0: not ready',
    ],
  ])('%s', async (_what, objects, missing) => {
    await expect(wait(objects)).rejects.toThrow(
      `Version v2 in west was not ready after 0 s (input ready-timeout): ${missing}`,
    );
  });

  test('is reported once and waited for', async () => {
    const progress = await wait([rollout({ availableReplicas: 1 }), POD], { timeoutMs: 60_000 });
    expect(progress).toEqual(['west: hello-v2 1/2 ready', 'west: hello-v2 ready']);
  });
});

describe('a StatefulSet or a DaemonSet is awaited like a Deployment', () => {
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
      'a StatefulSet that keeps the pods below its partition',
      set({ updatedReplicas: 1 }, { updateStrategy: { rollingUpdate: { partition: 1 } } }),
    ],
    ['a StatefulSet with OnDelete whose pods were replaced', set({}, ON_DELETE)],
    ['a DaemonSet that has rolled out', daemons()],
  ])('%s is ready', async (_what, object) => {
    await expect(wait([object, POD], { check: of(object.kind) })).resolves.toEqual([]);
  });

  test.each<[string, Deployment, string]>([
    ['a StatefulSet with old pods', set({ updatedReplicas: 1 }), '1 of 2'],
    ['a StatefulSet with unready pods', set({ readyReplicas: 1 }), '1 of 2'],
    ['a StatefulSet that its controller has not observed', set({ observedGeneration: 1 }), '2 of 2'],
    [
      'a StatefulSet whose first pods are being created',
      set({ replicas: 1, updatedReplicas: 1 }, ON_DELETE),
      '1 of 2',
    ],
    ['a DaemonSet with old pods', daemons({ updatedNumberScheduled: 1 }), '1 of 2'],
    ['a DaemonSet with unavailable pods', daemons({ numberAvailable: 0 }), '0 of 2'],
    ['a DaemonSet that its controller has not observed', daemons({ observedGeneration: 1 }), '2 of 2'],
  ])('%s is not ready', async (_what, object, counts) => {
    await expect(wait([object, POD], { check: of(object.kind) })).rejects.toThrow(
      `was not ready after 0 s (input ready-timeout): ${object.kind} gray-demo/hello-v2: ${counts} replicas ready`,
    );
  });

  test.each([set({ updatedReplicas: 1, readyReplicas: 1 }), daemons({ updatedNumberScheduled: 1 })])(
    'a crashing pod of the new image is reported although an old pod is ready ($kind)',
    async (object) => {
      const crashing = waiting('CrashLoopBackOff');
      const objects = [object, POD, { ...crashing, metadata: { ...crashing.metadata, name: 'hello-v2-1' } }];
      await expect(wait(objects, { check: of(object.kind) })).rejects.toThrow(
        'container helloworld of Pod gray-demo/hello-v2-1, image example.com/hello:1: CrashLoopBackOff',
      );
    },
  );

  test.each([set({ updatedReplicas: 0 }, ON_DELETE), daemons({ updatedNumberScheduled: 0 }, ON_DELETE)])(
    'old pods that only a person replaces are not awaited ($kind)',
    async (object) => {
      await expect(wait([object, POD], { check: of(object.kind), timeoutMs: 60_000 })).rejects.toThrow(
        'has the update strategy OnDelete, so its pods keep the old template until someone deletes them',
      );
    },
  );

  test.each(['StatefulSet', 'DaemonSet'])('a %s that no longer exists ends the wait', async (kind) => {
    await expect(wait([POD], { check: of(kind) })).rejects.toThrow(
      `${kind} gray-demo/hello-v2 no longer exists`,
    );
  });
});

describe('a version that cannot become ready ends the wait early', () => {
  test.each<[string, readonly KubeObject[], string]>([
    [
      'with an image that does not exist',
      [rollout({ availableReplicas: 0 }), waiting('ImagePullBackOff', 'not found')],
      'Deployment gray-demo/hello-v2: 0 of 2 replicas ready; container helloworld of Pod gray-demo/hello-v2-0, image example.com/hello:1: ImagePullBackOff: not found',
    ],
    [
      'with a container that crashes',
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
      'with a missing secret',
      [rollout({ availableReplicas: 0 }), waiting('CreateContainerConfigError', 'secret "a" not found')],
      'CreateContainerConfigError: secret "a" not found',
    ],
    [
      'with an init container that crashes',
      [
        rollout({ availableReplicas: 0 }),
        unready({
          initContainerStatuses: [{ name: 'init', state: { waiting: { reason: 'CrashLoopBackOff' } } }],
        }),
      ],
      'container init of Pod gray-demo/hello-v2-0, image unknown: CrashLoopBackOff',
    ],
    [
      'with an exceeded quota',
      [
        rollout({
          updatedReplicas: 0,
          conditions: [{ type: 'ReplicaFailure', status: 'True', message: 'exceeded quota' }],
        }),
      ],
      'Deployment gray-demo/hello-v2 cannot create its pods: exceeded quota',
    ],
    [
      'with a pod that has no sidecar',
      [rollout(), pod('bare', LABELS, { spec: { containers: [{ name: APP }] } })],
      'Pod gray-demo/bare has no sidecar, so mutual TLS to it would fail.',
    ],
    [
      'with one pod of several that has no sidecar',
      [rollout(), POD, pod('bare', LABELS, { spec: { containers: [{ name: APP }] } })],
      'Pod gray-demo/bare has no sidecar',
    ],
    [
      'with a rollout over its deadline',
      [
        rollout({
          availableReplicas: 0,
          conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }],
        }),
      ],
      '0 of 2 replicas ready; Deployment gray-demo/hello-v2 has exceeded its progress deadline',
    ],
    ['with a Deployment that no longer exists', [POD], 'Deployment gray-demo/hello-v2 no longer exists'],
  ])('%s', async (_what, objects, missing) => {
    const refusal = wait(objects, { timeoutMs: 1_000, stays: true });
    await expect(refusal).rejects.toThrow(/^Version v2 in west cannot become ready: /);
    await expect(refusal).rejects.toThrow(missing);
  });

  test.each(['CrashLoopBackOff', 'ErrImagePull', 'ImagePullBackOff', 'CreateContainerConfigError'])(
    'but not at the first sight of %s, which may be temporary',
    async (reason) => {
      const progress = await wait([rollout({ availableReplicas: 0 }), waiting(reason)], {
        timeoutMs: 60_000,
      });
      expect(progress).toEqual(['west: hello-v2 0/2 ready', 'west: hello-v2 ready']);
    },
  );

  test.each(['InvalidImageName', 'ErrImageNeverPull'])('immediately for %s', async (reason) => {
    await expect(
      wait([rollout({ availableReplicas: 0 }), waiting(reason)], { timeoutMs: 60_000 }),
    ).rejects.toThrow(reason);
  });

  test('but not because of pods that the rollout is about to replace', async () => {
    const spec = { containers: [{ name: APP, image: 'example.com/hello:bad' }, { name: 'istio-proxy' }] };
    const old = { ...waiting('ImagePullBackOff', 'not found'), spec };
    const progress = await wait([rollout({ updatedReplicas: 0, availableReplicas: 0 }), old], {
      timeoutMs: 60_000,
    });
    expect(progress).toEqual(['west: hello-v2 0/2 ready', 'west: hello-v2 ready']);
  });

  test('but not because of a quota that refused an earlier generation', async () => {
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
      'that is being deleted',
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

describe('a pod is made from a template', () => {
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
    ['that omits what the cluster added', true, template({}, { note: 'kept' })],
    ['with the same variables', true, template({ env: [{ name: 'COLOR', value: 'blue' }] })],
    ['that leaves the image of the sidecar to the injector', true, withProxy(template({}))],
    ['with another image', false, template({ image: 'example.com/hello:2' })],
    ['with other arguments', false, template({ args: ['crash'] })],
    ['with another variable', false, template({ env: [{ name: 'COLOR', value: 'red' }] })],
    ['with more memory', false, template({ resources: { limits: { memory: '2Gi' } } })],
    ['with another annotation, as a restart sets it', false, template({}, { note: 'other' })],
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
