import { CanaryError } from '../../core/errors.ts';
import { inputLabel, inputPlace, theInput } from '../../core/wording.ts';
import { isNamespaceOf } from '../namespace.ts';
import { nameOf } from '../../kubernetes/objects.ts';
import type { DestinationRule, Gateway, KubeObject, VirtualService } from '../../kubernetes/objects.ts';
import { clustersOf, namedVirtualServices } from '../release.ts';
import type { Manifest, Release } from '../release.ts';
import { destinationsTo, allRoutes } from '../../istio/routes.ts';
import { isHttpRoute } from '../../gateway-api/objects.ts';
import { rulesTo } from '../../gateway-api/rules.ts';
import { everyRoute } from '../version-services.ts';
import { isHostOf } from '../../istio/hosts.ts';
import type { ClusterState, FleetState } from '../state.ts';
import { manifestsFor, versionedKind } from '../manifests.ts';

/**
 * A release writes into its own namespace, and its routes are its own work: manifests that name another namespace, or that
 * bring routes of the service, would change what the release never looks at. Without a Service nobody reaches their pods.
 *
 * @throws CanaryError that lists all such manifests with their files
 */
export function assertManifestsFit(release: Release, fleet: FleetState): void {
  const { namespace, version } = release;
  const states = (version === undefined ? [] : clustersOf(release, version)).flatMap(
    (name) => fleet.get(name) ?? [],
  );
  if (states.length === 0) return;
  const all = states.map((state) => ({ state, manifests: manifestsFor(release, state.name) ?? [] }));
  const strays = new Set(
    all.flatMap(({ state, manifests }) => manifests.filter(({ object }) => isStray(release, state, object))),
  );
  const traffic = new Set(all.flatMap(({ manifests }) => manifests))
    .difference(strays)
    .values()
    .filter(({ object }) => isTraffic(release, fleet, object));
  const bare = states.filter((state) => !hasService(release, state));
  const problems = [
    ...bare.map(
      ({ name }) =>
        `There is no Service ${namespace}/${release.app} in ${name}, and the manifests contain none, so nothing would lead to the pods there. Add the Service to the manifests.`,
    ),
    ...[...strays].map(
      (manifest) =>
        `${named(manifest)} is ${manifest.object.kind === 'Namespace' ? 'another namespace' : `in the namespace ${String(manifest.object.metadata.namespace)}`}, but the release is in ${namespace} (${inputLabel('namespace')}). Correct the file or the input.`,
    ),
    ...traffic.map(
      (manifest) =>
        `${named(manifest)} routes to ${release.app}, which this action does itself. Remove it from ${theInput('manifests')}; to start from your own, apply it with kubectl before the release.`,
    ),
  ];
  if (problems.length > 0)
    throw new CanaryError(
      problems.length === 1
        ? `${inputPlace('manifests')}: ${problems.join('')}`
        : [`${inputPlace('manifests')}:`, ...problems.map((problem) => `- ${problem}`)].join('\n'),
    );
}

function named({ object, source }: Manifest): string {
  return `${nameOf(object)} (${source})`;
}

function isStray(release: Release, { clusterScoped }: ClusterState, object: KubeObject): boolean {
  if (object.kind === 'Namespace' && object.apiVersion === 'v1') return !isNamespaceOf(release, object);
  const { namespace } = object.metadata;
  return (
    namespace !== undefined && namespace !== release.namespace && !clusterScoped.has(versionedKind(object))
  );
}

/** Whether a cluster has the Service by which its pods become endpoints, or gets it with the manifests or a generated version. */
function hasService(release: Release, { name, service }: ClusterState): boolean {
  const { images } = release.workload;
  const manifests = manifestsFor(release, name) ?? [];
  return (
    service !== undefined ||
    manifests.length === 0 ||
    manifests.some(({ object }) => object.kind === 'Service' && object.metadata.name === release.app) ||
    [...images.keys()].some(
      (version) => version !== release.version && clustersOf(release, version).includes(name),
    )
  );
}

function isTraffic(release: Release, fleet: FleetState, object: KubeObject): boolean {
  if (isHttpRoute(object)) {
    const choice = everyRoute(release, fleet);
    return object.metadata.name === release.traffic.httpRoute || rulesTo(object, choice).length > 0;
  }
  if (!object.apiVersion.startsWith('networking.istio.io/')) return false;
  const { name, namespace = release.namespace } = object.metadata;
  const placed = { ...object, metadata: { ...object.metadata, namespace } };
  switch (object.kind) {
    case 'VirtualService':
      return namedVirtualServices(release).includes(name) || leads(release, placed as VirtualService);
    case 'DestinationRule':
      return (
        name === release.traffic.destinationRule ||
        isHostOf(release, (placed as DestinationRule).spec.host, namespace)
      );
    case 'Gateway':
      return isMade(release, fleet, placed as Gateway);
    default:
      return false;
  }
}

function leads(release: Release, vs: VirtualService): boolean {
  return allRoutes(vs).some((route) => destinationsTo(vs, route, release).length > 0);
}

/** Whether the release makes this Gateway itself, with its VirtualService. */
function isMade(release: Release, fleet: FleetState, { metadata }: Gateway): boolean {
  const { gateway, virtualService } = release.traffic;
  if (metadata.name !== (gateway ?? release.app)) return false;
  return [...fleet.values()].some(
    ({ traffic }) =>
      traffic !== undefined &&
      !traffic.virtualServices.some((vs) => vs.metadata.name === virtualService) &&
      !traffic.gateways.some((one) => one.metadata.name === metadata.name),
  );
}
