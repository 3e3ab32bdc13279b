import type { KubeObject } from './objects.ts';

/** The name under which the action owns fields (server-side apply). */
export const FIELD_MANAGER = 'multicluster-canary';

/** Whether the action has applied any field of an object. */
export function isOurs(object: KubeObject): boolean {
  return ownersOf(object, []).includes('ours');
}

/**
 * Whether the action alone declares a field of an object: an apply that omits it would remove it.
 *
 * @param path the keys of `fieldsV1`, such as `f:spec`, `f:replicas`
 *   (https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management)
 */
export function isOursAlone(object: KubeObject, path: readonly string[]): boolean {
  const owners = ownersOf(object, path);
  return owners.length > 0 && owners.every((owner) => owner === 'ours');
}

/** Who declares a field: `ours`, or the name of another field manager. */
export function ownersOf(object: KubeObject, path: readonly string[]): readonly string[] {
  return (object.metadata.managedFields ?? [])
    .filter(({ fieldsV1 }) => coversField(fieldsV1, path))
    .map(({ manager = 'an unknown manager', operation, subresource }) =>
      manager === FIELD_MANAGER && operation === 'Apply'
        ? 'ours'
        : `${manager}${subresource === undefined || subresource === '' ? '' : ` (subresource ${subresource})`}`,
    );
}

function coversField(fields: unknown, [key, ...rest]: readonly string[]): boolean {
  if (key === undefined) return true;
  if (typeof fields !== 'object' || fields === null) return false;
  const below = new Map<string, unknown>(Object.entries(fields));
  return below.has(key) && coversField(below.get(key), rest);
}
