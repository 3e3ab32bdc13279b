import { CanaryError } from '../../core/errors.ts';
import type { ClusterName } from '../../core/names.ts';
import { theInput } from '../../core/wording.ts';
import { routesTo } from '../../istio/routes.ts';
import type { TrafficState } from '../../istio/traffic-state.ts';
import { delegatesTo } from '../../istio/virtual-services.ts';
import { nameOf } from '../../kubernetes/objects.ts';
import type { VirtualService } from '../../kubernetes/objects.ts';
import type { Release } from '../release.ts';

export function assertVirtualServiceLeadsHere(
  release: Release,
  { virtualServices }: TrafficState,
  cluster: ClusterName,
  first: VirtualService | undefined,
): void {
  const { app, namespace, traffic } = release;
  const target = first === undefined ? undefined : delegateWithRoutes(release, first, virtualServices);
  if (first !== undefined && target !== undefined) {
    throw new CanaryError(
      `${nameOf(first)} in ${cluster} leaves the routes to ${app} to its delegate ${target.metadata.name}. Set ${theInput('virtual-service')} to ${target.metadata.name}.`,
    );
  }
  const other = virtualServices.find((vs) => routesTo(vs, release).length > 0);
  if (first !== undefined || other === undefined) return;
  throw new CanaryError(
    `There is no VirtualService ${namespace}/${traffic.virtualService} in ${cluster}, but ${nameOf(other)} routes to ${app}. Set ${theInput('virtual-service')} to ${other.metadata.name}.`,
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
