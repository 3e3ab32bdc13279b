import { CanaryError } from '../core/errors.ts';
import type { ClusterName } from '../core/names.ts';
import { theInput } from '../core/wording.ts';
import { routesTo, streamsTo } from '../istio/routes.ts';
import type { TrafficState } from '../istio/traffic-state.ts';
import type { VirtualService } from '../kubernetes/objects.ts';
import { assertHasHttpRoute } from './guards/has-http-route.ts';
import { assertVirtualServiceLeadsHere } from './guards/virtual-service-leads-here.ts';
import { namedVirtualServices } from './release.ts';
import type { Release } from './release.ts';

/**
 * The VirtualServices of the release in a config cluster, in the order named; the first is undefined where it is still to be
 * made.
 *
 * @throws CanaryError where another one holds the service's traffic, a companion is missing, or none of them has an HTTP route
 */
export function releaseVirtualServices(
  release: Release,
  traffic: TrafficState,
  cluster: ClusterName,
): readonly (VirtualService | undefined)[] {
  const [first, ...others] = namedVirtualServices(release).map((name) =>
    traffic.virtualServices.find(({ metadata }) => metadata.name === name),
  );
  assertVirtualServiceLeadsHere(release, traffic, cluster, first);
  for (const [i, companion] of others.entries()) {
    const name = `VirtualService ${release.namespace}/${release.traffic.companions?.[i] ?? ''}`;
    const remedy = `Correct ${theInput('virtual-service')}, or add a route to ${release.app} to it first: of the named ones, only the first is created.`;
    if (companion === undefined) throw new CanaryError(`There is no ${name} in ${cluster}. ${remedy}`);
    if (routesTo(companion, release).length + streamsTo(companion, release).length === 0)
      throw new CanaryError(`${name} in ${cluster} does not lead to ${release.app}. ${remedy}`);
  }
  const standing = [first, ...others].filter((vs) => vs !== undefined);
  assertHasHttpRoute(release, cluster, standing);
  return [first, ...others];
}
