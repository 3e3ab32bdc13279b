import { CanaryError } from '../core/errors.ts';
import { nameOf, selects } from '../kubernetes/objects.ts';
import type { Labels, Pod, Service, ServicePort } from '../kubernetes/objects.ts';
import { isOurs } from '../kubernetes/field-managers.ts';
import { manifestsFor } from './manifests.ts';
import type { Release } from './release.ts';
import type { ClusterName } from '../core/names.ts';
import { inputPlace, theInput } from '../core/wording.ts';
import type { ClusterState, FleetState } from './state.ts';

/** The app's Service as it will be where it is not generated: the user's own manifest of it, or what is there. */
export function serviceOf(release: Release, { name, service }: ClusterState): Service | undefined {
  const own = manifestsFor(release, name)?.find(
    ({ object }) => object.kind === 'Service' && object.metadata.name === release.app,
  )?.object;
  return own ?? service;
}

/** Label of the pods that the generated Service selects. */
export const APP_LABEL = 'app';

/** The labels by which the app's Service picks pods. */
export function selectorOfService(release: Release, state: ClusterState): Labels {
  return serviceOf(release, state)?.spec?.selector ?? { [APP_LABEL]: release.app };
}

/**
 * The port of a Service that serves HTTP: the one asked for, the only one, or the only one that says so.
 *
 * @param asked input port
 */
export function httpPort(ports: readonly ServicePort[], asked: number | undefined): ServicePort | undefined {
  const tcp = ports.filter(({ protocol = 'TCP' }) => protocol === 'TCP');
  if (asked !== undefined) return tcp.find(({ port }) => port === asked);
  const declared = tcp.filter(isHttp);
  return tcp.length === 1 ? tcp[0] : declared.length === 1 ? declared[0] : undefined;
}

const HTTP = /^(http|http2|grpc|grpc-web|kubernetes\.io\/(h2c|ws))$/;

/** Istio's protocol selection (https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/). */
function isHttp({ name = '', appProtocol }: ServicePort): boolean {
  return typeof appProtocol === 'string' ? HTTP.test(appProtocol) : HTTP.test(name.split('-')[0] ?? '');
}

/**
 * The port that a route made anew leads to in a config cluster: that of its own Service, as each control plane goes by its
 * own; of the others' where it has none.
 *
 * @throws CanaryError where the Service has no such port, or several that it could be: a route without one fails (istio#14557)
 */
export function routePort(release: Release, fleet: FleetState, cluster: ClusterName): number | undefined {
  const { port: asked } = release.workload;
  const found = [...fleet.values()].flatMap((state) => {
    const service = serviceOf(release, state);
    // The generated Service gets the port that is asked for.
    return service === undefined || (asked !== undefined && isOurs(service)) ? [] : [{ state, service }];
  });
  const own = found.filter(({ state }) => state.name === cluster);
  const [first] = own.length > 0 ? own : found;
  if (first === undefined) return asked;
  const { service, state } = first;
  const ports = service.spec?.ports ?? [];
  const port = httpPort(ports, asked)?.port;
  if (port !== undefined || ports.length === 0) return port;
  const known = ports.map(
    ({ name, port: number }) => `${String(number)}${name === undefined ? '' : ` (${name})`}`,
  );
  const where = `${nameOf({ ...service, metadata: { ...service.metadata, namespace: release.namespace } })} in ${state.name}`;
  throw new CanaryError(
    asked === undefined
      ? `${where} has several ports that may serve HTTP: ${known.join(', ')}. Set ${theInput('port')} to the one that users' requests go to.`
      : `${inputPlace('port')}: got ${String(asked)}, but ${where} has the ports ${known.join(', ')}. Set it to the one that users' requests go to.`,
  );
}

/** The pods that the app's Service selects in a cluster. */

export function podsOfService(release: Release, cluster: ClusterState): readonly Pod[] {
  const selector = selectorOfService(release, cluster);
  return cluster.pods.filter(({ metadata }) => selects(selector, metadata.labels));
}
