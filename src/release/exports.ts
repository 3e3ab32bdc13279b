import { gatewayKey } from './gateways.ts';
import { nameOf } from './objects.ts';
import type { VirtualService } from './objects.ts';
import type { TrafficState } from './state.ts';
import { MESH, delegatesTo, gatewaysOf, isDelegate } from './virtual-services.ts';

/** `namespace/name` of each Gateway that a VirtualService is bound to. */
export function gatewayNamesOf(vs: VirtualService): readonly string[] {
  return gatewaysOf(vs).map((reference) => {
    const { namespace, name } = gatewayKey(reference, vs.metadata.namespace ?? '');
    return `${namespace}/${name}`;
  });
}

/**
 * The namespaces whose proxies may use a VirtualService; `all` for every one, which is also what a mesh does by default.
 * Source: https://istio.io/latest/docs/reference/config/networking/virtual-service/#VirtualService (exportTo)
 */
function namespacesOf({ spec, metadata }: VirtualService): 'all' | readonly string[] {
  const { exportTo = [] } = spec;
  if (exportTo.length === 0 || exportTo.includes('*')) return 'all';
  if (exportTo.includes('~')) return [];
  return exportTo.map((namespace) => (namespace === '.' ? (metadata.namespace ?? '') : namespace));
}

/** Whether a VirtualService is exported to some namespaces only. */
export function isRestricted(vs: VirtualService): boolean {
  return namespacesOf(vs) !== 'all';
}

function isExportedTo(vs: VirtualService, namespace: string): boolean {
  const namespaces = namespacesOf(vs);
  return namespaces === 'all' || namespaces.includes(namespace);
}

/**
 * Whether any proxy uses the routes of a VirtualService: a sidecar of a namespace that it is exported to, or a gateway there.
 * A delegate is used through a root that may see it; Istio ignores delegates of delegates. Where it is not known in which
 * namespaces a gateway runs, it counts as used.
 */
export function isUsed(
  vs: VirtualService,
  { everywhere, roots, gatewayNamespaces }: Pick<TrafficState, 'everywhere' | 'roots' | 'gatewayNamespaces'>,
): boolean {
  if (isDelegate(vs)) {
    const all = [
      ...new Map([...everywhere.virtualServices, ...roots].map((one) => [nameOf(one), one])).values(),
    ];
    return all.some(
      (root) =>
        !isDelegate(root) &&
        delegatesTo(root, vs) &&
        isExportedTo(vs, root.metadata.namespace ?? '') &&
        isUsed(root, { everywhere, roots, gatewayNamespaces }),
    );
  }
  const namespaces = namespacesOf(vs);
  if (namespaces === 'all') return true;
  if (namespaces.length === 0) return false;
  const { gateways = [] } = vs.spec;
  if (gateways.length === 0 || gateways.includes(MESH)) return true;
  return gatewayNamesOf(vs).some((name) => {
    const where = gatewayNamespaces.get(name);
    return where === undefined || where.some((namespace) => namespaces.includes(namespace));
  });
}
