import { CanaryError } from '../../core/errors.ts';
import type { ClusterName } from '../../core/names.ts';
import { theInput } from '../../core/wording.ts';
import { routesTo, streamsTo, splitsService } from '../../istio/routes.ts';
import type { TrafficState } from '../../istio/traffic-state.ts';
import { nameOf } from '../../kubernetes/objects.ts';
import type { Observation } from '../observation.ts';
import type { Release } from '../release.ts';
import { trafficOf } from '../state.ts';

/**
 * Refuses to move some of the service's traffic and leave the rest: where the input virtual-service is not given, only one
 * VirtualService of the namespace may split the service.
 *
 * @throws CanaryError that names the others
 */
export function assertNoOtherSplit({ release, fleet, clusters }: Observation): void {
  for (const cluster of clusters) assertNoOtherIn(release, trafficOf(fleet, cluster), cluster);
}

function assertNoOtherIn(release: Release, traffic: TrafficState, cluster: ClusterName): void {
  if (release.traffic.companions !== undefined) return;
  const { virtualService } = release.traffic;
  const others = traffic.virtualServices.filter(
    (vs) =>
      vs.metadata.name !== virtualService &&
      [...routesTo(vs, release), ...streamsTo(vs, release)].some((route) =>
        splitsService(vs, route, release),
      ),
  );
  if (others.length === 0) return;
  const names = others.map(({ metadata }) => metadata.name).join(', ');
  throw new CanaryError(
    `Besides ${virtualService}, ${others.map(nameOf).join(', ')} in ${cluster} routes to versions of ${release.app}. Set ${theInput('virtual-service')} to those that should change together (${virtualService}, ${names}), or to only ${virtualService} to leave the others unchanged.`,
  );
}
