import { describe, expect, test } from '@jest/globals';
import { clusterIdOf, areExclusive, podLabels, selectsEndpoint } from '../../src/kubernetes/pod-selection.ts';
import type { Candidate, Place } from '../../src/kubernetes/pod-selection.ts';
import type { Labels } from '../../src/kubernetes/objects.ts';
import { pod } from '../support/objects.ts';

const NODE = { 'topology.kubernetes.io/region': 'eu', 'failure-domain.beta.kubernetes.io/zone': 'eu-1' };
const PLACE: Place = { clusterId: 'c1', nodes: new Map([['node-1', NODE]]) };
const NOWHERE: Place = { clusterId: undefined, nodes: undefined };
const POD: Candidate = { labels: { app: 'hello', version: '1.0.0' }, nodeName: 'node-1' };
const template: Candidate = { ...POD, nodeName: undefined };
const labelled = (labels: Labels): Candidate => ({ ...POD, labels: { ...POD.labels, ...labels } });

describe('labels take the endpoint of a pod', () => {
  test.each<[string, Labels, Candidate, Place, boolean | undefined]>([
    ['by its own labels', { version: '1.0.0' }, POD, PLACE, true],
    ['by all of them', { app: 'hello', version: '1.1.0' }, POD, PLACE, false],
    ['by the name of its cluster in Istio', { 'topology.istio.io/cluster': 'c1' }, POD, PLACE, true],
    ['not by that of another cluster', { 'topology.istio.io/cluster': 'east' }, POD, PLACE, false],
    [
      'by that name rather than its own label',
      { 'topology.istio.io/cluster': 'c2' },
      labelled({ 'topology.istio.io/cluster': 'c2' }),
      PLACE,
      false,
    ],
    [
      'perhaps, where the name of the cluster is not known',
      { 'topology.istio.io/cluster': 'c1' },
      POD,
      NOWHERE,
      undefined,
    ],
    [
      'never, where another label differs',
      { 'topology.istio.io/cluster': 'c1', app: 'x' },
      POD,
      NOWHERE,
      false,
    ],
    ['by its node', { 'kubernetes.io/hostname': 'node-1' }, POD, NOWHERE, true],
    ['perhaps, where it has no node yet', { 'kubernetes.io/hostname': 'node-1' }, template, PLACE, undefined],
    ['by the region of its node', { 'topology.kubernetes.io/region': 'eu' }, POD, PLACE, true],
    ['by the older label of its zone', { 'topology.kubernetes.io/zone': 'eu-2' }, POD, PLACE, false],
    ['not by a subzone that its node has not', { 'topology.istio.io/subzone': 'rack' }, POD, PLACE, false],
    [
      'by istio-locality before its node',
      { 'topology.kubernetes.io/zone': 'z' },
      labelled({ 'istio-locality': 'r.z.s' }),
      PLACE,
      true,
    ],
    ['perhaps, where nodes were not read', { 'topology.kubernetes.io/zone': 'z' }, POD, NOWHERE, undefined],
    [
      'by its own label of the network',
      { 'topology.istio.io/network': 'n' },
      labelled({ 'topology.istio.io/network': 'n' }),
      NOWHERE,
      true,
    ],
    ['perhaps, where Istio sets the network', { 'topology.istio.io/network': 'n' }, POD, PLACE, undefined],
    ['where there are none', {}, POD, PLACE, true],
  ])('%s', (_what, labels, candidate, place, expected) => {
    expect(selectsEndpoint(labels, candidate, place)).toBe(expected);
  });
});

test('two sets of labels exclude each other where they give one label two values', () => {
  expect(areExclusive({ app: 'a', track: 'x' }, { track: 'y' })).toBe(true);
  expect(areExclusive({ app: 'a' }, { app: 'a', track: 'y' })).toBe(false);
  expect(areExclusive({}, { constructor: 'x' })).toBe(false);
});

test('what Istio sets is not given to a pod', () => {
  expect(
    podLabels({ version: '1', 'topology.istio.io/cluster': 'c1', 'kubernetes.io/hostname': 'n' }),
  ).toEqual({
    version: '1',
  });
});

describe('the name of a cluster in Istio', () => {
  const injected = (...values: readonly string[]) =>
    values.map((value, i) =>
      pod(
        `p${String(i)}`,
        {},
        {
          spec: {
            initContainers: [{ name: 'istio-proxy', env: [{ name: 'ISTIO_META_CLUSTER_ID', value }] }],
          },
        },
      ),
    );

  test.each([
    ['is what the sidecars say', injected('c1', 'c1'), 'c1'],
    ['is not known where they differ', injected('c1', 'c2'), undefined],
    ['is not known without sidecars', [pod('bare', {})], undefined],
  ])('%s', (_what, pods, expected) => {
    expect(clusterIdOf(pods)).toBe(expected);
  });
});
