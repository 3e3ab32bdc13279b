import { isAny } from './checks.ts';
import type { Call } from './connection.ts';

/** A port of a pod that the API server reaches. */
export interface PodPort {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

/**
 * A GET to a server in a pod, through the API server, by the permission `get pods/proxy`.
 *
 * @param path of the server, beginning with `/`
 * @param headers the API server passes them on, except for those of a login
 */
export function podCall(
  { namespace, name, port }: PodPort,
  path: string,
  query: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>>,
): Call {
  return {
    method: 'GET',
    path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}:${String(port)}/proxy${path}`,
    query,
    headers,
    tried: `Asking port ${String(port)} of pod ${namespace}/${name}`,
    check: isAny,
  };
}
