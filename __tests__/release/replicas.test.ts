import { describe, expect, test } from '@jest/globals';
import { quoted } from '../../src/texts/message.ts';
import type { Autoscaler, Deployment, ManagedFields } from '../../src/kubernetes/objects.ts';
import { keptReplicas, replicasFor } from '../../src/release/replicas.ts';
import { APP, NAMESPACE, clusterState, deployment, fleetOf, oursWith } from '../support/objects.ts';
import { WEST, release } from '../support/release.ts';

const NAME = `${APP}-v2`;
const FIELDS = { 'f:replicas': {} };
const scaledBy = (manager: string, subresource?: string): readonly ManagedFields[] => [
  {
    manager,
    operation: 'Update',
    fieldsV1: { 'f:spec': FIELDS },
    ...(subresource === undefined ? {} : { subresource }),
  },
];

function running(replicas: number, managedFields: readonly ManagedFields[] = []): Deployment {
  const made = deployment(NAME, { app: APP });
  return {
    ...made,
    metadata: { name: NAME, namespace: NAMESPACE, managedFields },
    spec: { ...made.spec, replicas },
  };
}

const hpa: Autoscaler = {
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'scaler', namespace: NAMESPACE },
  spec: { scaleTargetRef: { kind: 'Deployment', name: NAME } },
};
const other: Autoscaler = { ...hpa, spec: { scaleTargetRef: { kind: 'Deployment', name: 'other' } } };
const ours = oursWith(FIELDS);

describe('the replicas that are written', () => {
  test.each<[string, Deployment | undefined, number | undefined, readonly Autoscaler[], number | undefined]>([
    ['are those asked for, of a new workload', undefined, 2, [hpa], 2],
    ['are those asked for, where they are ours', running(3, ours), 2, [], 2],
    ['are those asked for, where nobody declares any', running(1), 2, [], 2],
    ['are those that it has, where none are asked for and they are ours', running(3, ours), undefined, [], 3],
    ['are none, where none are asked for and they are not ours', running(3), undefined, [], undefined],
    ['are none, where somebody else scales', running(3, scaledBy('kubectl')), 2, [], undefined],
    [
      'are none, where somebody else scales as well',
      running(2, [...ours, ...scaledBy('kubectl')]),
      2,
      [],
      undefined,
    ],
    ['are those that it has, where an autoscaler has not changed ours', running(3, ours), 2, [hpa], 3],
    ['are none, where an autoscaler has not changed what nobody declares', running(3), 2, [hpa], undefined],
    ['are those asked for, where an autoscaler scales another', running(3, ours), 2, [other], 2],
  ])('%s', (_what, existing, asked, autoscalers, expected) => {
    const state = clusterState(WEST, { autoscalers });
    expect(replicasFor(running(1), existing, asked, release(), state)).toBe(expected);
  });

  test('are those that it has, where the manifests bring the autoscaler', () => {
    const given = release({ workload: { manifests: [{ object: hpa, source: 'a.yaml' }] } });
    expect(replicasFor(running(1), running(3, ours), 2, given, clusterState(WEST))).toBe(3);
  });
});

describe('what is not written is told', () => {
  const told = (
    existing: Deployment,
    asked: number | undefined,
    autoscalers: readonly Autoscaler[] = [],
  ): readonly string[] => {
    const state = clusterState(WEST, { deployments: [existing], autoscalers });
    const given = release({ workload: { replicas: asked } });
    const replicas = replicasFor(existing, existing, asked, given, state);
    const object = { ...existing, spec: { ...existing.spec, replicas } };
    return keptReplicas(given, fleetOf(state), [
      { cluster: WEST, verb: 'apply', object, before: undefined, reason: quoted('') },
    ]);
  };

  test('with whose they are', () => {
    expect(told(running(5, scaledBy('kube-controller-manager', 'scale')), 2)).toEqual([
      'replicas of Deployment gray-demo/helloworld-v2 in west belongs to kube-controller-manager (subresource scale) and stays 5; the 2 of the input replicas is not written. Leave it out, or scale the workload there.',
    ]);
    expect(told(running(5, ours), 2, [hpa])).toEqual([
      expect.stringContaining('is set by HorizontalPodAutoscaler gray-demo/scaler and stays 5'),
    ]);
  });

  test.each<[string, Deployment, number | undefined]>([
    ['where they are as asked for', running(2, scaledBy('kubectl')), 2],
    ['where none are asked for', running(5, scaledBy('kubectl')), undefined],
    ['where they are written', running(5, ours), 2],
  ])('but nothing %s', (_what, existing, asked) => {
    expect(told(existing, asked)).toEqual([]);
  });
});
