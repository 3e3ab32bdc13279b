import type { VirtualService } from '../kubernetes/objects.ts';

/** A gateway of this name stands for all sidecars (https://istio.io/latest/docs/reference/config/networking/virtual-service/). */
export const MESH = 'mesh';

/** Whether a VirtualService has no hosts of its own: another one, its root, sends requests on to its routes. */
export function isDelegate({ spec }: VirtualService): boolean {
  return (spec.hosts ?? []).length === 0;
}

/** Whether a root VirtualService sends requests on to a delegate; a delegate without a namespace is of the root's own. */
export function delegatesTo(root: VirtualService, { metadata }: VirtualService): boolean {
  return (root.spec.http ?? []).some(
    ({ delegate }) =>
      delegate?.name === metadata.name &&
      (delegate.namespace ?? root.metadata.namespace) === metadata.namespace,
  );
}

/**
 * The VirtualServices that bind the routes of some others to a gateway: those themselves, or the roots of delegates. What is
 * bound to sidecars alone is left out.
 */
export function entrancesOf(
  virtualServices: readonly VirtualService[],
  roots: readonly VirtualService[],
): readonly VirtualService[] {
  const found = virtualServices.flatMap((vs) =>
    isDelegate(vs) ? roots.filter((root) => delegatesTo(root, vs)) : [vs],
  );
  return [...new Set(found)].filter((vs) => gatewaysOf(vs).length > 0);
}

/** The Gateways that a VirtualService is bound to, as it refers to them; without any it is bound to sidecars. */
export function gatewaysOf({ spec }: VirtualService): readonly string[] {
  return (spec.gateways ?? []).filter((reference) => reference !== MESH);
}
