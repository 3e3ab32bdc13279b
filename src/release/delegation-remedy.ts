import { isDelegate } from '../istio/virtual-services.ts';
import { nameOf } from '../kubernetes/objects.ts';
import type { VirtualService } from '../kubernetes/objects.ts';
import type { Observation } from './observation.ts';
import { namedVirtualServices } from './release.ts';

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
  return `To let the release split what ${nameOf(vs)} serves, create a VirtualService ${namespace}/${name} without hosts and gateways that contains its route to ${app}; then, in ${root}, write delegate: {name: ${name}, namespace: ${namespace}} ${inPlace}${added}.`;
}
