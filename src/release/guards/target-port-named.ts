import type { Change } from '../../kubernetes/change.ts';
import { CanaryError } from '../../core/errors.ts';
import { theInput } from '../../core/wording.ts';
import { nameOf, selects } from '../../kubernetes/objects.ts';
import type { Deployment } from '../../kubernetes/objects.ts';
import type { Release } from '../release.ts';
import { httpPort, selectorOfService, serviceOf } from '../service-port.ts';
import type { FleetState } from '../state.ts';
import { portsIn } from '../container-ports.ts';

/** @throws CanaryError where the Service finds the port of users by a name that a workload of the plan does not have */
export function assertTargetPortNamed(
  release: Release,
  fleet: FleetState,
  workloads: readonly Change[],
): void {
  for (const { cluster, object } of workloads) {
    const state = fleet.get(cluster);
    const workload: Deployment = object;
    const template = workload.spec?.template;
    if (state === undefined || template === undefined) continue;
    if (!selects(selectorOfService(release, state), template.metadata?.labels)) continue;
    const served = httpPort(serviceOf(release, state)?.spec?.ports ?? [], release.workload.port);
    const name = served?.targetPort;
    if (typeof name !== 'string' || portsIn(template.spec).some((port) => port.name === name)) continue;
    throw new CanaryError(
      `${nameOf(object)} in ${cluster} has no container port named ${name}, which is the target of port ${String(served?.port)} of Service ${release.namespace}/${release.app}: its pods would get no requests. Give the port that name in ${theInput('manifests')}.`,
    );
  }
}
