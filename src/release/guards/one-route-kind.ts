import { CanaryError } from '../../core/errors.ts';
import { hostsOverlap } from '../../gateway-api/hostnames.ts';
import type { HTTPRoute } from '../../gateway-api/objects.ts';
import { routesTo } from '../../istio/routes.ts';
import { gatewaysOf } from '../../istio/virtual-services.ts';
import { nameOf } from '../../kubernetes/objects.ts';
import type { VirtualService } from '../../kubernetes/objects.ts';
import type { Release } from '../release.ts';
import type { ClusterState } from '../state.ts';

/**
 * Refuses a service that a VirtualService and an HTTPRoute both serve for one host: Istio puts the routes of both in one list by age, so
 * the weights of one of them would hold for nobody, or for some of the paths.
 *
 * @throws CanaryError that names both, and how the release gets down to one
 */
export function assertOneRouteKind(
  release: Release,
  { name, traffic }: ClusterState,
  route: HTTPRoute,
): void {
  const hosts = route.spec.hostnames ?? [];
  const other = virtualServiceFor(release, traffic, hosts);
  if (other === undefined) return;
  throw new CanaryError(
    `${nameOf(other)} and ${nameOf(route)} in ${name} both lead to ${release.app} for ${hosts.join(', ') || 'every host'}: Istio puts the routes of both in one list by age, so the weights of one would not hold. Once ${nameOf(route)} has the same weights, delete ${nameOf(other)}; or delete the HTTPRoute to go on with the VirtualService.`,
  );
}

/**
 * The same where the HTTPRoute is yet to be made: beside a VirtualService, it would hold for nobody.
 *
 * @param hosts of the HTTPRoute; none: every host
 * @throws CanaryError that names the VirtualService
 */
export function assertNoVirtualService(
  release: Release,
  { name, traffic }: ClusterState,
  hosts: readonly string[],
): void {
  const other = virtualServiceFor(release, traffic, hosts);
  if (other === undefined) return;
  throw new CanaryError(
    `${nameOf(other)} in ${name} leads to ${release.app}, and there is no HTTPRoute ${release.namespace}/${release.traffic.httpRoute ?? release.app} there yet: beside the VirtualService its weights would not hold. Move ${release.app} in ${name} to an HTTPRoute by hand first (docs/gateway-api.md, "Moving from a VirtualService"), or leave the input http-route out and release by a VirtualService in every cluster.`,
  );
}

/** A VirtualService by which users of one of the hosts reach the service through a gateway. */
function virtualServiceFor(
  release: Release,
  traffic: ClusterState['traffic'],
  hosts: readonly string[],
): VirtualService | undefined {
  return traffic?.virtualServices.find(
    (vs) =>
      routesTo(vs, release).length > 0 &&
      gatewaysOf(vs).length > 0 &&
      hostsOverlap(hosts, vs.spec.hosts ?? []),
  );
}
