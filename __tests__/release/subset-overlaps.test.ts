import { describe, expect, test } from '@jest/globals';
import { quoted } from '../../src/texts/message.ts';
import type { Change } from '../../src/kubernetes/change.ts';
import type { Pod, Subset } from '../../src/kubernetes/objects.ts';
import { describeOverlap, subsetOverlaps } from '../../src/release/subset-overlaps.ts';
import { assertSubsetsDisjoint } from '../../src/release/guards/subsets-disjoint.ts';
import type { Overlap } from '../../src/release/subset-overlaps.ts';
import { readRouteStates } from '../../src/release/route-state.ts';
import { clusterState, deployment, destinationRule, fleetOf, pod } from '../support/objects.ts';
import { EAST, WEST, release } from '../support/release.ts';

const GIVEN = release();
const APP = { app: 'helloworld' };
const STABLE = { name: 'v1', labels: APP };
const CANARY = { name: 'v2', labels: { ...APP, track: 'canary' } };
const canaryPod = pod('two', { ...APP, track: 'canary' });

/** The pods of west that subsets take twice; east alone serves routes. */
function found(
  subsets: readonly (string | Subset)[],
  pods: readonly Pod[],
  workloads: readonly Change[] = [],
): readonly Overlap[] {
  const given = release({ configClusters: [EAST] });
  const state = fleetOf(
    clusterState(EAST, { traffic: { destinationRules: [destinationRule(subsets)] } }),
    clusterState(WEST, { pods, traffic: undefined }),
  );
  return subsetOverlaps(
    { release: GIVEN, fleet: state, routes: readRouteStates(given, state) },
    ['v1', 'v2'],
    workloads,
  );
}

describe('the subsets of two versions', () => {
  const going = pod('two', { ...APP, track: 'canary' }, { metadata: { deletionTimestamp: 'now' } });
  const ended = pod('two', { ...APP, track: 'canary' }, { status: { phase: 'Succeeded' } });
  const unready = pod('two', { ...APP, track: 'canary' }, { status: { conditions: [] } });

  test.each<[string, readonly (string | Subset)[], readonly Pod[], number]>([
    ['select the same pod in another cluster', [STABLE, CANARY], [canaryPod], 1],
    ['select the same pod that is not ready yet', [STABLE, CANARY], [unready], 1],
    ['select different pods', [STABLE, CANARY], [pod('one', APP)], 0],
    ['select a pod that is going', [STABLE, CANARY], [going], 0],
    ['select a pod that has ended', [STABLE, CANARY], [ended], 0],
    [
      'select a pod that the Service does not',
      [{ name: 'v1', labels: { track: 'canary' } }, CANARY],
      [pod('x', { track: 'canary' })],
      0,
    ],
    ['cannot select the same pod', ['v1', 'v2'], [pod('one', { ...APP, version: 'v1' })], 0],
    [
      'are beside a third that selects all',
      ['v1', 'v2', { name: 'all', labels: APP }],
      [pod('one', { ...APP, version: 'v1' })],
      0,
    ],
    [
      'select by a place that is not known',
      [STABLE, { name: 'v2', labels: { 'topology.istio.io/cluster': 'west' } }],
      [pod('one', APP)],
      1,
    ],
  ])('%s', (_what, subsets, pods, count) => {
    expect(found(subsets, pods)).toHaveLength(count);
  });

  test('select the pods that a workload will have', () => {
    const change: Change = {
      cluster: WEST,
      verb: 'apply',
      object: {
        ...deployment('two', { ...APP, track: 'canary' }),
        metadata: { name: 'two', namespace: 'gray-demo' },
      },
      before: undefined,
      reason: quoted(''),
    };
    expect(found([STABLE, CANARY], [], [change])).toMatchObject([
      { pods: [{ name: 'Deployment gray-demo/two', isWorkload: true, cluster: 'west' }] },
    ]);
  });
});

test('pods of two versions are described with subsets, labels, rule and the way out', () => {
  const [overlap] = found([STABLE, CANARY], [canaryPod, pod('three', { ...APP, track: 'canary' })]);
  expect(overlap && describeOverlap(overlap)).toBe(
    'The subsets of both v1 and v2 select Pod gray-demo/two in west and 1 more: v1 selects app=helloworld, v2 selects app=helloworld,track=canary (DestinationRule gray-demo/helloworld in east). Requests for one version would be answered by pods of the other, whatever the weights. Give the subset v1 a label that only the pods of v1 carry, once they carry it.',
  );
});

test('what cannot be known is refused as such', () => {
  const place = { name: 'v2', labels: { 'topology.istio.io/cluster': 'west' } };
  expect(() => {
    assertSubsetsDisjoint(found([STABLE, place], [pod('one', APP)]));
  }).toThrow(/^Whether the subsets of both v1 and v2 select Pod gray-demo\/one in west cannot be known: /);
});
