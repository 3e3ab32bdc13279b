import type { KubeObject } from '../kubernetes/objects.ts';
import type { ClusterState } from './state.ts';
import type { Release } from './release.ts';

/** A kind as `ClusterState.clusterScoped` holds it: `rbac.authorization.k8s.io/v1 ClusterRole`. */

export function versionedKind({ apiVersion, kind }: Pick<KubeObject, 'apiVersion' | 'kind'>): string {
  return `${apiVersion} ${kind}`;
}
/** A manifest's object as it is written: in the namespace of the release, or in none where its kind has none. */

export function placedObject(
  object: KubeObject,
  { namespace }: Release,
  { clusterScoped }: Pick<ClusterState, 'clusterScoped'>,
): KubeObject {
  const { namespace: given = namespace, ...metadata } = object.metadata;
  return {
    ...object,
    metadata: clusterScoped.has(versionedKind(object)) ? metadata : { ...metadata, namespace: given },
  };
}
