import { describe, expect, test } from '@jest/globals';
import { CanaryError } from '../../src/release/errors.ts';
import {
  assertSubsetLabels,
  missingSubsets,
  newDestinationRule,
  subsetLabels,
  withSubsets,
} from '../../src/release/subsets.ts';
import { ISTIO, destinationRule } from '../support/objects.ts';

const TLS = { tls: { mode: 'ISTIO_MUTUAL' } };

test('a DestinationRule made anew has a subset for each version and mutual TLS on both levels', () => {
  expect(
    newDestinationRule(ISTIO, { name: 'hello', namespace: 'demo', host: 'hello' }, ['v1', 'v2']),
  ).toEqual({
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

  test('puts those that are missing behind those that stand there', () => {
    expect(withSubsets(rule, ['v1', 'v2']).spec.subsets?.map(({ name }) => name)).toEqual([
      'v1',
      'extra',
      'v2',
    ]);
  });

  test('leaves every subset that stands there as it is, whatever it holds', () => {
    expect(withSubsets(rule, ['v1', 'v2']).spec.subsets?.slice(0, 2)).toEqual(rule.spec.subsets);
  });

  test('leaves all else of the rule as it is, byte for byte', () => {
    const { subsets: _before, ...before } = rule.spec;
    const { subsets: _after, ...after } = withSubsets(rule, ['v2']).spec;
    expect(JSON.stringify(after)).toBe(JSON.stringify(before));
  });

  test('gives the rule itself back where none is missing', () => {
    expect(withSubsets(rule, ['extra', 'v1'])).toBe(rule);
  });

  test('does not modify its input', () => {
    const before = structuredClone(rule);
    withSubsets(rule, ['v2']);
    expect(rule).toEqual(before);
  });

  test('begins a list where the rule has none', () => {
    const bare = { ...rule, spec: { host: 'hello' } };
    expect(withSubsets(bare, ['v1']).spec.subsets).toEqual([
      { name: 'v1', labels: { version: 'v1' }, trafficPolicy: TLS },
    ]);
  });

  test('knows which are missing, in the order of the versions', () => {
    expect(missingSubsets(rule, ['v3', 'v1', 'constructor'])).toEqual(['v3', 'constructor']);
  });
});

test.each([
  ['of a subset that stands there', ['v1', { name: 'v2', labels: { track: 'canary' } }], { track: 'canary' }],
  ['of a subset to come', ['v1'], { version: 'v2' }],
])('the labels of v2 are those %s', (_what, subsets, labels) => {
  expect(subsetLabels(destinationRule(subsets), 'v2')).toEqual(labels);
});

describe('a subset that selects the pods of another version', () => {
  const crossed = destinationRule(['v1', { name: 'v2', labels: { version: 'v1' } }]);

  test('is refused, naming subset, rule, cluster and the labels', () => {
    expect(() => {
      assertSubsetLabels(crossed, ['v1', 'v2'], 'west');
    }).toThrow(
      /^Subset v2 of DestinationRule gray-demo\/helloworld in west selects pods labelled version: v1\. .*release under the name v1\.$/,
    );
  });

  test('is none of our business where its version has no part in the release', () => {
    expect(() => {
      assertSubsetLabels(crossed, ['v1', 'v3'], 'west');
    }).not.toThrow();
  });

  test('may tell its version by another label', () => {
    expect(() => {
      assertSubsetLabels(destinationRule([{ name: 'v2', labels: { track: 'canary' } }]), ['v2'], 'west');
    }).not.toThrow();
  });

  test('is refused as well where it has no labels, since it then selects the pods of every version', () => {
    expect(() => {
      assertSubsetLabels(destinationRule(['v1', { name: 'v2' }]), ['v1', 'v2'], 'west');
    }).toThrow(CanaryError);
  });
});
