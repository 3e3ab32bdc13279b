import { CanaryError } from '../../core/errors.ts';
import { namesService } from '../../istio/routes.ts';
import type { ServiceKey } from '../../core/names.ts';
import { inputLabel } from '../../core/wording.ts';
import type { Change } from '../../kubernetes/change.ts';
import { isOursAlone } from '../../kubernetes/field-managers.ts';
import { nameOf } from '../../kubernetes/objects.ts';
import type { Service, ServicePort } from '../../kubernetes/objects.ts';
import type { Release } from '../release.ts';
import type { ClusterState, FleetState } from '../state.ts';

/**
 * A port of the Service is shared by all who route to it: taken away, or led to another port of the pods, it fails their
 * requests at once.
 *
 * @throws CanaryError where a route leads to a port that the workloads of the plan would change so
 */
export function assertServicePortsStay(
  release: Release,
  fleet: FleetState,
  workloads: readonly Change[],
): void {
  for (const { cluster, object } of workloads) {
    const standing = fleet.get(cluster)?.service;
    if (standing === undefined || object.kind !== 'Service' || nameOf(object) !== nameOf(standing)) continue;
    const planned: Service = object;
    for (const port of standing.spec?.ports ?? []) {
      const users = [...fleet.values()].flatMap((state) => usersOf(state, release, port.port));
      if (users.length === 0) continue;
      const where = `${nameOf(standing)} in ${cluster}`;
      const routes = `${[...new Set(users)].join(', ')} lead${users.length === 1 ? 's' : ''} users there`;
      const next = planned.spec?.ports?.find((one) => isSamePort(one, port));
      if (next === undefined && isOursAlone(standing, portFieldPath(port))) {
        const to = (planned.spec?.ports ?? []).map((one) => String(one.port)).join(', ') || 'none';
        throw new CanaryError(
          `${where} would lose its port ${String(port.port)} for ${to} (${inputLabel('port')}), but ${routes}. Leave the port at ${String(port.port)}; or add the port ${to} to the Service by hand, change the routes to it, and then set the input.`,
        );
      }
      const target = port.targetPort ?? port.port;
      const nextTarget = next && (next.targetPort ?? next.port);
      if (nextTarget !== undefined && nextTarget !== target) {
        throw new CanaryError(
          `Port ${String(port.port)} of ${where} would lead to port ${String(nextTarget)} of the pods instead of ${String(target)} (${inputLabel('target-port')}), but ${routes}, and the running pods listen on ${String(target)}. Leave it at ${String(target)}; versions that listen on different ports need a Service of your own that leads to a port by its name.`,
        );
      }
    }
  }
}

/** The VirtualServices of a cluster that lead to a port of the service, each with its cluster. */
function usersOf({ name, traffic }: ClusterState, service: ServiceKey, port: number): readonly string[] {
  // A destination without a port leads to whichever there is; mirrors count as well.
  const leadsToPort = (destination: object): boolean => (numberIn(destination) ?? port) === port;
  return [...(traffic?.virtualServices ?? []), ...(traffic?.roots ?? [])]
    .filter((vs) => namesService(vs, service, leadsToPort))
    .map((vs) => `${nameOf(vs)} in ${name}`);
}

function isSamePort(a: ServicePort, b: ServicePort): boolean {
  return a.port === b.port && (a.protocol ?? 'TCP') === (b.protocol ?? 'TCP');
}

export function portFieldPath({ port, protocol = 'TCP' }: ServicePort): readonly string[] {
  return ['f:spec', 'f:ports', `k:${JSON.stringify({ port, protocol })}`];
}

function numberIn(destination: object): unknown {
  const port: unknown = 'port' in destination ? destination.port : undefined;
  return typeof port === 'object' && port !== null && 'number' in port ? port.number : undefined;
}
