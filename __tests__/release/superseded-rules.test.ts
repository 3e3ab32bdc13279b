import { describe, expect, test } from '@jest/globals';
import type { DestinationRule } from '../../src/kubernetes/objects.ts';
import { observe } from '../../src/release/observation.ts';
import { planRollout } from '../../src/release/plan.ts';
import { clusterState, destinationRule, fleetOf } from '../support/objects.ts';
import { EAST, WEST, release, weights } from '../support/release.ts';

const GIVEN = release({ traffic: { weights: weights({ v1: 80, v2: 20 }) } });
const POLICY = { outlierDetection: { consecutive5xxErrors: 5 }, tls: { mode: 'ISTIO_MUTUAL' } };
const wide = (host: string, trafficPolicy?: unknown, name = 'all'): DestinationRule =>
  destinationRule([], { name }, { host, ...(trafficPolicy === undefined ? {} : { trafficPolicy }) });

const warnings = (...destinationRules: readonly DestinationRule[]): readonly string[] =>
  planRollout(
    observe(
      GIVEN,
      fleetOf(
        clusterState(EAST, { traffic: { destinationRules } }),
        clusterState(WEST, { traffic: { destinationRules } }),
      ),
    ),
  ).warnings;

describe('a DestinationRule that no longer applies to the service is reported', () => {
  test('with what is copied, where, and what to do about later changes', () => {
    expect(warnings(wide('*.gray-demo.svc.cluster.local', POLICY))).toEqual([
      'DestinationRule gray-demo/all, for *.gray-demo.svc.cluster.local, no longer applies to helloworld once DestinationRule gray-demo/helloworld exists, because Istio then follows only that one. Its settings are copied into the new rule: outlierDetection. Later changes to DestinationRule gray-demo/all have to be made in DestinationRule gray-demo/helloworld as well (east, west).',
    ]);
  });

  test('where it turns mutual TLS off', () => {
    expect(warnings(wide('*.local', { tls: { mode: 'DISABLE' } }))[0]).toContain(
      'copied into the new rule: tls.',
    );
  });

  test('where it has subsets', () => {
    const rule = destinationRule(['v1', 'blue'], { name: 'all' }, { host: '*.local' });
    expect(warnings(rule)[0]).toContain('copied into the new rule: subset v1, subset blue.');
  });

  test('where several cover the service, the narrowest alone', () => {
    const rules = [wide('*.local', POLICY), wide('*.gray-demo.svc.cluster.local', POLICY, 'demo')];
    expect(warnings(...rules).map((text) => text.split(',')[0])).toEqual(['DestinationRule gray-demo/demo']);
  });
});

describe('nothing is reported of a DestinationRule', () => {
  test.each<[string, readonly DestinationRule[]]>([
    ['that has no policy', [wide('*.local')]],
    ['whose policy is mutual TLS alone', [wide('*.local', { tls: { mode: 'ISTIO_MUTUAL' } })]],
    ['for other services', [wide('*.elsewhere.svc.cluster.local', POLICY)]],
    ['that does not apply to the service as it is', [wide('*.local', POLICY), destinationRule(['v1', 'v2'])]],
  ])('%s', (_what, rules) => {
    expect(warnings(...rules)).toEqual([]);
  });
});
