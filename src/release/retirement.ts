import type { Change } from './change.ts';
import { CanaryError } from './errors.ts';
import { nameOf, selects } from './objects.ts';
import type { KubeObject, VirtualService } from './objects.ts';
import { allClusters, clustersOf } from './release.ts';
import type { ClusterName, Release } from './release.ts';
import { namesSubset } from './routes.ts';
import { trafficChanges } from './routing.ts';
import type { ClusterState, FleetState } from './state.ts';
import { VERSION_LABEL, subsetLabels, withoutSubset } from './subsets.ts';
import { byCluster, describeEdit, editsOf, newestRecord, placeOf, weightsInForce } from './traffic.ts';
import type { InForce } from './traffic.ts';
import type { VersionName, Weights } from './weights.ts';
import { retiredObjects, selectorOfService } from './workloads.ts';

/** What takes a version out, in the order of its stages: each is finished in every cluster before the next begins. */
export interface Retirement {
  readonly version: VersionName;
  /** The weights of the versions that stay. */
  readonly weights: Weights;
  readonly revision: number;
  readonly routes: readonly Change[];
  readonly subsets: readonly Change[];
  readonly workloads: readonly Change[];
}

/**
 * What has to change so that a version is gone. Pure.
 *
 * @param everywhere all VirtualServices of each config cluster, of every namespace
 * @throws CanaryError where the version still has a weight, or something else refers to its subset
 */
export function planRetirement(
  release: Release,
  fleet: FleetState,
  everywhere: ReadonlyMap<ClusterName, readonly VirtualService[]>,
): Retirement {
  const inForce = weightsInForce(release, fleet);
  const [edit] = editsOf(inForce);
  if (edit !== undefined)
    throw new CanaryError(`${describeEdit(edit)}. Nothing is retired before that is settled.`);
  const version = retiredVersion(release, inForce);
  assertIdle(inForce, version);
  const held =
    inForce.find(({ weights }) => weights !== undefined)?.weights ?? new Map<VersionName, number>();
  const weights = new Map([...held].filter(([name]) => name !== version));
  if (weights.size === 0) {
    throw new CanaryError(
      `${version} is the only version of ${release.app}: there would be nothing left to serve its users.`,
    );
  }
  const history = (newestRecord(inForce)?.history ?? []).flatMap((earlier) =>
    withoutVersion(earlier, version),
  );
  const { routes, revision } = trafficChanges(release, fleet, inForce, {
    weights,
    raised: [],
    history,
    retired: version,
  });
  assertUnreferenced(release, inForce, routes, everywhere, version);
  return {
    version,
    weights,
    revision,
    routes: routes.map((change) => ({ ...change, reason: `take ${version} out of the routes` })),
    subsets: byCluster(inForce).flatMap((cluster) => subsetRemoval(cluster, version)),
    workloads: allClusters(release).flatMap((name) =>
      workloadRemovals(release, fleet.get(name), inForce, version),
    ),
  };
}

/** The version named, or the only one without traffic. */
function retiredVersion(release: Release, inForce: readonly InForce[]): VersionName {
  if (release.version !== undefined) return release.version;
  const idle = [...(inForce[0]?.weights ?? [])]
    .filter(([, weight]) => weight === 0)
    .map(([version]) => version);
  const [only, ...others] = idle;
  if (only !== undefined && others.length === 0) return only;
  throw new CanaryError(
    `Input version: which version is to be retired? Those without traffic are ${idle.join(', ') || 'none'}.`,
  );
}

function assertIdle(inForce: readonly InForce[], version: VersionName): void {
  const busy = inForce.filter(({ weights }) => (weights?.get(version) ?? 0) > 0);
  if (busy.length === 0) return;
  const where = busy
    .map((one) => `${String(one.weights?.get(version))} % in ${placeOf(one, inForce)}`)
    .join(', ');
  throw new CanaryError(
    `${version} still has traffic (${where}). Bring its weight to 0 first, with rollout or promote.`,
  );
}

/** Earlier weights that can still be given back once the version is gone. */
function withoutVersion(weights: Weights, version: VersionName): readonly Weights[] {
  if ((weights.get(version) ?? 0) > 0) return [];
  return [new Map([...weights].filter(([name]) => name !== version))];
}

function assertUnreferenced(
  release: Release,
  inForce: readonly InForce[],
  routes: readonly Change[],
  everywhere: ReadonlyMap<ClusterName, readonly VirtualService[]>,
  version: VersionName,
): void {
  const references = byCluster(inForce).flatMap(({ cluster }) => {
    const planned = routes.filter((change) => change.cluster === cluster).map(({ object }) => object);
    const left = (everywhere.get(cluster) ?? []).map((vs): VirtualService => ({
      ...vs,
      ...planned.find((object) => nameOf(object) === nameOf(vs)),
    }));
    return left.filter((vs) => namesSubset(vs, release, version)).map((vs) => `${nameOf(vs)} in ${cluster}`);
  });
  if (references.length === 0) return;
  throw new CanaryError(
    `The subset ${version} is still named by ${references.join(', ')}. Take it out there first: requests to a subset that is gone fail.`,
  );
}

function subsetRemoval({ cluster, destinationRule }: InForce, version: VersionName): readonly Change[] {
  const stands = destinationRule?.spec.subsets?.some(({ name }) => name === version) ?? false;
  if (destinationRule === undefined || !stands) return [];
  return [
    {
      cluster,
      verb: 'update',
      object: withoutSubset(destinationRule, version),
      before: destinationRule,
      reason: `subset ${version} is not routed to any more`,
    },
  ];
}

/** The Deployments of the version, and what else the user's manifests for it hold; Service and Namespace serve the others. */
function workloadRemovals(
  release: Release,
  state: ClusterState | undefined,
  inForce: readonly InForce[],
  version: VersionName,
): readonly Change[] {
  if (state === undefined) return [];
  const rule = inForce.find(({ destinationRule }) => destinationRule !== undefined)?.destinationRule;
  const labels = {
    ...selectorOfService(release, state),
    [VERSION_LABEL]: version,
    ...subsetLabels(rule, version),
  };
  const deployments = state.deployments
    .filter(({ spec }) => selects(labels, spec?.template?.metadata?.labels))
    .map((deployment): KubeObject => deployment);
  const manifests = clustersOf(release, version).includes(state.name) ? retiredObjects(release) : [];
  const rest = manifests.filter(
    (object) => !deployments.some((deployment) => nameOf(deployment) === nameOf(object)),
  );
  return [...deployments, ...rest].map((object) => ({
    cluster: state.name,
    verb: 'delete',
    object,
    before: undefined,
    reason: `workload of ${version}`,
  }));
}
