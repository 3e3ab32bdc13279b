import { expect, test } from '@jest/globals';
import { inEnglish } from '../../src/texts/texts.ts';
import { changeGroups, kindsOfChanges } from '../../src/report/change-groups.ts';

const change = (
  cluster: string,
  object: string,
  diff: string,
): { cluster: string; object: string; diff: string } => ({ cluster, object, diff });

const groupsOf = (
  changes: readonly ReturnType<typeof change>[],
): ReturnType<typeof changeGroups<ReturnType<typeof change>>> =>
  changeGroups(
    changes,
    () => [{ kind: 'workloadOf', version: 'v1' }],
    ({ diff }) => [diff],
  );

test('changes that are alike are one group, in the order of clusters, kinds and names', () => {
  const groups = groupsOf([
    change('a', 'Service x', '+1'),
    change('a', 'Deployment y', '+1'),
    change('b', 'Service x', '+2'),
    change('b', 'Deployment y', '+1'),
    change('c', 'Service x', '+1'),
  ]);
  expect(
    groups.map(({ object, clusters, reasons }) => [object, clusters.join(' '), ...reasons.map(inEnglish)]),
  ).toEqual([
    ['Deployment y', 'a b', 'workload of v1'],
    ['Service x', 'a c', 'workload of v1'],
    ['Service x', 'b', 'workload of v1'],
  ]);
});

test('versions are in their order, whichever was written first', () => {
  const versions = ['v10', 'v2', 'v1'];
  const groups = groupsOf(versions.map((version) => change('a', `Deployment demo/hello-${version}`, '')));
  expect(groups.map(({ object }) => object)).toEqual([
    'Deployment demo/hello-v1',
    'Deployment demo/hello-v2',
    'Deployment demo/hello-v10',
  ]);
});

test('the clusters of a group are in the order of their names, whichever was written first', () => {
  const clusters = ['c10', 'c2', 'c1'];
  const [group] = groupsOf(clusters.map((cluster) => change(cluster, 'Service x', '+1')));
  expect(group?.clusters).toEqual(['c1', 'c2', 'c10']);
});

test('a kind with many objects is folded, whatever is between them', () => {
  const objects = ['ConfigMap a', 'Service s', 'ConfigMap b', 'ConfigMap c', 'ConfigMap d', 'ConfigMap e'];
  const kinds = kindsOfChanges(groupsOf(objects.map((object) => change('a', object, ''))));
  expect(kinds.map(({ kind, groups, isFolded }) => [kind, groups.length, isFolded])).toEqual([
    ['ConfigMap', 5, true],
    ['Service', 1, false],
  ]);
});
