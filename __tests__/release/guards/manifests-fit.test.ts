import { describe, expect, test } from '@jest/globals';
import { assertManifestsFit } from '../../../src/release/guards/manifests-fit.ts';
import type { KubeObject } from '../../../src/kubernetes/objects.ts';
import {
  APP,
  HOST,
  clusterState,
  destinationRule,
  fleetOf,
  gateway,
  namespaceOf,
  service,
  to,
  toOther,
  virtualService,
} from '../../support/objects.ts';
import { EAST, WEST, release } from '../../support/release.ts';

const role: KubeObject = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: { name: 'reader', namespace: 'staging' },
};
const settings = (namespace?: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings', ...(namespace === undefined ? {} : { namespace }) },
});

/** What is said of these manifests; empty where they are taken. */
function said(
  objects: readonly KubeObject[],
  states = fleetOf(
    clusterState(EAST),
    clusterState(WEST, {
      service: service(),
      clusterScoped: new Set(['v1 Namespace', 'rbac.authorization.k8s.io/v1 ClusterRole']),
    }),
  ),
  version = 'v2',
): string {
  const manifests = objects.map((object, i) => ({
    object,
    source: `deploy/app.yaml, document ${String(i + 1)}`,
  }));
  try {
    assertManifestsFit(release({ version, workload: { manifests } }), states);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return '';
}

describe('manifests are taken', () => {
  test.each<[string, readonly KubeObject[]]>([
    ['without a namespace', [settings()]],
    ['in the namespace of the release', [settings('gray-demo')]],
    ['of a kind that the cluster serves without namespaces', [role]],
    ['that hold the namespace of the release', [namespaceOf('gray-demo')]],
    ['that route to other services', [virtualService([{ route: [toOther()] }], { name: 'other' })]],
    ['that hold a rule for another host', [destinationRule([], { name: 'other' }, { host: 'other' })]],
    ['that hold a Gateway of another name', [gateway([], { name: 'other' })]],
  ])('%s', (_what, objects) => {
    expect(said(objects)).toBe('');
  });

  test('for a version that runs in no cluster', () => {
    expect(said([settings('staging')], undefined, 'v3')).toBe('');
  });

  test('that hold the Gateway which the routes have already', () => {
    const traffic = { virtualServices: [virtualService([])], gateways: [gateway()] };
    expect(
      said(
        [gateway()],
        fleetOf(clusterState(EAST, { traffic }), clusterState(WEST, { traffic, service: service() })),
      ),
    ).toBe('');
  });
});

describe('manifests are refused', () => {
  test('without a Service, where there is none', () => {
    const states = fleetOf(clusterState(EAST), clusterState(WEST));
    expect(said([settings()], states)).toBe(
      'Input manifests: There is no Service gray-demo/helloworld in west, and the manifests contain none, so nothing would lead to the pods there. Add the Service to the manifests.',
    );
    expect(said([settings(), service()], states)).toBe('');
  });

  test('all at once, with file, object and both namespaces', () => {
    expect(said([settings('staging'), settings(), namespaceOf('staging')])).toBe(
      [
        'Input manifests:',
        '- ConfigMap staging/settings (deploy/app.yaml, document 1) is in the namespace staging, but the release is in gray-demo (input namespace). Correct the file or the input.',
        '- Namespace staging (deploy/app.yaml, document 3) is another namespace, but the release is in gray-demo (input namespace). Correct the file or the input.',
      ].join('\n'),
    );
  });

  test.each<[string, KubeObject]>([
    ['the VirtualService of the release', virtualService([])],
    ['another VirtualService that leads there', virtualService([{ route: [to(undefined)] }], { name: 'b' })],
    ['a TCP route', virtualService(undefined, { name: 'b' }, { tcp: [{ route: [to('v1')] }] })],
    ['the DestinationRule of the release', destinationRule(['v1'])],
    ['another rule for the host', destinationRule(['v1'], { name: 'b' }, { host: HOST })],
    ['the Gateway that the release makes', gateway()],
  ])('that hold %s', (_what, object) => {
    const { namespace: _, ...metadata } = object.metadata;
    for (const one of [object, { ...object, metadata }]) {
      expect(said([one])).toContain(`routes to ${APP}, which this action does itself`);
    }
  });
});
