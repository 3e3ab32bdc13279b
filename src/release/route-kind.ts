import { previewRulesOf, rulesTo } from '../gateway-api/rules.ts';
import type { HTTPRoute } from '../gateway-api/objects.ts';
import { gatewayKey } from '../istio/gateways.ts';
import { routesTo, streamsTo } from '../istio/routes.ts';
import type { Release } from './release.ts';
import { namedVirtualServices } from './release.ts';
import type { ClusterState, FleetState } from './state.ts';
import type { RouteKind } from './traffic-api.ts';
import { everyRoute } from './version-services.ts';

/**
 * The kind of routes that hold the weights of a release, the same in all clusters: HTTPRoutes where the input http-route names one, where
 * the service is served by one, and where nothing serves it yet and the input gateway names a Gateway of the Gateway API.
 */
export function routeKindOf(release: Release, fleet: FleetState): RouteKind {
  if (release.traffic.httpRoute !== undefined) return 'HTTPRoute';
  const states = release.configClusters.flatMap((name) => fleet.get(name) ?? []);
  if (states.some((state) => isHeldByVirtualService(release, state))) return 'VirtualService';
  if (states.some((state) => httpRoutesTo(release, fleet, state).length > 0)) return 'HTTPRoute';
  return states.some((state) => hasKubeGateway(release, state)) ? 'HTTPRoute' : 'VirtualService';
}

/** The HTTPRoutes of the release's namespace that lead to the service or to one of its versions. */
export function httpRoutesTo(
  release: Release,
  fleet: FleetState,
  { gatewayApi }: ClusterState,
): readonly HTTPRoute[] {
  const routes = (gatewayApi?.httpRoutes ?? []).filter(
    ({ metadata }) => metadata.namespace === release.namespace,
  );
  // The Services of all clusters are compared only where a route may name one.
  if (routes.length === 0) return [];
  const choice = everyRoute(release, fleet);
  return routes.filter(
    (route) =>
      // Preview rules alone are those of a first install that was cut off.
      rulesTo(route, choice).length + previewRulesOf(route, choice).length > 0,
  );
}

/** Whether a VirtualService leads to the service: one that the inputs name, or any of the namespace. */
function isHeldByVirtualService(release: Release, { traffic }: ClusterState): boolean {
  const names = namedVirtualServices(release);
  return (traffic?.virtualServices ?? []).some(
    (vs) =>
      routesTo(vs, release).length + streamsTo(vs, release).length > 0 ||
      (names.includes(vs.metadata.name) && (vs.spec.http ?? []).length === 0),
  );
}

/** Whether the input gateway names a Gateway of the Gateway API, and none of Istio's. */
function hasKubeGateway({ traffic, namespace }: Release, state: ClusterState): boolean {
  const { gateway, gatewayApi } = traffic;
  if (gateway === undefined || gatewayApi === 'istio') return false;
  if (gatewayApi === 'gateway-api') return true;
  const key = gatewayKey(gateway, namespace);
  const isMeant = ({ metadata }: { readonly metadata: { name: string; namespace?: string } }): boolean =>
    metadata.name === key.name && metadata.namespace === key.namespace;
  return state.gatewayApi?.gateways.some(isMeant) === true && state.traffic?.gateways.some(isMeant) !== true;
}
