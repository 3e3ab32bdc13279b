import type { Change } from '../kubernetes/change.ts';
import { CanaryError } from '../core/errors.ts';
import { nameOf } from '../kubernetes/objects.ts';
import type { Container, ContainerPort, Deployment, Service, ServicePort } from '../kubernetes/objects.ts';
import { isOursAlone } from '../kubernetes/field-managers.ts';
import type { Release, WorkloadSpec } from './release.ts';
import { namesService } from '../istio/routes.ts';
import type { ServiceKey } from '../istio/hosts.ts';
import type { ClusterState, FleetState } from './state.ts';

/** The port of the generated Service. What the inputs leave out stays as the Service has it. */
export function portOfService(
  port: number,
  workload: WorkloadSpec,
  standing: Service | undefined,
): ServicePort {
  const ports = standing?.spec?.ports ?? [];
  const same = ports.find((one) => one.port === port);
  const moved = ports.length === 1 ? ports[0] : undefined;
  const chosen = moved?.name === defaultName(moved?.port) ? undefined : moved?.name;
  return {
    name: workload.portName ?? same?.name ?? chosen ?? defaultName(port),
    port,
    targetPort: workload.targetPort ?? same?.targetPort ?? moved?.targetPort ?? port,
    protocol: 'TCP',
  };
}

function defaultName(port = 0): string {
  return `http-${String(port)}`;
}

/**
 * The ports of a generated container: the one asked for, else those that the action gave it before, else where the Service
 * leads to.
 */
export function portsOfContainer(
  { port, targetPort }: WorkloadSpec,
  deployment: Deployment | undefined,
  container: Container | undefined,
  service: Service | undefined,
): readonly ContainerPort[] {
  if (targetPort !== undefined) return [containerPort(targetPort)];
  const given = (container?.ports ?? []).filter(
    ({ containerPort, protocol = 'TCP' }) =>
      deployment !== undefined &&
      isOursAlone(deployment, [
        'f:spec',
        'f:template',
        'f:spec',
        'f:containers',
        `k:${JSON.stringify({ name: container?.name })}`,
        'f:ports',
        `k:${JSON.stringify({ containerPort, protocol })}`,
      ]),
  );
  if (given.length > 0) return given;
  if (port === undefined) return [];
  const target = service?.spec?.ports?.find((one) => one.port === port)?.targetPort;
  // One that the Service finds by its name is added with that; see `withNames`.
  return typeof target === 'string' ? [] : [containerPort(target ?? port)];
}

function containerPort(number: number): ContainerPort {
  return { containerPort: number, protocol: 'TCP' };
}

/**
 * A port of the Service is shared by all who route to it: taken away, or led to another port of the pods, it fails their
 * requests at once.
 *
 * @throws CanaryError where a route leads to a port that the workloads of the plan would change so
 */
export function assertPortsStay(release: Release, fleet: FleetState, workloads: readonly Change[]): void {
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
      if (next === undefined && isOursAlone(standing, pathOf(port))) {
        const to = (planned.spec?.ports ?? []).map((one) => String(one.port)).join(', ') || 'none';
        throw new CanaryError(
          `${where} would lose its port ${String(port.port)} for ${to} (input port), but ${routes}. Leave the port at ${String(port.port)}; or give the Service the port ${to} beside it by hand, let the routes name that, and set the input then.`,
        );
      }
      const target = port.targetPort ?? port.port;
      const nextTarget = next && (next.targetPort ?? next.port);
      if (nextTarget !== undefined && nextTarget !== target) {
        throw new CanaryError(
          `Port ${String(port.port)} of ${where} would lead to port ${String(nextTarget)} of the pods instead of ${String(target)} (input target-port), but ${routes}, and the pods that run listen on ${String(target)}. Leave it at ${String(target)}; versions that listen on different ports need a Service of your own that leads to a port by its name.`,
        );
      }
    }
  }
}

function isSamePort(a: ServicePort, b: ServicePort): boolean {
  return a.port === b.port && (a.protocol ?? 'TCP') === (b.protocol ?? 'TCP');
}

function pathOf({ port, protocol = 'TCP' }: ServicePort): readonly string[] {
  return ['f:spec', 'f:ports', `k:${JSON.stringify({ port, protocol })}`];
}

/** The VirtualServices of a cluster that lead to a port of the service, each with its cluster. */
function usersOf({ name, traffic }: ClusterState, service: ServiceKey, port: number): readonly string[] {
  // A destination without a port leads to whichever there is; mirrors count as well.
  const leadsToPort = (destination: object): boolean => (numberIn(destination) ?? port) === port;
  return [...(traffic?.virtualServices ?? []), ...(traffic?.roots ?? [])]
    .filter((vs) => namesService(vs, service, leadsToPort))
    .map((vs) => `${nameOf(vs)} in ${name}`);
}

function numberIn(destination: object): unknown {
  const port: unknown = 'port' in destination ? destination.port : undefined;
  return typeof port === 'object' && port !== null && 'number' in port ? port.number : undefined;
}
