import { isDeepStrictEqual } from 'node:util';
import { CanaryError } from '../core/errors.ts';
import type { VersionName } from '../core/weights.ts';
import { theInput } from '../core/wording.ts';
import { versionServiceName } from '../gateway-api/backends.ts';
import type { VersionLabels } from '../istio/destination-rule-edits.ts';
import type { WorkloadObject } from '../kubernetes/change.ts';
import { isOurs } from '../kubernetes/field-managers.ts';
import { nameOf, selects } from '../kubernetes/objects.ts';
import type { Service, ServicePort } from '../kubernetes/objects.ts';
import { podLabels } from '../kubernetes/pod-selection.ts';
import { portOfService } from './container-ports.ts';
import type { Release } from './release.ts';
import { APP_LABEL, selectorOfService, serviceOf } from './service-port.ts';
import type { ClusterState, FleetState } from './state.ts';
import { serviceOfVersion } from './version-services.ts';

/** Names that Kubernetes takes for a Service. */
const SERVICE_NAME = /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * A Service for each version, in one cluster: it selects the pods of the version alone, and has the ports of the app's Service. One that
 * somebody else made stays as it is where it does the same.
 *
 * @throws CanaryError where there can be no such Service, or one of that name leads elsewhere
 */
export function versionServiceObjects(
  release: Release,
  fleet: FleetState,
  state: ClusterState,
  labels: VersionLabels,
): readonly WorkloadObject[] {
  const ports = portsOfApp(release, fleet, state);
  return [...labels].flatMap(([version, own]) => {
    const name = versionServiceName(release.app, version);
    assertServiceName(name, version);
    const selector = { ...selectorOfService(release, state), ...podLabels(own) };
    const held = serviceOfVersion(release, state, version);
    if (held !== undefined && !isOurs(held)) {
      assertSameService(held, state, version, selector, ports);
      return [];
    }
    const { namespace, app } = release;
    const object: Service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace, labels: { [APP_LABEL]: app, ...podLabels(own) } },
      spec: { selector, ports },
    };
    // Who moves traffic alone needs no permission to write Services.
    if (held !== undefined && isAsWanted(held, object)) return [];
    return [{ object, reason: { kind: 'serviceForRoute', version } }];
  });
}

/** Whether an apply would change nothing: what it would set is there, and no other port or selector. */
function isAsWanted(held: Service, { metadata, spec }: Service): boolean {
  const ports = held.spec?.ports ?? [];
  const wanted = spec?.ports ?? [];
  return (
    isDeepStrictEqual(held.spec?.selector, spec?.selector) &&
    selects(metadata.labels, held.metadata.labels) &&
    ports.length === wanted.length &&
    wanted.every((port, i) => Object.entries(port).every(([key, value]) => ports[i]?.[key] === value))
  );
}

function assertServiceName(name: string, version: VersionName): void {
  if (SERVICE_NAME.test(name)) return;
  throw new CanaryError(
    `An HTTPRoute splits between the Services of the versions, and that of ${version} would be named ${name}: Kubernetes takes at most 63 lower-case letters, digits and hyphens. Give the version another name.`,
  );
}

function assertSameService(
  held: Service,
  state: ClusterState,
  version: VersionName,
  selector: Readonly<Record<string, string>>,
  ports: readonly ServicePort[],
): void {
  const where = `${nameOf({ ...held, kind: 'Service' })} in ${state.name}`;
  const wanted = JSON.stringify(selector);
  if (!selects(selector, held.spec?.selector)) {
    throw new CanaryError(
      `${where} is to lead to ${version}, but selects ${JSON.stringify(held.spec?.selector ?? {})} instead of ${wanted}. Correct its selector, or delete the Service: the action makes it.`,
    );
  }
  const lacking = ports.find(({ port }) => held.spec?.ports?.every((one) => one.port !== port) ?? true);
  if (lacking === undefined) return;
  throw new CanaryError(
    `${where} is to lead to ${version}, but has no port ${String(lacking.port)}, which the Service of the app has. Add the port, or delete the Service: the action makes it.`,
  );
}

/** The ports of the app's Service as it will be; where a cluster has none, those of another. */
function portsOfApp(release: Release, fleet: FleetState, state: ClusterState): readonly ServicePort[] {
  const { port } = release.workload;
  const isGenerated = state.service === undefined || isOurs(state.service);
  const own = serviceOf(release, state);
  if (isGenerated && port !== undefined && (own === undefined || own === state.service))
    return [portOfService(port, release.workload, state.service)];
  const found = [own, ...[...fleet.values()].map((other) => serviceOf(release, other))].find(
    (service) => (service?.spec?.ports ?? []).length > 0,
  );
  if (found === undefined) {
    throw new CanaryError(
      `There is no Service ${release.namespace}/${release.app} in ${state.name} yet, and ${theInput('port')} is not set: set it to the port on which the Service listens.`,
    );
  }
  return (found.spec?.ports ?? []).map(({ nodePort: _, ...rest }) => rest);
}
