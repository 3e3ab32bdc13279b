import { describe, expect, test } from '@jest/globals';
import { dependsOnMesh } from '../../src/release/mesh-dependence.ts';
import { MESH_DEFAULTS, meshConfigName, parseMeshConfig } from '../../src/istio/mesh-config.ts';
import type { MeshConfig } from '../../src/istio/mesh-config.ts';
import type { DestinationRule, VirtualService } from '../../src/kubernetes/objects.ts';
import { HOST, destinationRule, to, virtualService } from '../support/objects.ts';
import { release } from '../support/release.ts';

describe('the configuration of a mesh', () => {
  test.each<[string, unknown, MeshConfig | undefined]>([
    ['that is empty has the defaults of Istio', undefined, MESH_DEFAULTS],
    ['without these fields has the defaults of Istio', { accessLogFile: '/dev/stdout' }, MESH_DEFAULTS],
    [
      'with empty fields has the defaults of Istio',
      { rootNamespace: '', defaultVirtualServiceExportTo: [], defaultDestinationRuleExportTo: null },
      MESH_DEFAULTS,
    ],
    [
      'may say all of them',
      {
        rootNamespace: 'config',
        defaultVirtualServiceExportTo: ['.'],
        defaultDestinationRuleExportTo: ['.', 'istio-system'],
      },
      { rootNamespace: 'config', virtualServices: ['.'], destinationRules: ['.', 'istio-system'] },
    ],
    [
      'may spell them as the API does',
      {
        root_namespace: 'config',
        default_virtual_service_export_to: ['.'],
        default_destination_rule_export_to: ['.'],
      },
      { rootNamespace: 'config', virtualServices: ['.'], destinationRules: ['.'] },
    ],
    ['with another type is not understood', { rootNamespace: 3 }, undefined],
    ['that is a text is not understood', 'rootNamespace', undefined],
  ])('%s', (_what, content, expected) => {
    expect(parseMeshConfig(content)).toEqual(expected);
  });

  test.each([
    [undefined, 'istio'],
    ['', 'istio'],
    ['default', 'istio'],
    ['canary', 'istio-canary'],
  ])('of revision %s is in ConfigMap %s', (revision, name) => {
    expect(meshConfigName(revision)).toBe(name);
  });
});

describe('the configuration of the mesh', () => {
  const own = virtualService([{ route: [to('v1')] }]);
  const other = (spec: Readonly<Record<string, unknown>> = {}, name = 'shop'): VirtualService =>
    virtualService([{ route: [to('v1')] }], { name, namespace: 'front' }, spec);
  const rule = destinationRule(['v1']);

  test.each<[boolean, string, readonly VirtualService[], readonly DestinationRule[]]>([
    [false, 'there is nothing', [], []],
    [false, 'the release has its own VirtualService and rule', [own], [rule]],
    [true, 'a route of the release names no subset yet', [virtualService([{ route: [to(undefined)] }])], []],
    [
      true,
      'a route of the release names no subset yet, and a rule exists',
      [virtualService([{ route: [to(undefined)] }])],
      [rule],
    ],
    [false, 'the routes of the release name subsets', [own], []],
    [true, 'another namespace leads to the service', [own, other()], [rule]],
    [
      false,
      'what leads to it from another namespace has exportTo',
      [own, other({ exportTo: ['*'] })],
      [rule],
    ],
    [false, 'another namespace leads elsewhere', [own, other({ http: [] })], [rule]],
    [
      true,
      'another VirtualService of the namespace leads to it',
      [own, virtualService([{ route: [to('v1')] }], { name: 'partners' })],
      [rule],
    ],
    [
      true,
      'the root of a delegate of another namespace has no exportTo',
      [
        own,
        other({ hosts: undefined, exportTo: ['*'] }),
        virtualService([{ delegate: { name: 'shop', namespace: 'front' } }], {
          name: 'root',
          namespace: 'edge',
        }),
      ],
      [rule],
    ],
    [
      true,
      'another namespace has a rule for the service',
      [own],
      [rule, destinationRule([], { namespace: 'istio-system' }, { host: HOST })],
    ],
  ])('matters: %s where %s', (expected, _where, virtualServices, destinationRules) => {
    expect(dependsOnMesh(release(), { virtualServices, destinationRules, unlisted: [] })).toBe(expected);
  });
});
