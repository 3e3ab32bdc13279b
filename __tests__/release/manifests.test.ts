import { describe, expect, test } from '@jest/globals';
import type { KubeObject } from '../../src/kubernetes/objects.ts';
import { manifestsFor } from '../../src/release/manifests.ts';
import type { Manifest } from '../../src/release/release.ts';
import { release } from '../support/release.ts';

const object = (kind: string, name: string, data: string): KubeObject => ({
  apiVersion: kind === 'Deployment' ? 'apps/v1' : 'v1',
  kind,
  metadata: { name },
  ...(kind === 'Deployment' ? { spec: { template: { metadata: {} } } } : {}),
  data,
});
const manifest = (kind: string, name: string, cluster?: string): Manifest => ({
  cluster,
  object: object(kind, name, cluster ?? 'all'),
  source: '',
});
const named = (manifests: readonly Manifest[], cluster: string): readonly string[] | undefined =>
  manifestsFor(release({ workload: { manifests } }), cluster)?.map(
    ({ object: { kind, metadata, data } }) => `${kind} ${metadata.name} ${String(data)}`,
  );

describe('the manifests for a cluster', () => {
  test('are those for every cluster and its own', () => {
    const all = [
      manifest('Service', 'a'),
      manifest('Service', 'e', 'east'),
      manifest('Service', 'w', 'west'),
    ];
    expect(named(all, 'east')).toEqual(['Service a all', 'Service e east']);
    expect(named(all, 'west')).toEqual(['Service a all', 'Service w west']);
  });

  test('have its own object instead of the same one for every cluster', () => {
    const all = [manifest('ConfigMap', 'c', 'east'), manifest('ConfigMap', 'c'), manifest('Secret', 'c')];
    expect(named(all, 'east')).toEqual(['Secret c all', 'ConfigMap c east']);
    expect(named(all, 'west')).toEqual(['ConfigMap c all', 'Secret c all']);
  });

  test('have workloads after what their pods may need', () => {
    const all = [manifest('Deployment', 'd'), manifest('ConfigMap', 'c', 'east')];
    expect(named(all, 'east')).toEqual(['ConfigMap c east', 'Deployment d all']);
  });

  test('keep the order of the files where there are none for one cluster', () => {
    const all = [manifest('Deployment', 'd'), manifest('ConfigMap', 'c')];
    expect(named(all, 'east')).toEqual(['Deployment d all', 'ConfigMap c all']);
  });

  test('are empty where there are only those of another, and unknown where there are none', () => {
    expect(named([manifest('Service', 'w', 'west')], 'east')).toEqual([]);
    expect(manifestsFor(release(), 'east')).toBeUndefined();
  });
});
