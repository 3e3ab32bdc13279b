import type { Change } from './change.ts';
import { CanaryError } from './errors.ts';
import { nameOf, selects } from './objects.ts';
import { isReady } from './pods.ts';
import type { ClusterName, Release } from './release.ts';
import { inSentence, openRoutes } from './routes.ts';
import type { FleetState } from './state.ts';
import { VERSION_LABEL, subsetLabels } from './subsets.ts';
import type { InForce } from './traffic.ts';
import { apportion, formatWeights } from './weights.ts';
import type { VersionName } from './weights.ts';
import { podTemplateOf, selectorOfService } from './workloads.ts';

/** A ready pod that the Service selects. */
interface Serving {
  readonly cluster: ClusterName;
  readonly version: VersionName | undefined;
}

/**
 * Refuses to deploy the first pods of a version while a managed route names no subset: such a route sends to all pods of the
 * Service, so users would get the version once it is ready, before any preview and whatever its weight.
 *
 * @throws CanaryError that tells how the route is pinned to what runs
 */
export function assertPinned(
  release: Release,
  fleet: FleetState,
  inForce: readonly InForce[],
  workloads: readonly Change[],
): void {
  const open = inForce.flatMap(({ cluster, virtualService: vs, routes }) =>
    vs === undefined
      ? []
      : openRoutes(vs, release, routes).map(
          (route) => `${inSentence(vs, route)} of ${nameOf(vs)} in ${cluster}`,
        ),
  );
  if (open.length === 0) return;
  const rule = inForce.find(({ destinationRule }) => destinationRule !== undefined)?.destinationRule;
  const serving = servingPods(release, fleet);
  const newcomer = newcomersIn(workloads).find(({ cluster, version }) => {
    const picked = { ...selectorIn(release, fleet, cluster), ...subsetLabels(rule, version) };
    const runs = fleet.get(cluster)?.pods.some((pod) => isReady(pod) && selects(picked, pod.metadata.labels));
    return runs !== true && serving.some((pod) => pod.version !== version);
  });
  if (newcomer === undefined) return;
  const { version, cluster } = newcomer;
  throw new CanaryError(
    `Without a subset, ${open.join(', ')} ${open.length === 1 ? 'leads' : 'lead'} to all pods of ${release.app}: users would get ${version} as soon as a pod of it in ${cluster} is ready, before it was previewed and whatever its weight. ${remedy(release, serving, version)}`,
  );
}

function newcomersIn(
  workloads: readonly Change[],
): readonly { readonly cluster: ClusterName; readonly version: VersionName }[] {
  return workloads.flatMap(({ cluster, object }) => {
    const version = podTemplateOf(object)?.metadata?.labels?.[VERSION_LABEL];
    return version === undefined ? [] : [{ cluster, version }];
  });
}

function selectorIn(
  release: Release,
  fleet: FleetState,
  cluster: ClusterName,
): Readonly<Record<string, string>> {
  const state = fleet.get(cluster);
  return state === undefined ? {} : selectorOfService(release, state);
}

function servingPods(release: Release, fleet: FleetState): readonly Serving[] {
  return [...fleet.values()].flatMap(({ name, pods }) =>
    pods
      .filter((pod) => isReady(pod) && selects(selectorIn(release, fleet, name), pod.metadata.labels))
      .map(({ metadata }) => ({ cluster: name, version: metadata.labels?.[VERSION_LABEL] })),
  );
}

/** The inputs of a release that pins the routes to the versions that run; word by word, since one more version would not pass. */
function remedy({ configClusters }: Release, serving: readonly Serving[], version: VersionName): string {
  if (serving.some((pod) => pod.version === undefined)) {
    return `Give the pods that serve it now the label ${VERSION_LABEL} first, so that a subset can select them.`;
  }
  const clusters = new Map<VersionName, readonly ClusterName[]>();
  for (const pod of serving) {
    const known = clusters.get(pod.version ?? '') ?? [];
    clusters.set(pod.version ?? '', [...new Set([...known, pod.cluster])]);
  }
  const running = [...clusters.keys()];
  const weights = apportion(100, new Map(running.map((name) => [name, 1])));
  const inputs = [
    `weights: ${formatWeights(weights)}`,
    `version: ${running[0] ?? ''}`,
    `clusters: '${[...clusters].map(([name, where]) => `${name}: ${where.join(', ')}`).join(', ')}'`,
    `config-clusters: ${configClusters.join(', ')}`,
  ];
  return `Release what runs first, which pins the traffic to its subset: ${inputs.join('; ')}; without image and manifests of ${version}. Then add ${version}.`;
}
