import type { HttpRoute, RouteDestination, VirtualService } from '../../../src/kubernetes/objects.ts';
import { APP, HOST } from '../../support/objects.ts';

/**
 * What the action may change in a VirtualService, written down a second time and more simply than in `src/istio`, so that both can be
 * compared.
 */

export const isOurs = ({ destination: { host } }: RouteDestination): boolean => host === APP || host === HOST;

export const isOwnPreview = ({ name, route = [] }: HttpRoute): boolean =>
  typeof name === 'string' && name.startsWith('canary-preview-') && route.some(isOurs);

/** Everything but the managed pieces: preview routes of the service, and its destinations in the routes at these places. */
export function unmanaged(vs: VirtualService, managed: ReadonlySet<number>): string {
  const http = (vs.spec.http ?? [])
    .filter((route) => !isOwnPreview(route))
    .map((route, i) =>
      managed.has(i) ? { ...route, route: (route.route ?? []).filter((one) => !isOurs(one)) } : route,
    );
  const streams = Object.fromEntries(
    (['tcp', 'tls'] as const).flatMap((list) => {
      const routes = vs.spec[list];
      if (routes === undefined) return [];
      return [
        [
          list,
          routes.map((route) =>
            (route.route ?? []).some((one) => isOurs(one) && one.destination.subset !== undefined)
              ? { ...route, route: (route.route ?? []).filter((one) => !isOurs(one)) }
              : route,
          ),
        ],
      ];
    }),
  );
  return JSON.stringify({
    ...vs,
    spec: { ...vs.spec, ...(vs.spec.http === undefined ? {} : { http }), ...streams },
  });
}

/** A destination of the service without what the action sets in it. */
export function unset({ destination, weight: _, headers, ...rest }: RouteDestination): string {
  const set = Object.entries(headers?.response?.set ?? {}).filter(
    ([name]) => !['x-canary-version', 'x-canary-revision'].includes(name),
  );
  const { subset: _subset, ...where } = destination;
  const { response, ...otherHeaders } = headers ?? {};
  const { set: _set, ...others } = response ?? {};
  return JSON.stringify([where, rest, otherHeaders, others, set]);
}
