import type { Kind } from './kinds.ts';

/**
 * How the parts of an object merge, according to `x-kubernetes-list-type`,
 * `x-kubernetes-list-map-keys` and `x-kubernetes-map-type` in the OpenAPI schema of Kubernetes 1.36. Only exceptions are listed: an object
 * merges field by field, a list is replaced as a whole.
 */
export type Topology = 'granular' | 'atomic' | 'set' | { readonly keys: readonly string[] };

/** By the last names of a field's path. */
const LIST_KEYS: Readonly<Record<string, readonly string[]>> = {
  'spec.containers': ['name'],
  'spec.initContainers': ['name'],
  'spec.ephemeralContainers': ['name'],
  'containers.ports': ['containerPort', 'protocol'],
  'initContainers.ports': ['containerPort', 'protocol'],
  'containers.env': ['name'],
  'initContainers.env': ['name'],
  'containers.volumeMounts': ['mountPath'],
  'initContainers.volumeMounts': ['mountPath'],
  'containers.volumeDevices': ['devicePath'],
  'initContainers.volumeDevices': ['devicePath'],
  'resources.claims': ['name'],
  'spec.volumes': ['name'],
  'spec.imagePullSecrets': ['name'],
  'spec.hostAliases': ['ip'],
  'spec.topologySpreadConstraints': ['topologyKey', 'whenUnsatisfiable'],
  'spec.resourceClaims': ['name'],
  'spec.schedulingGates': ['name'],
  'spec.ports': ['port', 'protocol'],
  'status.conditions': ['type'],
  'status.podIPs': ['ip'],
  'status.hostIPs': ['ip'],
  'status.addresses': ['type'],
};

const ATOMIC_OBJECTS = new Set([
  'spec.selector',
  'spec.nodeSelector',
  'valueFrom.configMapKeyRef',
  'valueFrom.secretKeyRef',
  'valueFrom.fieldRef',
  'valueFrom.resourceFieldRef',
  'configMap.items',
  'claimRef',
  'status.loadBalancer.ingress',
]);

/** The keys of list items that omit them. */
const KEY_DEFAULTS: Readonly<Record<string, string>> = { protocol: 'TCP' };

/** How the value at a path merges. `path` holds field names; a list item adds no name of its own. */
export function topologyOf(kind: Kind, path: readonly string[], isList: boolean): Topology {
  if (path.length === 2 && path[0] === 'metadata') {
    if (path[1] === 'finalizers') return 'set';
    if (path[1] === 'ownerReferences') return { keys: ['uid'] };
  }
  if (kind.custom) return isList ? 'atomic' : 'granular';
  const suffix = path.slice(-2).join('.');
  if (isList) {
    const keys = LIST_KEYS[suffix];
    return keys === undefined ? 'atomic' : { keys };
  }
  return ATOMIC_OBJECTS.has(suffix) || ATOMIC_OBJECTS.has(path.at(-1) ?? '') ? 'atomic' : 'granular';
}

export function keyDefault(key: string): string | undefined {
  return KEY_DEFAULTS[key];
}
