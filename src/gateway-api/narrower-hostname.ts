/** Every host. */
export const ANY_HOST = '*';

/**
 * The narrower of two hostnames where one takes the other; undefined where they have no host in common. `*.example.com` stands for any
 * name under example.com, not for example.com itself.
 * Source: https://gateway-api.sigs.k8s.io/reference/spec/#hostname
 */
export function narrowerHostname(a: string, b: string): string | undefined {
  if (isWithin(a, b)) return a;
  return isWithin(b, a) ? b : undefined;
}

function isWithin(name: string, pattern: string): boolean {
  if (pattern === ANY_HOST || pattern === name) return true;
  return pattern.startsWith('*.') && name.endsWith(pattern.slice(1)) && name !== pattern.slice(1);
}
