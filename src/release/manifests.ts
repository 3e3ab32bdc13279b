import type { KubeObject } from '../kubernetes/objects.ts';
import type { ClusterState } from './state.ts';
import type { ClusterName } from '../core/names.ts';
import { podTemplateOf } from '../kubernetes/pod-templates.ts';
import type { Manifest, Release } from './release.ts';

/**
 * The user's own objects for a cluster, in the order of writing: an object for the cluster alone replaces the same object for every
 * cluster, and workloads follow what their pods may need.
 *
 * @returns undefined where the release has no manifests at all
 */
export function manifestsFor(
  { workload: { manifests } }: Pick<Release, 'workload'>,
  cluster: ClusterName,
): readonly Manifest[] | undefined {
  const own = manifests?.filter((manifest) => manifest.cluster === cluster) ?? [];
  const common = manifests?.filter((manifest) => manifest.cluster === undefined);
  if (common === undefined || own.length === 0) return common;
  const kept = common.filter((manifest) => !own.some((other) => isSameObject(manifest, other)));
  const { workloads = [], others = [] } = Object.groupBy([...kept, ...own], ({ object }) =>
    podTemplateOf(object) === undefined ? 'others' : 'workloads',
  );
  return [...others, ...workloads];
}

function isSameObject({ object: a }: Manifest, { object: b }: Manifest): boolean {
  return a.kind === b.kind && groupOf(a) === groupOf(b) && a.metadata.name === b.metadata.name;
}

/** `apps` of `apps/v1`. */
function groupOf({ apiVersion }: KubeObject): string {
  return apiVersion.replace(/\/.*/, '');
}

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
