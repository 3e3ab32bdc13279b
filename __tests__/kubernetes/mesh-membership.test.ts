import { describe, expect, test } from '@jest/globals';
import { isAmbient, isInMesh, outsideMesh } from '../../src/kubernetes/mesh-membership.ts';
import type { PodMode } from '../../src/kubernetes/mesh-membership.ts';
import type { Labels } from '../../src/kubernetes/objects.ts';
import { pod } from '../support/objects.ts';

const MODE = 'istio.io/dataplane-mode';
const AMBIENT = { [MODE]: 'ambient' };
const NONE = { [MODE]: 'none' };
const plain = (labels: Labels = {}, spec: Readonly<Record<string, unknown>> = {}) =>
  pod('hello', labels, { spec: { containers: [{ name: 'app' }], ...spec } });
const WITH_SIDECAR = pod('hello', {}, { spec: { containers: [{ name: 'app' }, { name: 'istio-proxy' }] } });

test.each<[string, Labels | undefined, Labels, boolean]>([
  ['says so itself', {}, AMBIENT, true],
  ['is of a namespace that says so', AMBIENT, {}, true],
  ['refuses what its namespace says', AMBIENT, NONE, false],
  ['says nothing, as its namespace', {}, {}, false],
  ['says so in a namespace that refuses', NONE, AMBIENT, true],
  ['is of a namespace that is not known', undefined, {}, false],
])('whether a pod that %s is in the ambient mesh: %j, %j', (_, namespace, labels, ambient) => {
  expect(isAmbient(namespace, plain(labels))).toBe(ambient);
});

test('a pod in the network of its node is never in the ambient mesh', () => {
  expect(isAmbient(AMBIENT, plain(AMBIENT, { hostNetwork: true }))).toBe(false);
});

test.each<[PodMode, Labels, readonly boolean[]]>([
  ['sidecar', {}, [false, true]],
  ['sidecar', AMBIENT, [false, true]],
  ['ambient', {}, [false, true]],
  ['ambient', AMBIENT, [true, true]],
  ['none', {}, [true, true]],
])(
  'with pods: %s in a namespace with %j, plain pods and pods with a sidecar count: %j',
  (mode, namespace, counts) => {
    expect([plain(), WITH_SIDECAR].map((one) => isInMesh({ mode, namespace }, one))).toEqual(counts);
  },
);

describe('the remedy for a pod outside the mesh', () => {
  test.each<[PodMode, Labels, Labels, Readonly<Record<string, unknown>>, string]>([
    [
      'sidecar',
      {},
      {},
      {},
      'Pod gray-demo/hello has no sidecar, so mutual TLS to it would fail. Is injection enabled',
    ],
    [
      'sidecar',
      AMBIENT,
      {},
      {},
      'Pod gray-demo/hello has no sidecar, but is in the ambient mesh (label istio.io/dataplane-mode=ambient on its namespace). Set the input pods to ambient.',
    ],
    ['sidecar', {}, AMBIENT, {}, '(label istio.io/dataplane-mode=ambient on the pod)'],
    [
      'ambient',
      {},
      {},
      {},
      'neither the pod nor its namespace has the label istio.io/dataplane-mode=ambient. Label the namespace, or set the input pods to what the pods have.',
    ],
    [
      'ambient',
      AMBIENT,
      NONE,
      {},
      'its own label istio.io/dataplane-mode=none keeps it out. Remove that label.',
    ],
    ['ambient', AMBIENT, {}, { hostNetwork: true }, 'it uses the network of its node (hostNetwork).'],
  ])('with pods: %s, labels %j and %j', (mode, namespace, labels, spec, remedy) => {
    expect(outsideMesh({ mode, namespace }, plain(labels, spec))).toContain(remedy);
  });
});
