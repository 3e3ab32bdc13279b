import type { RouteTarget } from '../core/route-target.ts';
import { isHttpRoute } from '../gateway-api/objects.ts';
import type { VirtualService } from '../kubernetes/objects.ts';
import { HTTP_ROUTE_API } from './http-route-api.ts';
import type { RouteObject } from './route-object.ts';
import type { RouteKind, TrafficApi } from './traffic-api.ts';
import { VIRTUAL_SERVICE_API } from './virtual-service-api.ts';

/** The way to read and edit each kind of routes, whichever objects there are. */
export const ROUTE_APIS: Readonly<Record<RouteKind, TrafficApi<RouteObject>>> = {
  VirtualService: forKind(VIRTUAL_SERVICE_API, isVirtualService),
  HTTPRoute: forKind(HTTP_ROUTE_API, isHttpRoute),
};

/** A release has routes of one kind: that of an object is checked where it goes in. */
function forKind<R extends RouteObject>(
  api: TrafficApi<R>,
  isOne: (object: RouteObject) => object is R,
): TrafficApi<RouteObject> {
  const own = (object: RouteObject): R => {
    if (!isOne(object)) throw new Error(`${object.kind} is no ${api.kind}`);
    return object;
  };
  const { detachments } = api;
  return {
    kind: api.kind,
    ...(detachments === undefined ? {} : { detachments: (object) => detachments(own(object)) }),
    weights: (object, ...rest) => api.weights(own(object), ...rest),
    versions: (object, choice) => api.versions(own(object), choice),
    weightsByRoute: (object, choice) => api.weightsByRoute(own(object), choice),
    lacksRoute: (object, choice) => api.lacksRoute(own(object), choice),
    hasRoute: (object, ...rest) => api.hasRoute(own(object), ...rest),
    routeNames: (object, choice) => api.routeNames(own(object), choice),
    isShared: (object, choice) => api.isShared(own(object), choice),
    hasEntrance: (object) => api.hasEntrance(own(object)),
    withWeights: (object, target: RouteTarget) => api.withWeights(own(object), target),
    withPreviews: (object, target: RouteTarget) => api.withPreviews(own(object), target),
    isPreviewed: (object, ...rest) => api.isPreviewed(own(object), ...rest),
    foreignMarks: (object, choice) => api.foreignMarks(own(object), choice),
    changedMarks: (object, choice) => api.changedMarks(own(object), choice),
    revision: (object, choice) => api.revision(own(object), choice),
  };
}

export function isVirtualService(object: RouteObject): object is VirtualService {
  return !isHttpRoute(object);
}
