import type { KubeObject } from '../api/objects.ts';

/** The oldest first; Istio settles a tie, which is a matter of the same second, by name and then by namespace. */
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
