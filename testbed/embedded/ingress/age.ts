import type { KubeObject } from '../api/objects.ts';

/** The oldest first; objects of the same second are ordered by name and then by namespace, as in Istio. */
export function byAge({ metadata: left }: KubeObject, { metadata: right }: KubeObject): number {
  return (
    compare(left.creationTimestamp, right.creationTimestamp) ||
    compare(left.name, right.name) ||
    compare(left.namespace ?? '', right.namespace ?? '')
  );
}

function compare(left: string, right: string): number {
  return left === right ? 0 : left < right ? -1 : 1;
}
