/** The domain of the cluster's services. */
const DOMAIN = 'svc.cluster.local';

/** The full host of an Istio object: a name without dots is a service in the object's namespace. */
export function fullHost(host: string, namespace: string): string {
  return host.includes('.') || host.startsWith('*') ? host : `${host}.${namespace}.${DOMAIN}`;
}

/** The service that a full host names. */
export function serviceOf(host: string): { readonly name: string; readonly namespace: string } | undefined {
  const [name = '', namespace = '', ...domain] = host.split('.');
  return domain.join('.') === DOMAIN ? { name, namespace } : undefined;
}

/** Whether a pattern (`*`, `*.example.com`, or a name) covers a host, which may be a pattern itself. */
export function covers(pattern: string, host: string): boolean {
  if (pattern === '*' || pattern === host) return true;
  return pattern.startsWith('*') && host.endsWith(pattern.slice(1)) && host.length >= pattern.length;
}

/** The narrower of two patterns where one covers the other. */
export function intersection(left: string, right: string): string | undefined {
  if (covers(left, right)) return right;
  return covers(right, left) ? left : undefined;
}
