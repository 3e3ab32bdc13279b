import { describe, expect, test } from '@jest/globals';
import { quoted } from '../../../src/texts/message.ts';
import type { Deployment, KubeObject, Labels, Service } from '../../../src/kubernetes/objects.ts';
import { forecastRollout } from '../../../src/kubernetes/rollout-forecast.ts';
import { assertKeepsServing } from '../../../src/release/guards/keeps-serving.ts';
import {
  APP,
  NAMESPACE,
  clusterState,
  deployment,
  fleetOf,
  service,
  versionPod,
} from '../../support/objects.ts';
import { EAST, release } from '../../support/release.ts';

type Spec = NonNullable<Deployment['spec']>;
type Status = NonNullable<Deployment['status']>;

const LABELS = { app: APP, version: 'v1' };

function workload(
  image: string,
  spec: Partial<Spec> = {},
  status: Status = {},
  kind = 'Deployment',
): Deployment {
  const made = deployment(`${APP}-v1`, LABELS, { kind, containers: [{ name: APP, image }] });
  return {
    ...made,
    metadata: { name: `${APP}-v1`, namespace: NAMESPACE },
    spec: { ...made.spec, ...spec },
    status,
  };
}

const rolling = (maxUnavailable: number | string, maxSurge: number | string = 1): Partial<Spec> => ({
  strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable, maxSurge } },
});
const update = (rollingUpdate: object, type = 'RollingUpdate'): Partial<Spec> => ({
  updateStrategy: { type, rollingUpdate },
});

describe('of the ready pods, a new template leaves at least', () => {
  test.each<[string, string, Partial<Spec>, number, number | undefined]>([
    ['all, by default', 'Deployment', {}, 1, 1],
    ['three of four, by default', 'Deployment', { replicas: 4 }, 4, 3],
    ['none, with Recreate', 'Deployment', { replicas: 4, strategy: { type: 'Recreate' } }, 4, 0],
    ['none, where all may be unavailable', 'Deployment', { replicas: 4, ...rolling('100%') }, 4, 0],
    ['none of one, where one may be unavailable', 'Deployment', rolling(1), 1, 0],
    ['none of one, where neither may', 'Deployment', rolling(0, 0), 1, 0],
    ['half', 'Deployment', { replicas: 4, ...rolling('50%') }, 4, 2],
    ['what is asked for, where fewer are', 'Deployment', { replicas: 2 }, 5, 2],
    ['none, at 0 replicas', 'Deployment', { replicas: 0 }, 3, 0],
    ['all, while it is paused', 'Deployment', { paused: true, strategy: { type: 'Recreate' } }, 1, undefined],
    ['none of the only one of a StatefulSet', 'StatefulSet', { replicas: 1 }, 1, 0],
    ['two of three of a StatefulSet', 'StatefulSet', { replicas: 3 }, 3, 2],
    ['all above the partition', 'StatefulSet', { replicas: 1, ...update({ partition: 1 }) }, 1, undefined],
    ['all, on delete', 'StatefulSet', { replicas: 1, ...update({}, 'OnDelete') }, 1, undefined],
    ['none on the only node', 'DaemonSet', {}, 1, 0],
    ['all on the only node, with a surge', 'DaemonSet', update({ maxSurge: 1, maxUnavailable: 0 }), 1, 1],
    ['two of three nodes', 'DaemonSet', {}, 3, 2],
    ['all nodes, on delete', 'DaemonSet', update({}, 'OnDelete'), 3, undefined],
  ])('%s (%s)', (_what, kind, spec, ready, left) => {
    const status = { readyReplicas: ready, numberAvailable: ready, desiredNumberScheduled: ready };
    expect(forecastRollout(workload('a', {}, status, kind), workload('b', spec, {}, kind))?.left).toBe(left);
  });

  test('all, where the template stays', () => {
    const one = workload('a', { strategy: { type: 'Recreate' } }, { readyReplicas: 1 });
    expect(forecastRollout(one, { ...one, spec: { ...one.spec, replicas: 3 } })).toBeUndefined();
  });
});

interface Case {
  readonly live?: KubeObject | undefined;
  readonly after: KubeObject;
  readonly object?: KubeObject;
  readonly users?: readonly string[];
  readonly gains?: boolean;
}

