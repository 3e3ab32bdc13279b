import { CanaryError } from '../../core/errors.ts';
import { routesToService } from '../routes-to-service.ts';
import { nameOf } from '../../kubernetes/objects.ts';
import type { VirtualService } from '../../kubernetes/objects.ts';
import type { Observation } from '../observation.ts';
import { gatewaysOf, isDelegate } from '../../istio/virtual-services.ts';
import { namedVirtualServices } from '../release.ts';

/**
 * Refuses to open a second entrance for every host where users reach the service already, by a VirtualService of another
 * namespace: they would keep what they have, and the weights would hold for an entrance that nobody asked for.
 *
 * @throws CanaryError that tells how the release gets to split the entrance that exists
 */
export function assertNoSecondEntrance(observed: Observation): void {
  const { release, routes } = observed;
  if (release.traffic.hosts !== undefined) return;
  const anew = routes.filter(({ virtualService }) => virtualService === undefined);
  const found = routesToService(observed).filter(
    ({ cluster, virtualService: vs, what }) =>
      what === 'requests' &&
      anew.some((one) => one.cluster === cluster) &&
      (gatewaysOf(vs).length > 0 || isDelegate(vs)),
  );
  const [first] = found;
  if (first === undefined) return;
  const same = found.filter(({ virtualService: vs }) => nameOf(vs) === nameOf(first.virtualService));
  const clusters = [...new Set(same.map(({ cluster }) => cluster))].join(', ');
  const { namespace, traffic, app } = release;
  throw new CanaryError(
    `There is no VirtualService ${namespace}/${traffic.virtualService} in ${clusters}, but ${nameOf(first.virtualService)} leads to ${app} there already. The release would open a second entrance beside it, for every host (*). ${delegationRemedy(observed, first.virtualService)} To open a second entrance all the same, set the input hosts to those that it is for.`,
  );
}

/** How the release gets to split what a VirtualService of another namespace serves. */
export function delegationRemedy({ release, routes }: Observation, vs: VirtualService): string {
  const { app, namespace, traffic } = release;
  const taken = routes.some(({ virtualService }) => virtualService !== undefined);
  const name = taken ? `${app}-${vs.metadata.name}` : traffic.virtualService;
  const added = taken
    ? `, and add it to the release (virtual-service: ${[...namedVirtualServices(release), name].join(', ')})`
    : '';
  const root = isDelegate(vs) ? `the VirtualService that delegates to ${nameOf(vs)}` : nameOf(vs);
  const inPlace = isDelegate(vs)
    ? 'in place of the delegate that it names'
    : "in place of that route's own destinations";
  return `To let the release split what ${nameOf(vs)} serves, make a VirtualService ${namespace}/${name} without hosts and gateways that holds its route to ${app}; then, in ${root}, write delegate: {name: ${name}, namespace: ${namespace}} ${inPlace}${added}.`;
}
