import type { Change } from '../../kubernetes/change.ts';
import { CanaryError } from '../../core/errors.ts';
import { delegationRemedy } from '../delegation-remedy.ts';
import { isOpen, routesToService } from '../routes-to-service.ts';
import { nameOf } from '../../kubernetes/objects.ts';
import type { VirtualService } from '../../kubernetes/objects.ts';
import { namedVirtualServices } from '../release.ts';
import type { ClusterName } from '../../core/names.ts';
import { openRoutes } from '../../istio/managed-routes.ts';
import { inSentence, routeKey } from '../../istio/routes.ts';
import type { Route } from '../../istio/routes.ts';
import { newcomerAmong, servingVersions } from '../serving-versions.ts';
import type { Serving } from '../serving-versions.ts';
import { versionLabels } from '../subsets.ts';
import { VERSION_LABEL } from '../version-label.ts';
import type { Observation } from '../observation.ts';
import { apportion, formatWeights } from '../../core/weights.ts';
import type { VersionName } from '../../core/weights.ts';

/** A route that sends to the service as a whole: to every pod that its Service selects. */
interface OpenRoute {
  readonly cluster: ClusterName;
  readonly virtualService: VirtualService;
  readonly route: Route;
  readonly managed: boolean;
  /** The Gateways that it is bound to where none of them exists. */
  readonly absent: readonly string[];
}

/**
 * Refuses to deploy the first pods of a version while any route to the service names no subset, managed or not, of any
 * namespace: such a route sends to all pods of the Service, so its users would get the version once it is ready, before any
 * preview and whatever its weight.
 *
 * @throws CanaryError that tells how each route is pinned to what runs
 */
export function assertRoutesNameSubsets(
  observed: Observation,
  versions: readonly VersionName[],
  workloads: readonly Change[],
): void {
  const { release, fleet, routes } = observed;
  const open = openRoutesTo(observed);
  if (open.length === 0) return;
  const labels = versionLabels(routes, versions);
  const serving = servingVersions(release, fleet, labels);
  const newcomer = newcomerAmong(observed, workloads, serving, labels);
  if (newcomer === undefined) return;
  const { version, cluster } = newcomer;
  throw new CanaryError(
    `Without a subset, ${placesOf(open).join('; ')} ${placesOf(open).length === 1 ? 'leads' : 'lead'} to all pods of ${release.app}: users would get ${version} as soon as a pod of it in ${cluster} is ready, before it was previewed and whatever its weight. ${[...remedies(observed, open), pinningRelease(observed, serving, version)].join(' ')}`,
  );
}

function openRoutesTo(observed: Observation): readonly OpenRoute[] {
  const { release } = observed;
  const managed = observed.routes.flatMap(({ cluster, virtualService: vs, choice }) =>
    vs === undefined
      ? []
      : openRoutes(vs, release, choice.routes).map((route) => ({
          cluster,
          virtualService: vs,
          route,
          managed: true,
          absent: [],
        })),
  );
  const others = routesToService(observed)
    .filter((lead) => lead.what === 'requests' && isOpen(lead))
    .map((lead) => ({ ...lead, managed: false }));
  return [...managed, ...others];
}

/** `route main of VirtualService gray-demo/shop in east, west` */
function placesOf(open: readonly OpenRoute[]): readonly string[] {
  const places = Map.groupBy(
    open,
    ({ virtualService: vs, route, absent }) =>
      `${inSentence(vs, route)} of ${nameOf(vs)}${describeAbsentGateways(absent)}`,
  );
  return [...places].map(([text, same]) => `${text} in ${same.map(({ cluster }) => cluster).join(', ')}`);
}

function describeAbsentGateways(absent: readonly string[]): string {
  return absent.length === 0 ? '' : ` (bound to Gateway ${absent.join(', ')}, which does not exist yet)`;
}

/** What brings each route that is not managed into the release, or keeps it out of the way; once, whatever the clusters. */
function remedies(observed: Observation, open: readonly OpenRoute[]): readonly string[] {
  const texts = open.flatMap((one) => (one.managed ? [] : [remedyFor(observed, one, open)]));
  return [...new Set(texts)];
}

function remedyFor(observed: Observation, one: OpenRoute, open: readonly OpenRoute[]): string {
  const { release } = observed;
  const { virtualService: vs, route } = one;
  const names = namedVirtualServices(release);
  const { name, namespace } = vs.metadata;
  const isHttp = vs.spec.http?.some((each) => each === route) ?? false;
  if (namespace !== release.namespace) return delegationRemedy(observed, vs);
  if (!isHttp)
    return `Give the destination of ${inSentence(vs, route)} of ${nameOf(vs)} the subset of the version that its users have now.`;
  if (!names.includes(name)) {
    const own = open.filter(
      ({ managed, virtualService: { metadata } }) => !managed && metadata.namespace === release.namespace,
    );
    const added = own.map(({ virtualService: { metadata } }) => metadata.name);
    return `Add it to the release (virtual-service: ${[...new Set([...names, ...added])].join(', ')}), which moves its users as well.`;
  }
  const listed = open.flatMap((each) =>
    each.virtualService.metadata.name === name ? [routeKey(each.virtualService, each.route)] : [],
  );
  const known = [...(release.traffic.routes ?? []), ...listed];
  return `Add it to the routes that are split (routes: ${[...new Set(known)].join(', ')}), which moves its users as well.`;
}

/** The inputs of a release that pins the routes to the versions that run; word by word, since one more version would not pass. */
function pinningRelease(
  { release: { configClusters }, weights: held }: Observation,
  serving: readonly Serving[],
  version: VersionName,
): string {
  if (serving.some((pod) => pod.version === undefined)) {
    return `Give the pods that serve it now the label ${VERSION_LABEL} first, so that a subset can select them.`;
  }
  const clusters = new Map<VersionName, readonly ClusterName[]>();
  for (const pod of serving) {
    const known = clusters.get(pod.version ?? '') ?? [];
    clusters.set(pod.version ?? '', [...new Set([...known, pod.cluster])]);
  }
  const running = [...clusters.keys()];
  const weights = held ?? apportion(100, new Map(running.map((name) => [name, 1])));
  const inputs = [
    `weights: ${formatWeights(weights)}`,
    `version: ${running[0] ?? ''}`,
    `clusters: '${[...clusters].map(([name, where]) => `${name}: ${where.join(', ')}`).join(', ')}'`,
    `config-clusters: ${configClusters.join(', ')}`,
  ];
  return `First release what is running, which pins the traffic to its subset: ${inputs.join('; ')}; without image and manifests of ${version}. Then add ${version}.`;
}
