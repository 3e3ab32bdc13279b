import { gatewayKey } from './gateways.ts';
import type { MeshConfig } from './mesh-config.ts';
import { keyOf, nameOf } from '../kubernetes/objects.ts';
import type { VirtualService } from '../kubernetes/objects.ts';
import { namesService } from './routes.ts';
import type { ServiceKey } from '../core/names.ts';
import type { TrafficState } from './traffic-state.ts';
import { MESH, delegatesTo, gatewaysOf, isDelegate } from './virtual-services.ts';

/** `namespace/name` of each Gateway that a VirtualService is bound to. */
export function gatewayNamesOf(vs: VirtualService): readonly string[] {
  return gatewaysOf(vs).map((reference) => {
    const { namespace, name } = gatewayKey(reference, vs.metadata.namespace ?? '');
    return `${namespace}/${name}`;
  });
}

/**
 * The namespaces whose proxies may use a VirtualService; `all` for every one. Of the values of the mesh's default Istio follows
 * `.` and `*` only, in this order.
 * Source: https://istio.io/latest/docs/reference/config/networking/virtual-service/#VirtualService (exportTo)
 */
function namespacesOf(
  { spec, metadata }: VirtualService,
  { virtualServices: byDefault }: MeshConfig,
): 'all' | readonly string[] {
  const { exportTo = [] } = spec;
  if (exportTo.length === 0 && byDefault.includes('.')) return [metadata.namespace ?? ''];
  if (exportTo.length === 0) return byDefault.includes('*') ? 'all' : [];
  if (exportTo.includes('*')) return 'all';
  if (exportTo.includes('~')) return [];
  return exportTo.map((namespace) => (namespace === '.' ? (metadata.namespace ?? '') : namespace));
}

/** Whether a VirtualService is visible in some namespaces only. */
function isRestricted(vs: VirtualService, mesh: MeshConfig): boolean {
  return namespacesOf(vs, mesh) !== 'all';
}

function isExportedTo(vs: VirtualService, namespace: string, mesh: MeshConfig): boolean {
  const namespaces = namespacesOf(vs, mesh);
  return namespaces === 'all' || namespaces.includes(namespace);
}

/**
 * Whether any proxy uses the routes of a VirtualService: a sidecar of a namespace that it is exported to, or a gateway there.
 * A delegate is used through a root that may see it; Istio ignores delegates of delegates. Where it is not known in which
 * namespaces a gateway runs, it counts as used.
 */
export function isUsed(
  vs: VirtualService,
  traffic: Pick<TrafficState, 'everywhere' | 'roots' | 'gatewayNamespaces' | 'mesh'>,
): boolean {
  const { everywhere, roots, mesh } = traffic;
  if (isDelegate(vs)) {
    const all = [
      ...new Map([...everywhere.virtualServices, ...roots].map((one) => [nameOf(one), one])).values(),
    ];
    return all.some(
      (root) =>
        !isDelegate(root) &&
        delegatesTo(root, vs) &&
        isExportedTo(vs, root.metadata.namespace ?? '', mesh) &&
        isUsed(root, traffic),
    );
  }
  const { gateways = [] } = vs.spec;
  if (gateways.length === 0 || gateways.includes(MESH)) return namespacesOf(vs, mesh).length > 0;
  return gatewayNamesOf(vs).some((name) => isSeenBy(vs, name, traffic) !== false);
}

/**
 * Whether the pods of a Gateway see a VirtualService that is bound to it; undefined where it is not known in which namespaces
 * they run.
 */
export function isSeenBy(
  vs: VirtualService,
  gateway: string,
  { gatewayNamespaces, mesh }: Pick<TrafficState, 'gatewayNamespaces' | 'mesh'>,
): boolean | undefined {
  const namespaces = namespacesOf(vs, mesh);
  if (namespaces === 'all') return true;
  if (namespaces.length === 0) return false;
  return gatewayNamespaces.get(gateway)?.some((namespace) => namespaces.includes(namespace));
}

/**
 * The Gateways that a VirtualService is bound to where none of them exists, so that nobody enters by it. Empty where one exists,
 * where sidecars use it as well, or where one is of another namespace than the release's, of which not all are read.
 */
export function absentGateways(
  vs: VirtualService,
  { namespace }: ServiceKey,
  { gateways }: Pick<TrafficState, 'gateways'>,
): readonly string[] {
  const names = gatewayNamesOf(vs);
  if (vs.spec.gateways?.includes(MESH) === true) return [];
  const existing = gateways.map(({ metadata }) => keyOf(metadata));
  const isAbsent = (name: string): boolean => name.startsWith(`${namespace}/`) && !existing.includes(name);
  return names.every(isAbsent) ? names : [];
}

/** `namespace/name` of the Gateways that decide by where they run whether what leads to the service is used. */
export function boundGateways(
  service: ServiceKey,
  virtualServices: readonly VirtualService[],
  mesh: MeshConfig,
): readonly string[] {
  const leading = virtualServices.filter((vs) => namesService(vs, service));
  const restricted = virtualServices.filter(
    (vs) => isRestricted(vs, mesh) && leading.some((one) => one === vs || delegatesTo(vs, one)),
  );
  return [...new Set(restricted.flatMap(gatewayNamesOf))];
}

/**
 * `namespace/name` of the Gateways that decide by where they run whether another VirtualService of theirs takes requests from
 * the entrances of a release: those that one with `exportTo` shares with them. Seldom any.
 */
export function sharedGateways(
  virtualServices: readonly VirtualService[],
  entrances: readonly VirtualService[],
  mesh: MeshConfig,
): readonly string[] {
  const others = virtualServices.filter(
    (vs) => !entrances.includes(vs) && isRestricted(vs, mesh) && namespacesOf(vs, mesh).length > 0,
  );
  const theirs = new Set(others.flatMap(gatewayNamesOf));
  return [...new Set(entrances.flatMap(gatewayNamesOf))].filter((name) => theirs.has(name));
}
