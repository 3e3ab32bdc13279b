import { describe, expect, test } from '@jest/globals';
import type { Labels, PodTemplate } from '../../src/kubernetes/objects.ts';
import { observe } from '../../src/release/observation.ts';
import { planRollout } from '../../src/release/plan.ts';
import { isInjected, liveVersionOf } from '../../src/release/injection.ts';
import { clusterState, deployment, fleetOf, to, versionPod, virtualService } from '../support/objects.ts';
import { EAST, WEST, release, weights } from '../support/release.ts';

const INJECT = 'sidecar.istio.io/inject';
const ENABLED = { 'istio-injection': 'enabled' };
const labelled = (labels: Labels): PodTemplate => ({ metadata: { labels } });
const annotated = (annotations: Labels): PodTemplate => ({ metadata: { annotations } });

describe('by the labels, a pod', () => {
  test.each<[string, Labels | undefined, PodTemplate, boolean]>([
    ['of a namespace with injection gets a sidecar', ENABLED, {}, true],
    ['of a namespace without gets none', { 'istio-injection': 'disabled' }, {}, false],
    ['of a namespace that says nothing gets none', {}, {}, false],
    ['of a namespace that is not there gets none', undefined, {}, false],
    ['of a namespace of a revision gets one', { 'istio.io/rev': '1-28' }, {}, true],
    [
      'follows istio-injection where the namespace has both labels',
      { 'istio-injection': 'disabled', 'istio.io/rev': '1-28' },
      {},
      false,
    ],
    ['may refuse', ENABLED, labelled({ [INJECT]: 'false' }), false],
    ['refuses in no other words', ENABLED, labelled({ [INJECT]: 'no' }), true],
    ['may refuse by an annotation', ENABLED, annotated({ [INJECT]: 'false' }), false],
    ['may refuse as it uses the network of its node', ENABLED, { spec: { hostNetwork: true } }, false],
    ['may ask where the namespace says nothing', {}, labelled({ [INJECT]: 'true' }), true],
    [
      'may ask for a revision where the namespace says nothing',
      {},
      labelled({ 'istio.io/rev': '1-28' }),
      true,
    ],
    [
      'cannot ask against its namespace',
      { 'istio-injection': 'disabled' },
      labelled({ [INJECT]: 'true' }),
      false,
    ],
    ['cannot ask by an annotation alone', {}, annotated({ [INJECT]: 'true' }), false],
  ])('%s', (_what, namespace, template, injected) => {
    expect(isInjected(namespace, template)).toBe(injected);
  });
});

describe('the pods of a workload get requests as soon as they are ready', () => {
  const given = release({ traffic: { weights: weights({ v1: 100, v2: 0 }) }, configClusters: [EAST] });
  const liveIn = (
    route: Parameters<typeof virtualService>[0],
    labels = { app: 'helloworld', version: 'v1' },
  ) => {
    const fleet = fleetOf(
      clusterState(EAST, {
        pods: [versionPod('v1'), versionPod('v2')],
        traffic: { virtualServices: route === undefined ? [] : [virtualService(route)] },
      }),
      clusterState(WEST, { traffic: undefined }),
    );
    const plan = planRollout(observe(given, fleet));
    return [EAST, WEST].map((cluster) => liveVersionOf(plan, cluster, deployment('a', labels)));
  };

  test('of a version that has a weight, in its cluster', () => {
    expect(liveIn([{ route: [to('v1', 100), to('v2', 0)] }])).toEqual(['v1', undefined]);
  });

  test.each<[string, Parameters<typeof virtualService>[0], Labels | undefined]>([
    ['of a version that has none', [{ route: [to('v1', 100)] }], { app: 'helloworld', version: 'v2' }],
    ['that the Service does not pick', [{ route: [to('v1', 100)] }], { app: 'worker', version: 'v1' }],
    ['before there is a route', undefined, undefined],
  ])('but not %s', (_what, route, labels) => {
    expect(liveIn(route, labels as { app: string; version: string })).toEqual([undefined, undefined]);
  });

  test('of every version, where a route names no subset', () => {
    const open = [
      { route: [to('v1', 100)] },
      { name: 'all', match: [{ uri: { prefix: '/x' } }], route: [to(undefined)] },
    ];
    const named = release({
      traffic: { weights: weights({ v1: 100, v2: 0 }), routes: ['users'] },
      configClusters: [EAST],
    });
    const vs = virtualService([{ ...open[0], name: 'users' }, ...open.slice(1)]);
    const fleet = fleetOf(
      clusterState(EAST, { pods: [versionPod('v1')], traffic: { virtualServices: [vs] } }),
      clusterState(WEST, { traffic: undefined }),
    );
    expect(planRollout(observe(named, fleet)).live).toEqual(['v1', 'v2']);
  });
});