/** What is warned of, or refused, of one write in east. */
function judged({
  live,
  after,
  object = after,
  users = ['v1'],
  gains = false,
}: Case): readonly string[] | string {
  const change = {
    cluster: EAST,
    verb: 'apply',
    object,
    before: undefined,
    reason: quoted(''),
    live,
    after,
  } as const;
  const ready = [
    {
      cluster: EAST,
      version: 'v1',
      labels: LABELS,
      workloads: [],
      place: { clusterId: undefined, nodes: undefined },
      pods: { mode: 'sidecar', namespace: {} } as const,
      gains,
    },
  ];
  const fleet = fleetOf(clusterState(EAST, { service: service(), pods: [versionPod('v1')] }));
  try {
    return assertKeepsServing(release(), fleet, { workloads: [change], ready, live: users });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const good = workload('good', {}, { readyReplicas: 1 });
const recreated = workload('bad', { strategy: { type: 'Recreate' } });

describe('a workload of a version that has users', () => {
  test('is not replaced where its pods end first', () => {
    expect(judged({ live: good, after: recreated })).toBe(
      'Deployment gray-demo/helloworld-v1 in east has the strategy Recreate, which deletes all pods before it creates new ones, but v1 has users and 1 ready pod there. Give it the strategy RollingUpdate, or release the change as a new version.',
    );
  });

  test.each<[string, Case]>([
    ['where enough pods stay', { live: good, after: workload('bad') }],
    ['where it has no users', { live: good, after: recreated, users: [] }],
    ['where nothing serves, so that a broken one can be cured', { live: workload('good'), after: recreated }],
    ['where it is new', { after: recreated }],
    [
      'where fewer replicas are asked for',
      { live: workload('good', { replicas: 3 }, { readyReplicas: 3 }), after: workload('good') },
    ],
  ])('is replaced %s', (_what, given) => {
    expect(judged(given)).toEqual([]);
  });

  test('keeps the labels by which users reach its pods', () => {
    const after: Deployment = {
      ...good,
      spec: { ...good.spec, template: { metadata: { labels: { version: 'v1' } } } },
    };
    expect(judged({ live: good, after })).toContain('Keep the labels of its pods.');
  });

  test('is told where it loses more than a quarter of its pods', () => {
    const live = workload('good', { replicas: 4 }, { readyReplicas: 4 });
    expect(judged({ live, after: workload('bad', { replicas: 4, ...rolling('50%') }) })).toEqual([
      'Deployment gray-demo/helloworld-v1 in east may lose 2 of its 4 replicas at a time (maxUnavailable): v1 has users and 4 ready pods there; as few as 2 of them may be serving during the change.',
    ]);
  });

  test('is told where it loses its readiness probe', () => {
    const probed = (image: string, probe: object): Deployment => ({
      ...good,
      spec: {
        ...good.spec,
        template: { metadata: { labels: LABELS }, spec: { containers: [{ name: APP, image, ...probe }] } },
      },
    });
    expect(judged({ live: probed('a', { readinessProbe: {} }), after: probed('b', {}) })).toEqual([
      expect.stringContaining('loses the readinessProbe of container helloworld'),
    ]);
  });
});

describe('the namespace of a version that has users', () => {
  const labelled = (labels: Labels): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: NAMESPACE, labels },
  });
  const on = labelled({ 'istio-injection': 'enabled' });
  const off = labelled({ 'istio-injection': 'disabled' });

  test('goes on injecting sidecars', () => {
    expect(judged({ live: on, after: off })).toBe(
      'Namespace gray-demo in east would no longer inject sidecars: 1 ready pod (helloworld-v1-0) would come back without one, and mutual TLS to it would fail, but v1 has users. Keep its injection label (input injection).',
    );
  });

  test.each<[string, Case]>([
    ['to those of another revision', { live: on, after: labelled({ 'istio.io/rev': 'canary' }) }],
    ['to on', { live: off, after: on }],
    ['to off where it has no users', { live: on, after: off, users: [] }],
    ['where it is new', { after: off }],
  ])('changes its labels %s', (_what, given) => {
    expect(judged(given)).toEqual([]);
  });
});

describe('a rollout that cannot begin', () => {
  const paused = workload('bad', { paused: true });

  test('is refused where the manifests pause it', () => {
    expect(judged({ live: good, after: paused })).toBe(
      'Deployment gray-demo/helloworld-v1 in east is paused (spec.paused), so no pod of the new template would be created. Remove paused from the input manifests.',
    );
  });

  test('is refused with the command that resumes it, where a person has paused it', () => {
    expect(judged({ live: good, after: paused, object: workload('bad') })).toContain(
      'Resume it: kubectl --context east -n gray-demo rollout resume deployment/helloworld-v1',
    );
  });

  test('is refused at 0 replicas where the version gains traffic', () => {
    expect(judged({ after: workload('good', { replicas: 0 }), users: [], gains: true })).toContain(
      'would have 0 replicas, but v1 is about to get traffic',
    );
  });

  test('is none where a paused one is scaled alone', () => {
    const live = workload('good', { paused: true }, { readyReplicas: 1 });
    expect(judged({ live, after: workload('good', { paused: true, replicas: 2 }) })).toEqual([]);
  });
});

describe('the Service of a version that has users', () => {
  test.each<[string, Service['spec'], string]>([
    [
      'another selector',
      { selector: { app: APP, tier: 'web' } },
      'would no longer select 1 ready pod (helloworld-v1-0), but v1 has users. Keep its selector {"app":"helloworld"}.',
    ],
    ['no selector', { selector: {} }, 'would no longer select 1 ready pod'],
    ['no pods', { type: 'ExternalName' }, 'would become an ExternalName'],
    [
      'pods that are not ready',
      { publishNotReadyAddresses: true },
      'would send requests to pods that are not ready',
    ],
  ])('does not get %s', (_what, spec, sentence) => {
    expect(judged({ live: service(), after: service(spec) })).toContain(sentence);
  });

  test('may get a wider selector', () => {
    expect(judged({ live: service({ selector: LABELS }), after: service() })).toEqual([]);
  });
});
