/** Every host. */
export const ANY_HOST = '*';

/**
 * The narrower of two hostnames where one includes the other; undefined where they have no host in common. `*.example.com` is any name
 * under example.com, not example.com itself.
 * Source: https://gateway-api.sigs.k8s.io/reference/spec/#hostname
 */
export function narrowerHostname(a: string, b: string): string | undefined {
  const [one, other] = [a.toLowerCase(), b.toLowerCase()];
  if (isWithin(one, other)) return one;
  return isWithin(other, one) ? other : undefined;
}

/** Whether two lists of hosts have any host in common; an empty list is every host. */
export function hostsOverlap(a: readonly string[], b: readonly string[]): boolean {
  return (
    a.length === 0 ||
    b.length === 0 ||
    a.some((one) => b.some((other) => narrowerHostname(one, other) !== undefined))
  );
}

function isWithin(name: string, pattern: string): boolean {
  if (pattern === ANY_HOST || pattern === name) return true;
  return pattern.startsWith('*.') && name.endsWith(pattern.slice(1)) && name !== pattern.slice(1);
}

/**
 * How closely the hostnames of a route fit a host: an exact one most, then the longest with `*.`, then a route for every host (0).
 * Negative: they do not take it.
 */
export function hostnameRank(hostnames: readonly string[], host: string | undefined): number {
  if (hostnames.length === 0) return 0;
  if (host === undefined) return 0;
  const name = host.toLowerCase().replace(/:\d+$/, '');
  const ranks = hostnames
    .map((pattern) => pattern.toLowerCase())
    .filter((pattern) => isWithin(name, pattern))
    .map((pattern) => (pattern === name ? 1_000 : pattern.length));
  return Math.max(-1, ...ranks);
}
