import { expect, test } from '@jest/globals';
import { assertDistinctClusters } from '../../../src/release/guards/distinct-clusters.ts';
import type { ClusterIdentity } from '../../../src/release/state.ts';
import { clusterState } from '../../support/objects.ts';
import { EAST, WEST } from '../../support/release.ts';

const judge = (a: ClusterIdentity, b: ClusterIdentity): void => {
  assertDistinctClusters([clusterState(EAST, { identity: a }), clusterState(WEST, { identity: b })]);
};
const at = (server: string | undefined, uid?: string): ClusterIdentity => ({ server, uid });

test.each<[string, ClusterIdentity, ClusterIdentity]>([
  ['different UIDs', at('https://a', '1'), at('https://b', '2')],
  ['different UIDs behind one address', at('https://a', '1'), at('https://a', '2')],
  ['different servers, where a UID may not be read', at('https://a', '1'), at('https://b')],
  ['no servers', at(undefined), at(undefined)],
])('are two clusters: %s', (_what, a, b) => {
  expect(() => {
    judge(a, b);
  }).not.toThrow();
});

test.each<[string, ClusterIdentity, ClusterIdentity, string]>([
  [
    'the same UID',
    at('https://a', '1'),
    at('https://b', '1'),
    'their namespace kube-system is the same one (UID 1)',
  ],
  [
    'the same server, where a UID may not be read',
    at('https://a', '1'),
    at('https://a'),
    'both have the server https://a',
  ],
])('are one cluster: %s', (_what, a, b, evidence) => {
  expect(() => {
    judge(a, b);
  }).toThrow(
    `The contexts east and west reach the same cluster: ${evidence}. Correct the input kubeconfig, or use only one context for that cluster (inputs clusters, config-clusters).`,
  );
});
