import { coversService } from '../istio/destination-rules.ts';
import { namesService, routesTo, destinationsTo } from '../istio/routes.ts';
import type { TrafficEverywhere } from '../istio/traffic-state.ts';
import { delegatesTo } from '../istio/virtual-services.ts';
import type { VirtualService, DestinationRule } from '../kubernetes/objects.ts';
import { namedVirtualServices } from './release.ts';
import type { Release } from './release.ts';

/**
 * Whether the configuration of the mesh may decide which traffic objects hold for the service: where a VirtualService other than
 * those of the release leads to it and has no `exportTo`, where a DestinationRule of another namespace is for it, and where a
 * route of the release names no subset yet, so that nothing shows whether the gateways see the rules beside it.
 */

export function dependsOnMesh(
  release: Release,
  { virtualServices, destinationRules }: TrafficEverywhere,
): boolean {
  const names = namedVirtualServices(release);
  const isOwn = ({ metadata }: VirtualService | DestinationRule): boolean =>
    metadata.namespace === release.namespace;
  const leading = virtualServices.filter((vs) => namesService(vs, release));
  const isOfRelease = (vs: VirtualService): boolean => isOwn(vs) && names.includes(vs.metadata.name);
  const open = virtualServices.some(
    (vs) =>
      !isOfRelease(vs) &&
      (vs.spec.exportTo ?? []).length === 0 &&
      leading.some((one) => one === vs || (!isOfRelease(one) && delegatesTo(vs, one))),
  );
  const foreign = destinationRules.some((rule) => !isOwn(rule) && coversService(release, rule));
  const bare = leading
    .filter(isOfRelease)
    .flatMap((vs) => routesTo(vs, release).flatMap((route) => destinationsTo(vs, route, release)))
    .some(({ destination }) => destination.subset === undefined);
  return open || foreign || bare;
}
