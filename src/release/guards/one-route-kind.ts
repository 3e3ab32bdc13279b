import { CanaryError } from '../../core/errors.ts';
import { theInput } from '../../core/wording.ts';
import { listenersFor } from '../../gateway-api/attachment.ts';
import { hostsOverlap } from '../../gateway-api/hostnames.ts';
import type { HTTPRoute } from '../../gateway-api/objects.ts';
import { gatewayParents, parentKey, parentsOf } from '../../gateway-api/parents.ts';
import { routesTo } from '../../istio/routes.ts';
import { gatewaysOf } from '../../istio/virtual-services.ts';
import { keyOf, nameOf } from '../../kubernetes/objects.ts';
import type { VirtualService } from '../../kubernetes/objects.ts';
import { sharesListener } from '../merged-gateways.ts';
import type { Release } from '../release.ts';
import type { ClusterState } from '../state.ts';

/**
 * Refuses a service that a VirtualService and an HTTPRoute both serve for one host, through the same gateway pods and port: Istio puts the
 * routes of both in one list by age, so the weights of one of them would hold for nobody, or for some of the paths. Two that enter by
 * different gateways are in nobody's way.
 *
 * @throws CanaryError that names both, and how the release gets down to one
 */
export function assertOneRouteKind(release: Release, state: ClusterState, route: HTTPRoute): void {
  const hosts = route.spec.hostnames ?? [];
  const other = virtualServiceBeside(release, state, route);
  if (other === undefined) return;
  throw new CanaryError(
    `${nameOf(other)} and ${nameOf(route)} in ${state.name} both lead to ${release.app} for ${hosts.join(', ') || 'every host'}: Istio puts the routes of both in one list by age, so the weights of one would not hold. Once ${nameOf(route)} has the same weights, delete ${nameOf(other)}; or delete the HTTPRoute to go on with the VirtualService.`,
  );
}

/**
 * The same where the HTTPRoute is yet to be made: beside a VirtualService, it would hold for nobody.
 *
 * @param planned the HTTPRoute, with the hosts and parents that it will have
 * @throws CanaryError that names the VirtualService
 */
export function assertNoVirtualService(release: Release, state: ClusterState, planned: HTTPRoute): void {
  const other = virtualServiceBeside(release, state, planned);
  if (other === undefined) return;
  throw new CanaryError(
    `${nameOf(other)} in ${state.name} leads to ${release.app}, and there is no HTTPRoute ${release.namespace}/${release.traffic.httpRoute ?? release.app} there yet: beside the VirtualService its weights would not hold. Move ${release.app} in ${state.name} to an HTTPRoute by hand first (docs/gateway-api.md, "Moving from a VirtualService"), or leave ${theInput('http-route')} out and release by a VirtualService in every cluster.`,
  );
}

/** A VirtualService by which users of one of the route's hosts reach the service through a gateway that may be the route's, too. */
function virtualServiceBeside(
  release: Release,
  { traffic, gatewayApi, namespace }: ClusterState,
  route: HTTPRoute,
): VirtualService | undefined {
  if (traffic === undefined || gatewayApi === undefined) return undefined;
  const { gateways } = gatewayApi;
  const parents = parentsOf(route, gateways);
  const known = new Set(parents.map(({ metadata }) => keyOf(metadata)));
  const isUnknown =
    route.spec.parentRefs === undefined ||
    gatewayParents(route).some((parent) => !known.has(parentKey(route, parent)));
  const namespaceLabels = namespace?.metadata.labels;
  const ways = parents.flatMap((gateway) =>
    listenersFor({ route, gateway, namespaceLabels, state: gatewayApi }).map((listener) => ({
      gateway,
      listener,
    })),
  );
  return traffic.virtualServices.find(
    (vs) =>
      routesTo(vs, release).length > 0 &&
      gatewaysOf(vs).length > 0 &&
      hostsOverlap(route.spec.hostnames ?? [], vs.spec.hosts ?? []) &&
      (isUnknown || sharesListener(vs, ways, traffic, gatewayApi)),
  );
}
