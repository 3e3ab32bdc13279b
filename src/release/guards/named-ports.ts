import type { Change } from '../../kubernetes/change.ts';
import { CanaryError } from '../../core/errors.ts';
import { nameOf, selects } from '../../kubernetes/objects.ts';
import type { Container, ContainerPort, Deployment, PodSpec } from '../../kubernetes/objects.ts';
import type { Release } from '../release.ts';
import { httpPort, selectorOfService, serviceOf } from '../service-port.ts';
import type { ClusterState, FleetState } from '../state.ts';

/**
 * The ports of a generated container, with the names by which the Service finds them: a pod without a port of that name is
 * no endpoint (flagger#279). The number of a name is that of the pods that run, of the same cluster first.
 *
 * @param ports those of the container whatever the Service says
 * @throws CanaryError where the port that users are led to has a name, and nothing tells its number
 */
export function withNames(
  ports: readonly ContainerPort[],
  release: Release,
  state: ClusterState,
  fleet: FleetState,
): readonly ContainerPort[] {
  const service = serviceOf(release, state);
  const { port: asked, targetPort } = release.workload;
  const all = service?.spec?.ports ?? [];
  const served = httpPort(all, asked);
  return all.reduce<readonly ContainerPort[]>((named, port) => {
    const name = port.targetPort;
    if (typeof name !== 'string' || named.some((one) => one.name === name)) return named;
    const number = (port === served ? targetPort : undefined) ?? numberOf(name, release, state, fleet);
    if (number !== undefined)
      return [
        ...named.filter(({ containerPort }) => containerPort !== number),
        { containerPort: number, name, protocol: 'TCP' },
      ];
    if (port !== served) return named;
    throw new CanaryError(
      `Service ${release.namespace}/${release.app} in ${state.name} leads its port ${String(port.port)} to the container port named ${name}, and no pod of ${release.app} has a port of that name to tell its number. Set the input target-port to the port that the containers listen on.`,
    );
  }, ports);
}

/** The number of a named container port in the workloads and pods of the service. */
function numberOf(
  name: string,
  release: Release,
  state: ClusterState,
  fleet: FleetState,
): number | undefined {
  return [state, ...fleet.values()]
    .flatMap((one) => {
      const selector = selectorOfService(release, one);
      const templates = one.deployments.flatMap(({ spec }) => spec?.template ?? []);
      return [...templates, ...one.pods]
        .filter(({ metadata }) => selects(selector, metadata?.labels))
        .flatMap(({ spec }) => portsIn(spec));
    })
    .find((port) => port.name === name)?.containerPort;
}

/** The ports that a Service finds by name: those of containers, and of init containers that go on running. */
function portsIn(spec: PodSpec = {}): readonly ContainerPort[] {
  const { containers = [], initContainers = [] } = spec;
  const running: readonly Container[] = initContainers.filter(
    ({ restartPolicy }) => restartPolicy === 'Always',
  );
  return [...containers, ...running].flatMap(({ ports = [] }) => ports);
}

/** @throws CanaryError where the Service finds the port of users by a name that a workload of the plan does not have */
export function assertNamed(release: Release, fleet: FleetState, workloads: readonly Change[]): void {
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
      `${nameOf(object)} in ${cluster} has no container port named ${name}, to which Service ${release.namespace}/${release.app} leads its port ${String(served?.port)}: its pods would get no requests. Give the port that name in the input manifests.`,
    );
  }
}
