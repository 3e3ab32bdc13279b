import type { Target } from './target.ts';

/**
 * The address at which a person can open the service: that of the first ingress which requests reach directly, with the host and path
 * of the samples. Without the query, which may contain a credential.
 *
 * @returns undefined where every ingress is reached through an API server, or there is none
 */
export function pageUrlOf(targets: readonly Target[]): string | undefined {
  const target = targets.find(({ gateway }) => gateway === undefined);
  if (target === undefined) return undefined;
  const url = new URL(target.url);
  [url.pathname = '/'] = target.path.split(/[?#]/, 1);
  // Keeps the port of the ingress unless the host has its own.
  if (target.host !== undefined) url.host = target.host;
  return url.href;
}
