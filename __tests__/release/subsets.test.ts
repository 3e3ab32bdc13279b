import { describe, expect, test } from '@jest/globals';
import type { DestinationRule } from '../../src/kubernetes/objects.ts';
import { labelsOf, missingSubsets } from '../../src/release/subsets.ts';
import { assertSubsetLabelsCompatible } from '../../src/release/guards/subset-labels-compatible.ts';
import { withSubsets } from '../../src/istio/destination-rule-edits.ts';
import { newDestinationRule } from '../../src/istio/destination-rule-edits.ts';
import type { VersionLabels } from '../../src/istio/destination-rule-edits.ts';
import { readRouteStates } from '../../src/release/route-state.ts';
import type { RouteState } from '../../src/release/route-state.ts';
import { ISTIO, clusterState, destinationRule, fleetOf } from '../support/objects.ts';
import { EAST, WEST, release } from '../support/release.ts';

const TLS = { tls: { mode: 'ISTIO_MUTUAL' } };

const labelled = (...versions: readonly string[]): VersionLabels =>
  new Map(versions.map((version) => [version, { version }]));

/** What the clusters hold with these rules, one each. */
const held = (east: DestinationRule, west: DestinationRule = east): readonly RouteState[] =>
  readRouteStates(
    release(),
    fleetOf(
      clusterState(EAST, { traffic: { destinationRules: [east] } }),
      clusterState(WEST, { traffic: { destinationRules: [west] } }),
    ),
  );

describe('a DestinationRule made anew', () => {
  const key = { name: 'hello', namespace: 'demo', host: 'hello' };

  test('has a subset for each version and mutual TLS on both levels', () => {
    expect(newDestinationRule(ISTIO, key, labelled('v1', 'v2'))).toEqual({
      apiVersion: ISTIO,
      kind: 'DestinationRule',
      metadata: { name: 'hello', namespace: 'demo' },
      spec: {
        host: 'hello',
        trafficPolicy: TLS,
        subsets: [
          { name: 'v1', labels: { version: 'v1' }, trafficPolicy: TLS },
          { name: 'v2', labels: { version: 'v2' }, trafficPolicy: TLS },
        ],
      },
    });
  });

  test('takes over what the rule said that decided so far', () => {
    const policy = { outlierDetection: { consecutive5xxErrors: 5 }, tls: { mode: 'DISABLE' } };
    const extra = { name: 'v1', labels: { track: 'stable' } };
    const wide = destinationRule(
      [extra],
      { namespace: 'istio-system' },
      {
        host: '*.local',
        trafficPolicy: policy,
        exportTo: ['.', 'demo'],
      },
    );
    const made = newDestinationRule(ISTIO, key, labelled('v1', 'v2'), {
      rules: [wide],
      subsets: [extra],
      policy,
    });
    expect(made.spec).toEqual({
      host: 'hello',
      trafficPolicy: policy,
      exportTo: ['istio-system', 'demo'],
      subsets: [extra, { name: 'v2', labels: { version: 'v2' } }],
    });
  });
});

describe('adding subsets', () => {
  const own = {
    name: 'v1',
    labels: { version: 'v1', track: 'stable' },
    trafficPolicy: { connectionPool: { tcp: { maxConnections: 3 } } },
  };
  const rule = destinationRule(
    [own, 'extra'],
    {},
    { trafficPolicy: { loadBalancer: { simple: 'RANDOM' } }, exportTo: ['.'] },
  );

  test('puts them behind those that exist', () => {
    expect(withSubsets(rule, labelled('v2')).spec.subsets?.map(({ name }) => name)).toEqual([
      'v1',
      'extra',
      'v2',
    ]);
  });

  test('leaves every existing subset as it is, whatever it holds', () => {
    expect(withSubsets(rule, labelled('v2')).spec.subsets?.slice(0, 2)).toEqual(rule.spec.subsets);
  });

  test('leaves all else of the rule as it is, byte for byte', () => {
    const { subsets: _before, ...before } = rule.spec;
    const { subsets: _after, ...after } = withSubsets(rule, labelled('v2')).spec;
    expect(JSON.stringify(after)).toBe(JSON.stringify(before));
  });

  test('returns the rule itself where none is added', () => {
    expect(withSubsets(rule, labelled())).toBe(rule);
  });

  test('does not modify its input', () => {
    const before = structuredClone(rule);
    withSubsets(rule, labelled('v2'));
    expect(rule).toEqual(before);
  });

  test('begins a list where the rule has none', () => {
    const bare = { ...rule, spec: { host: 'hello' } };
    expect(withSubsets(bare, labelled('v1')).spec.subsets).toEqual([
      { name: 'v1', labels: { version: 'v1' }, trafficPolicy: TLS },
    ]);
  });

  test('knows which are missing, in the order of the versions', () => {
    const [one] = held(rule);
    expect(one && missingSubsets(one, ['v3', 'v1', 'constructor'])).toEqual(['v3', 'constructor']);
  });
});

test.each([
  ['of an existing subset', ['v1', { name: 'v2', labels: { track: 'canary' } }], { track: 'canary' }],
  ['of a subset to come', ['v1'], { version: 'v2' }],
])('the labels of v2 are those %s', (_what, subsets, labels) => {
  expect(labelsOf(held(destinationRule(subsets)), 'v2')).toEqual(labels);
});

test('the labels of v2 are those of its subset in the only cluster that has one', () => {
  const canary = { name: 'v2', labels: { track: 'canary' } };
  expect(labelsOf(held(destinationRule(['v1']), destinationRule(['v1', canary])), 'v2')).toEqual({
    track: 'canary',
  });
});

describe('the labels of a subset', () => {
  const check = (east: DestinationRule, west?: DestinationRule) => () => {
    assertSubsetLabelsCompatible(held(east, west), ['v1', 'v2']);
  };

  test('may have another value than its name', () => {
    const semantic = { name: 'v2', labels: { version: '2.0.0' } };
    expect(check(destinationRule(['v1', semantic]))).not.toThrow();
  });

  test('may not be missing, since it then selects the pods of every version', () => {
    expect(check(destinationRule(['v1', { name: 'v2' }]))).toThrow(
      'Subset v2 of DestinationRule gray-demo/helloworld in east has no labels',
    );
  });

  test('may not contradict those in another cluster', () => {
    const other = { name: 'v2', labels: { version: '2' } };
    expect(check(destinationRule(['v1', 'v2']), destinationRule(['v1', other]))).toThrow(
      'Subset v2 selects version=v2 in east (DestinationRule gray-demo/helloworld) and version=2 in west (DestinationRule gray-demo/helloworld); no pod can carry both. Give the subset the same labels in every cluster.',
    );
  });
});
