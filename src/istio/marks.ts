import { REVISION_HEADER, isMarkHeader } from '../core/headers.ts';
import type { HttpRoute, RouteDestination } from '../kubernetes/objects.ts';

/** The revision that a destination sets in its responses; a header may be written in any case. */
export function revisionOf({ headers }: RouteDestination): string | undefined {
  return Object.entries(headers?.response?.set ?? {}).find(
    ([name]) => name.toLowerCase() === REVISION_HEADER,
  )?.[1];
}

/**
 * The response headers of the release that a route changes for all its destinations: Envoy applies that after the headers of a weighted
 * destination.
 * Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#custom-request-response-headers
 */
export function changedMarks({ headers }: HttpRoute): readonly string[] {
  const { set = {}, add = {}, remove = [] } = headers?.response ?? {};
  return [...Object.keys(set), ...Object.keys(add), ...remove].filter(isMarkHeader);
}
