import type { KubeObject } from '../api/objects.ts';
import { hasGatewaySemantics } from '../gateway-api/istio-objects.ts';
import { arrayAt } from '../json.ts';
import type { MeshConfig } from './mesh-config.ts';

/** The namespaces that an object's `exportTo` names, as it is written: `*` is all, `.` its own. */
export function exportTo(object: KubeObject): ReadonlySet<string> {
  return new Set(arrayAt(object, 'spec', 'exportTo').filter((each) => typeof each === 'string'));
}

/** The namespaces that may see a VirtualService: those of `exportTo`, or of the mesh's default, with `.` as the name of its own. */
function visibility(service: KubeObject, mesh: MeshConfig): ReadonlySet<string> {
  const own = exportTo(service);
  const given = own.size === 0 ? mesh.serviceExportTo : own;
  return new Set([...given].map((each) => (each === '.' ? (service.metadata.namespace ?? '') : each)));
}

/** Whether a delegate VirtualService is visible to a VirtualService of a namespace. */
export function isDelegateVisible(delegate: KubeObject, namespace: string, mesh: MeshConfig): boolean {
  const to = visibility(delegate, mesh);
  return to.has('*') || to.has(namespace);
}

/**
 * The VirtualServices that a gateway sees, in the order in which istiod merges those of one host: the private ones of the
 * gateway's own namespace, those exported to that namespace by name, then those that everybody sees, of which HTTPRoutes of the
 * gateway's own namespace come first.
 *
 * @param services the oldest first
 */
export function visibleServices(
  services: readonly KubeObject[],
  namespace: string,
  mesh: MeshConfig,
): KubeObject[] {
  const named = services.filter((service) => {
    const to = visibility(service, mesh);
    return !to.has('*') && to.has(namespace);
  });
  const isOwn = ({ metadata }: KubeObject): boolean => metadata.namespace === namespace;
  const open = services.filter((service) => visibility(service, mesh).has('*'));
  const isPreferred = (service: KubeObject): boolean => hasGatewaySemantics(service) && isOwn(service);
  return [
    ...named.filter(isOwn),
    ...named.filter((service) => !isOwn(service)),
    ...open.filter(isPreferred),
    ...open.filter((service) => !isPreferred(service)),
  ];
}
