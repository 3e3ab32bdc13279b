import type { ServiceKey } from '../core/names.ts';

/** Any host, or the start of a pattern such as `*.example.com`. */
export const ANY = '*';

/** The usual domain of the services of a cluster. */
export const MESH_DOMAIN = '.svc.cluster.local';

/**
 * Whether a host in an object of namespace `from` means the service, in a destination or a DestinationRule. Istio completes a
 * name without dots by the object's own namespace, and no other. The domain is not compared, since clusters may have their own.
 * Source: https://istio.io/latest/docs/reference/config/networking/virtual-service/#Destination; ResolveShortnameToFQDN in istiod
 */
export function isHostOf({ app, namespace }: ServiceKey, host: string, from: string | undefined): boolean {
  if (!host.includes('.')) return host === app && from === namespace;
  return host.startsWith(`${app}.${namespace}.svc.`);
}

/**
 * Whether a host is a name of the service that DNS completes and Istio does not: `app.namespace` or `app.namespace.svc`.
 * Clients may ask for it; a destination of that name leads nowhere, so its requests get 503.
 */
export function isPartialHostOf({ app, namespace }: ServiceKey, host: string): boolean {
  return host === `${app}.${namespace}` || host === `${app}.${namespace}.svc`;
}

/** The full name of the service in a cluster of the usual domain. */
export function fullHost({ app, namespace }: ServiceKey): string {
  return `${app}.${namespace}${MESH_DOMAIN}`;
}

/** The full name of a host without dots, which Istio completes for gateways as well as for sidecars. */
export function completeHost(host: string, namespace = 'default'): string {
  return host.includes('.') || host.includes(ANY) ? host : `${host}.${namespace}${MESH_DOMAIN}`;
}

/** Whether a pattern, such as `*` or `*.example.com`, covers a host or a narrower pattern. */
export function hostCovers(pattern: string, host: string): boolean {
  return pattern.startsWith(ANY) ? host.endsWith(pattern.slice(1)) : pattern === host;
}

/** The narrower of two hosts where one covers the other; undefined where they have nothing in common. */
export function narrowerHost(a: string, b: string): string | undefined {
  if (hostCovers(b, a)) return a;
  return hostCovers(a, b) ? b : undefined;
}

/**
 * How specific the closest of some patterns is for a host, where Istio prefers the most specific; -1 where none covers it.
 *
 * @param host undefined: none is named, which only `*` covers
 */
export function hostSpecificity(patterns: readonly string[], host: string | undefined): number {
  const each = patterns.map((pattern) => {
    if (pattern === ANY) return 0;
    if (host === undefined || !hostCovers(pattern, host)) return -1;
    return pattern.startsWith(ANY) ? pattern.length : Infinity;
  });
  return Math.max(-1, ...each);
}
