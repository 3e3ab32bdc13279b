import type { TrafficApi } from './traffic-api.ts';
import { REVISION_HEADER } from '../core/headers.ts';
import { managedRoutes } from '../istio/managed-routes.ts';
import { withPreviews, withWeights } from '../istio/route-edits.ts';
import { managedVersions, managedWeights } from '../istio/route-weights.ts';
import { previewedVersions, routesTo, streamsTo } from '../istio/routes.ts';
import type { VirtualService } from '../kubernetes/objects.ts';

/** Weights between subsets in the HTTP, TCP and TLS routes of Istio's VirtualServices. */
export const VIRTUAL_SERVICE_API: TrafficApi<VirtualService> = {
  weights: (vs, { service, routes }, recorded) => managedWeights(vs, service, routes, recorded),
  versions: (vs, { service, routes }) => managedVersions(vs, service, routes),
  lacksRoute: (vs, { service, routes }) =>
    managedRoutes(vs, service, routes).length === 0 && streamsTo(vs, service).length === 0,
  withWeights,
  withPreviews,
  isPreviewed: (vs, service, version) =>
    previewedVersions(vs, service).includes(version) || routesTo(vs, service).length === 0,
  revision: (vs, { service, routes }) => {
    const [route] = managedRoutes(vs, service, routes);
    const marks = (route?.route ?? []).map(({ headers }) => headers?.response?.set?.[REVISION_HEADER]);
    return marks.find((mark) => mark !== undefined);
  },
};
