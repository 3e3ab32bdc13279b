import { CanaryError } from '../../core/errors.ts';
import { theInput } from '../../core/wording.ts';
import { routesToService } from '../routes-to-service.ts';
import { nameOf } from '../../kubernetes/objects.ts';
import type { Observation } from '../observation.ts';
import { gatewaysOf, isDelegate } from '../../istio/virtual-services.ts';
import { delegationRemedy } from '../delegation-remedy.ts';

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
    `There is no VirtualService ${namespace}/${traffic.virtualService} in ${clusters}, but ${nameOf(first.virtualService)} leads to ${app} there already. The release would open a second entrance next to it, for every host (*). ${delegationRemedy(observed, first.virtualService)} To open a second entrance anyway, set ${theInput('hosts')} to its hosts.`,
  );
}
