import type { KubeObject } from '../api/objects.ts';
import { arrayAt } from '../json.ts';

/** The namespaces that an object's `exportTo` names, as it is written: `*` is all, `.` its own. */
export function exportTo(object: KubeObject): ReadonlySet<string> {
  return new Set(arrayAt(object, 'spec', 'exportTo').filter((each) => typeof each === 'string'));
}

/** The namespaces that may see a VirtualService: those of `exportTo`, with `.` as the name of its own, all by default. */
function visibility(service: KubeObject): ReadonlySet<string> {
  const given = exportTo(service);
  if (given.size === 0) return new Set(['*']);
  return new Set([...given].map((each) => (each === '.' ? (service.metadata.namespace ?? '') : each)));
}

/** Whether a delegate VirtualService is visible to a VirtualService of a namespace. */
export function isDelegateVisible(delegate: KubeObject, namespace: string): boolean {
  const to = visibility(delegate);
  return to.has('*') || to.has(namespace);
}

/**
 * The VirtualServices that a gateway sees, in the order in which istiod merges those of one host: the private ones of the
 * gateway's own namespace, those exported to that namespace by name, then those that everybody sees.
 *
 * @param services the oldest first
 */
export function visibleServices(services: readonly KubeObject[], namespace: string): KubeObject[] {
  const named = services.filter((service) => {
    const to = visibility(service);
    return !to.has('*') && to.has(namespace);
  });
  const isOwn = ({ metadata }: KubeObject): boolean => metadata.namespace === namespace;
  return [
    ...named.filter(isOwn),
    ...named.filter((service) => !isOwn(service)),
    ...services.filter((service) => visibility(service).has('*')),
  ];
}
