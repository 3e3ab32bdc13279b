import { selects } from '../kubernetes/objects.ts';
import type {
  Container,
  ContainerPort,
  Deployment,
  Service,
  ServicePort,
  PodSpec,
} from '../kubernetes/objects.ts';
import { isOursAlone } from '../kubernetes/field-managers.ts';
import type { Release, WorkloadSpec } from './release.ts';
import { CanaryError } from '../core/errors.ts';
import { theInput } from '../core/wording.ts';
import { serviceOf, httpPort, selectorOfService } from './service-port.ts';
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
    const number = (port === served ? targetPort : undefined) ?? namedPortNumber(name, release, state, fleet);
    if (number !== undefined)
      return [
        ...named.filter(({ containerPort }) => containerPort !== number),
        { containerPort: number, name, protocol: 'TCP' },
      ];
    if (port !== served) return named;
    throw new CanaryError(
      `Service ${release.namespace}/${release.app} in ${state.name} maps its port ${String(port.port)} to the container port named ${name}, but no pod of ${release.app} has a port with that name, so its number is unknown. Set ${theInput('target-port')} to the port that the containers listen on.`,
    );
  }, ports);
}

/** The number of a named container port in the workloads and pods of the service. */
export function namedPortNumber(
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
export function portsIn(spec: PodSpec = {}): readonly ContainerPort[] {
  const { containers = [], initContainers = [] } = spec;
  const running: readonly Container[] = initContainers.filter(
    ({ restartPolicy }) => restartPolicy === 'Always',
  );
  return [...containers, ...running].flatMap(({ ports = [] }) => ports);
}
