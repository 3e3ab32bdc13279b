import { describe, expect, test } from '@jest/globals';
import { quoted } from '../../src/texts/message.ts';
import type { Change } from '../../src/kubernetes/change.ts';
import { foreignManagers } from '../../src/release/foreign-managers.ts';
import type { KubeObject, ManagedFields } from '../../src/kubernetes/objects.ts';
import { destinationRule, to, virtualService } from '../support/objects.ts';

const HTTP = { 'f:spec': { 'f:http': {} } };
const SUBSETS = { 'f:spec': { 'f:subsets': {} } };
const HOSTS = { 'f:spec': { 'f:hosts': {} }, 'f:metadata': { 'f:annotations': {} } };

const vs = (...managedFields: readonly ManagedFields[]): KubeObject =>
  virtualService([{ route: [to('v1')] }], { managedFields });

const update = (before: KubeObject | undefined, cluster = 'east'): Change => ({
  cluster,
  verb: before === undefined ? 'create' : 'update',
  object: before ?? vs(),
  before,
  reason: quoted(''),
});

describe('the managers to warn of', () => {
  test.each<[string, KubeObject, string]>([
    [
      'a server-side applier',
      vs({ manager: 'terraform', operation: 'Apply', fieldsV1: HTTP }),
      'terraform declares spec.http of VirtualService gray-demo/helloworld in east.',
    ],
    [
      'a controller that syncs by updates',
      vs({ manager: 'argocd-controller', operation: 'Update', fieldsV1: HTTP }),
      'argocd-controller declares spec.http of VirtualService gray-demo/helloworld in east.',
    ],
    [
      'that of the subsets of a DestinationRule',
      destinationRule(['v1'], {
        managedFields: [{ manager: 'kustomize-controller', operation: 'Apply', fieldsV1: SUBSETS }],
      }),
      'kustomize-controller declares spec.subsets of DestinationRule gray-demo/helloworld in east.',
    ],
  ])('are %s', (_what, object, text) => {
    expect(foreignManagers([update(object)])).toEqual([expect.stringContaining(text)]);
  });

  test.each<[string, KubeObject]>([
    ['people with kubectl', vs({ manager: 'kubectl-edit', operation: 'Update', fieldsV1: HTTP })],
    ['an applier of other fields', vs({ manager: 'argocd-controller', operation: 'Apply', fieldsV1: HOSTS })],
    ['the action itself', vs({ manager: 'multicluster-canary', operation: 'Update', fieldsV1: HTTP })],
    ['nobody, where the object does not tell', vs()],
  ])('are not %s', (_what, object) => {
    expect(foreignManagers([update(object)])).toEqual([]);
  });

  test('are told once for all clusters, and not for objects that are made', () => {
    const held = vs({ manager: 'argocd-controller', operation: 'Apply', fieldsV1: HTTP });
    const told = foreignManagers([update(held), update(held, 'west'), update(undefined, 'north')]);
    expect(told).toEqual([expect.stringContaining('in east, west. The release writes these fields too')]);
  });
});
