/** Whether two lists of hosts have any host in common; an empty list takes every host. `*.example.com` stands for any subdomain. */
export function hostsOverlap(a: readonly string[], b: readonly string[]): boolean {
  return a.length === 0 || b.length === 0 || a.some((one) => b.some((other) => isCommonHost(one, other)));
}

function isCommonHost(a: string, b: string): boolean {
  const [one, other] = [a.toLowerCase(), b.toLowerCase()];
  return one === other || takesHost(one, other) || takesHost(other, one);
}

/** Whether a host, maybe with `*.`, takes a name; `*` takes all. */
function takesHost(pattern: string, name: string): boolean {
  if (pattern === '*') return true;
  return pattern.startsWith('*.') ? name.replace(/^\*/, '').endsWith(pattern.slice(1)) : pattern === name;
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
    .filter((pattern) => takesHost(pattern, name))
    .map((pattern) => (pattern === name ? 1_000 : pattern.length));
  return Math.max(-1, ...ranks);
}
