import { describe, expect, test } from '@jest/globals';
import { clientsOf, decidingRules } from '../../src/istio/destination-rules.ts';
import { MESH_DEFAULTS } from '../../src/istio/mesh-config.ts';
import type { MeshConfig } from '../../src/istio/mesh-config.ts';
import type { DestinationRule } from '../../src/kubernetes/objects.ts';
import { HOST, clusterState, destinationRule, virtualService } from '../support/objects.ts';
import { EAST, release } from '../support/release.ts';

const ROOT = 'istio-system';
const GIVEN = release();
const GATEWAY = { namespace: ROOT, labels: { istio: 'gateway' } };

/** A rule for the service, as old as its position in the year. */
const rule = (
  name: string,
  { namespace = 'gray-demo', host = HOST, day = 1, subsets = ['v1'], ...spec }: Record<string, unknown> = {},
): DestinationRule =>
  destinationRule(
    subsets as readonly string[],
    {
      name,
      namespace: namespace as string,
      creationTimestamp: `2026-01-${String(day).padStart(2, '0')}T00:00:00Z`,
    },
    { host, ...spec },
  );

const own = rule('own');
const policy = { outlierDetection: {} };

describe('the DestinationRules that decide for a client', () => {
  test.each<[string, string | undefined, readonly DestinationRule[], readonly string[]]>([
    ['are none where there are none', ROOT, [], []],
    ["are the service's own", ROOT, [own], ['own']],
    ['are those of the narrowest host', ROOT, [own, rule('wide', { host: '*.local' })], ['own']],
    [
      'are those of the longest pattern where none is for the service alone',
      ROOT,
      [rule('all', { host: '*' }), rule('demo', { host: '*.gray-demo.svc.cluster.local' })],
      ['demo'],
    ],
    [
      'are all of one host, the oldest first',
      ROOT,
      [rule('late', { day: 3 }), rule('early', { day: 2 })],
      ['early', 'late'],
    ],
    ['are by name where they are of the same age', ROOT, [rule('b'), rule('a')], ['a', 'b']],
    [
      "are the client's own before those of the service",
      'shop',
      [own, rule('local', { namespace: 'shop' })],
      ['local'],
    ],
    ['are not those of a third namespace', 'shop', [own, rule('other', { namespace: 'elsewhere' })], ['own']],
    [
      "are the service's where the client is in the root namespace",
      ROOT,
      [own, rule('root', { namespace: ROOT })],
      ['own'],
    ],
    [
      'are those private to the root namespace where the client is in it',
      ROOT,
      [own, rule('root', { namespace: ROOT, exportTo: ['.'] })],
      ['root'],
    ],
    [
      'are those of the root namespace where the service has none',
      'shop',
      [rule('root', { namespace: ROOT })],
      ['root'],
    ],
    [
      'are those of the root namespace where those of the service are not exported to the client',
      'shop',
      [rule('mine', { exportTo: ['.'] }), rule('root', { namespace: ROOT, host: '*.local' })],
      ['root'],
    ],
    ['are those exported to the client by name', 'shop', [rule('mine', { exportTo: ['shop'] })], ['mine']],
    [
      'are those with a workloadSelector that selects the client',
      ROOT,
      [own, rule('some', { namespace: ROOT, workloadSelector: { matchLabels: { istio: 'gateway' } } })],
      ['some'],
    ],
    [
      'are none where one of its namespace selects other workloads alone',
      ROOT,
      [own, rule('some', { namespace: ROOT, workloadSelector: { matchLabels: { istio: 'other' } } })],
      [],
    ],
    [
      'are those of the service where one with a workloadSelector is of a third namespace',
      ROOT,
      [own, rule('some', { namespace: 'shop', workloadSelector: { matchLabels: {} } })],
      ['own'],
    ],
    [
      'are not merged where they are exported to others, the youngest of which decides',
      'shop',
      [rule('all', { day: 1 }), rule('shop', { day: 2, exportTo: ['shop'] })],
      ['shop'],
    ],
  ])('%s', (_what, client, rules, expected) => {
    expect(
      decidingRules(
        GIVEN,
        rules,
        client === undefined ? undefined : { namespace: client, labels: { istio: 'gateway' } },
        MESH_DEFAULTS,
      ).rules.map(({ metadata }) => metadata.name),
    ).toEqual(expected);
  });

  test.each<[string, string, Partial<MeshConfig>, readonly DestinationRule[], readonly string[]]>([
    ['none of the service where the mesh keeps rules private', ROOT, { destinationRules: ['.'] }, [own], []],
    [
      "the service's own for its namespace where the mesh keeps rules private",
      'gray-demo',
      { destinationRules: ['.'] },
      [own],
      ['own'],
    ],
    [
      'those that are exported all the same',
      ROOT,
      { destinationRules: ['.'] },
      [own, rule('exported', { exportTo: ['*'] })],
      ['exported'],
    ],
    [
      'those that Istio exports whatever else the default says',
      ROOT,
      { destinationRules: ['~'] },
      [own],
      ['own'],
    ],
    [
      'those of the root namespace that the mesh names',
      'shop',
      { rootNamespace: 'config' },
      [rule('ours', { namespace: 'config' }), rule('system', { namespace: ROOT })],
      ['ours'],
    ],
    [
      "those of the gateways' namespace where that is not the root namespace",
      ROOT,
      { rootNamespace: 'config' },
      [own, rule('system', { namespace: ROOT })],
      ['system'],
    ],
  ])('are, by the configuration of the mesh, %s', (_what, namespace, mesh, rules, expected) => {
    const client = { namespace, labels: {} };
    const { rules: found } = decidingRules(GIVEN, rules, client, { ...MESH_DEFAULTS, ...mesh });
    expect(found.map(({ metadata }) => metadata.name)).toEqual(expected);
  });

  test('have the subsets of all, the first of those with the same name, and the first policy', () => {
    const first = rule('first', { day: 1, subsets: ['v1'] });
    const second = rule('second', {
      day: 2,
      subsets: [{ name: 'v1', labels: { track: 'other' } }, 'v2'],
      trafficPolicy: policy,
    });
    const third = rule('third', { day: 3, trafficPolicy: { tls: {} } });
    expect(decidingRules(GIVEN, [third, second, first], GATEWAY, MESH_DEFAULTS)).toMatchObject({
      subsets: [
        { name: 'v1', labels: { version: 'v1' } },
        { name: 'v2', labels: { version: 'v2' } },
      ],
      policy,
    });
  });
});

describe('the clients that may follow other rules', () => {
  const { traffic } = clusterState(EAST, {
    traffic: { destinationRules: [own, rule('local', { namespace: 'shop' })], gatewayClients: [GATEWAY] },
  });

  test('are the gateways', () => {
    expect(traffic && clientsOf(GIVEN, traffic, [virtualService([])])).toEqual([GATEWAY]);
  });

  test('are the namespaces of sidecars too where a VirtualService serves the mesh', () => {
    const mesh = virtualService([], {}, { gateways: ['mesh'] });
    expect(traffic && clientsOf(GIVEN, traffic, [mesh])).toEqual([
      GATEWAY,
      { namespace: 'gray-demo', labels: {} },
      { namespace: 'shop', labels: {} },
      undefined,
    ]);
  });
});
