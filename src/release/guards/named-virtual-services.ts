import { CanaryError } from '../../core/errors.ts';
import type { ClusterName } from '../../core/names.ts';
import { routesTo, streamsTo } from '../../istio/routes.ts';
import type { TrafficState } from '../../istio/traffic-state.ts';
import { delegatesTo } from '../../istio/virtual-services.ts';
import { nameOf } from '../../kubernetes/objects.ts';
import type { VirtualService } from '../../kubernetes/objects.ts';
import { namedVirtualServices } from '../release.ts';
import type { Release } from '../release.ts';

/**
 * The VirtualServices of the release in a config cluster, in the order named; the first is undefined where it is still to be
 * made.
 *
 * @throws CanaryError where another one holds the service's traffic, a companion is missing, or none of them has an HTTP route
 */
export function virtualServicesOf(
  release: Release,
  traffic: TrafficState,
  cluster: ClusterName,
): readonly (VirtualService | undefined)[] {
  const [first, ...others] = namedVirtualServices(release).map((name) =>
    traffic.virtualServices.find(({ metadata }) => metadata.name === name),
  );
  assertLeadsHere(release, traffic, cluster, first);
  for (const [i, companion] of others.entries()) {
    const name = `VirtualService ${release.namespace}/${release.traffic.companions?.[i] ?? ''}`;
    const remedy = `Correct the input virtual-service, or give it a route to ${release.app} there first: of those named, only the first is made.`;
    if (companion === undefined) throw new CanaryError(`There is no ${name} in ${cluster}. ${remedy}`);
    if (routesTo(companion, release).length + streamsTo(companion, release).length === 0)
      throw new CanaryError(`${name} in ${cluster} does not lead to ${release.app}. ${remedy}`);
  }
  const standing = [first, ...others].filter((vs) => vs !== undefined);
  assertHttp(release, cluster, standing);
  return [first, ...others];
}
function assertLeadsHere(
  release: Release,
  { virtualServices }: TrafficState,
  cluster: ClusterName,
  first: VirtualService | undefined,
): void {
  const { app, namespace, traffic } = release;
  const target = first === undefined ? undefined : delegateWithRoutes(release, first, virtualServices);
  if (first !== undefined && target !== undefined) {
    throw new CanaryError(
      `${nameOf(first)} in ${cluster} leaves the routes to ${app} to its delegate ${target.metadata.name}. Set the input virtual-service to ${target.metadata.name}.`,
    );
  }
  const other = virtualServices.find((vs) => routesTo(vs, release).length > 0);
  if (first !== undefined || other === undefined) return;
  throw new CanaryError(
    `There is no VirtualService ${namespace}/${traffic.virtualService} in ${cluster}, but ${nameOf(other)} routes to ${app}. Set the input virtual-service to ${other.metadata.name}.`,
  );
}
/** The delegate that leads to the service, of a VirtualService that does not do so itself. */
function delegateWithRoutes(
  release: Release,
  root: VirtualService,
  all: readonly VirtualService[],
): VirtualService | undefined {
  if (routesTo(root, release).length > 0) return undefined;
  return all.find((vs) => delegatesTo(root, vs) && routesTo(vs, release).length > 0);
}
/** The shares are looked at by HTTP requests: weights that no request can show are never a pass. */
function assertHttp(release: Release, cluster: ClusterName, standing: readonly VirtualService[]): void {
  const [first] = standing;
  const leading = standing.filter((vs) => routesTo(vs, release).length + streamsTo(vs, release).length > 0);
  if (first === undefined || leading.length === 0) return;
  if (leading.some((vs) => routesTo(vs, release).length > 0)) return;
  throw new CanaryError(
    `${leading.map(nameOf).join(', ')} in ${cluster} leads to ${release.app} by TCP or TLS routes alone. What users get is looked at by HTTP requests, so such a split cannot be verified: name a VirtualService with an HTTP route as well (input virtual-service).`,
  );
}
