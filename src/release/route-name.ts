import { httpRouteName } from './release-http-route.ts';
import type { Release } from './release.ts';
import type { RouteKind } from './traffic-api.ts';

/** The name of the object that holds the weights, or is to hold them. */
export function routeNameOf(release: Release, kind: RouteKind): string {
  return kind === 'HTTPRoute' ? httpRouteName(release) : release.traffic.virtualService;
}
