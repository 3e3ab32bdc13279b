import type { Change } from '../kubernetes/change.ts';
import { versionServiceName } from '../gateway-api/backends.ts';
import { CanaryError } from '../core/errors.ts';
import { podLabels, selectsEndpoint } from '../kubernetes/pod-selection.ts';
import { nameOf, selects } from '../kubernetes/objects.ts';
import type { Deployment, KubeObject, Labels, Service } from '../kubernetes/objects.ts';
import { allClusters } from './release.ts';
import type { Release } from './release.ts';
import type { ClusterName } from '../core/names.ts';
import { planTraffic } from './plan-traffic.ts';
import { placeOfPods } from './state.ts';
import type { ClusterState } from './state.ts';
import type { Left } from './traffic-planner.ts';
import { plannerOf } from './traffic-planners.ts';
import { labelsOf, wayTo } from './subsets.ts';
import { VERSION_LABEL } from './version-label.ts';
import type { Observation } from './observation.ts';
import { describeEdit, editRemedy } from './weight-edits.ts';
import type { RouteState } from './route-state.ts';
import type { VersionName, Weights } from '../core/weights.ts';
import { inputPlace } from '../core/wording.ts';
import { selectorOfService } from './service-port.ts';
import { assertReleased } from './guards/released.ts';
import { assertRetiredVersionIdle } from './guards/retired-version-idle.ts';

/** What takes a version out, in the order of its stages: each is finished in every cluster before the next begins. */
export interface Retirement {
  readonly version: VersionName;
  /** The weights of the versions that stay. */
  readonly weights: Weights;
  readonly revision: number;
  readonly routes: readonly Change[];
  readonly workloads: readonly Change[];
  readonly subsets: readonly Change[];
  /** What the user's manifests brought and still stands, since it may serve others as well. */
  readonly left: readonly Left[];
}

/**
 * What has to change so that a version is gone. Pure.
 *
 * @param brought the objects of the user's manifests that stand in each cluster, as they stand there
 * @param services all Services of the namespace, where they may be listed
 * @throws CanaryError where the version still has a weight, or something else refers to its subset
 */
export function planRetirement(
  observed: Observation,
  brought: ReadonlyMap<ClusterName, readonly KubeObject[]>,
  services: ReadonlyMap<ClusterName, readonly Service[]> = new Map(),
): Retirement {
  const { release, fleet, routes: states } = observed;
  const planner = plannerOf(observed);
  assertReleased(observed);
  const [unsplit] = states.filter(({ weights }) => weights === undefined);
  if (unsplit?.object !== undefined)
    throw new CanaryError(
      `${nameOf(unsplit.object)} in ${unsplit.cluster} gives no weights to versions, so no version can be retired. Run the operation rollout first.`,
    );
  const { edits } = observed;
  if (edits.length > 0)
    throw new CanaryError(
      `${edits.map(describeEdit).join('. ')}. Nothing is retired until that is resolved. ${editRemedy(edits)}`,
    );
  const version = retiredVersion(release, states);
  assertRetiredVersionIdle(states, version);
  const weights = new Map([...(observed.weights ?? [])].filter(([name]) => name !== version));
  if (weights.size === 0) {
    throw new CanaryError(
      `${version} is the only version of ${release.app}: there would be nothing left to serve its users.`,
    );
  }
  const history = (observed.record?.history ?? []).flatMap((earlier) => withoutVersion(earlier, version));
  const { routes, revision } = planTraffic(observed, { weights, history, retired: version });
  planner.assertUnreferenced(observed, routes, version);
  const ways = planner.removals(observed, version);
  const removals = allClusters(release).map((name) =>
    workloadRemovals(
      release,
      fleet.get(name),
      states,
      version,
      [...weights.keys()],
      brought.get(name) ?? [],
      services.get(name) ?? [],
    ),
  );
  return {
    version,
    weights,
    revision,
    routes: routes.map((change) => ({ ...change, reason: { kind: 'removedFromRoutes', version } })),
    subsets: ways.subsets,
    workloads: [...removals.flatMap(({ workloads }) => workloads), ...ways.services],
    left: [...ways.left, ...removals.flatMap(({ left }) => left)],
  };
}

/** The version named, or the only one without traffic. */
function retiredVersion(release: Release, routes: readonly RouteState[]): VersionName {
  if (release.version !== undefined) return release.version;
  const idle = [...(routes[0]?.weights ?? [])]
    .filter(([, weight]) => weight === 0)
    .map(([version]) => version);
  const [only, ...others] = idle;
  if (only !== undefined && others.length === 0) return only;
  throw new CanaryError(
    `${inputPlace('version')}: which version should be retired? Those without traffic are ${idle.join(', ') || 'none'}.`,
  );
}

/** Earlier weights that can still be given back once the version is gone. */
function withoutVersion(weights: Weights, version: VersionName): readonly Weights[] {
  if ((weights.get(version) ?? 0) > 0) return [];
  return [new Map([...weights].filter(([name]) => name !== version))];
}

/** Kinds that hold what cannot be made again, or that others depend on. */
const NEVER_DELETED = ['Namespace', 'PersistentVolume', 'PersistentVolumeClaim', 'CustomResourceDefinition'];

/**
 * The Deployments of the version, and what else the user's manifests for it brought. Of that only what carries the version's
 * label where it exists: without it, nothing tells that no other version uses it too.
 */
function workloadRemovals(
  release: Release,
  state: ClusterState | undefined,
  routes: readonly RouteState[],
  version: VersionName,
  staying: readonly VersionName[],
  brought: readonly KubeObject[],
  services: readonly Service[],
): Pick<Retirement, 'workloads' | 'left'> {
  if (state === undefined) return { workloads: [], left: [] };
  const place = placeOfPods(state);
  const selector = selectorOfService(release, state);
  const own = labelsOf(routes, version);
  // Where Services take the place of subsets, the version's own goes with it.
  const way = routes.some(({ choice }) => choice.versionServices !== undefined)
    ? versionServiceName(release.app, version)
    : undefined;
  const others = services.filter(
    (service) =>
      service.metadata.name !== release.app &&
      service.metadata.name !== way &&
      !brought.some(
        (object) =>
          nameOf(object) === nameOf(service) && reasonToLeave(object, version, podLabels(own)) === '',
      ),
  );
  const found = state.deployments
    .filter((deployment) => !isGoing(deployment) && selects(selector, templateLabels(deployment)))
    .map((deployment) => ({ deployment, pod: { labels: templateLabels(deployment), nodeName: undefined } }))
    .filter(({ pod }) => selectsEndpoint(own, pod, place) !== false)
    .map(({ deployment, pod }) => {
      const other = staying.find((name) => selectsEndpoint(labelsOf(routes, name), pod, place) !== false);
      const unsure = selectsEndpoint(own, pod, place) === undefined;
      const needing = others.find((service) => needs(service, deployment, state));
      const keeping = { way: wayOf(routes, version), other: other && wayOf(routes, other), unsure, needing };
      return { object: deployment, reason: reasonToKeep(keeping) };
    });
  const rest = brought
    .filter((object) => !isGoing(object))
    .filter((object) => !found.some((one) => nameOf(one.object) === nameOf(object)))
    .map((object) => ({ object, reason: reasonToLeave(object, version, podLabels(own)) }));
  const all = [...found, ...rest];
  return {
    workloads: all
      .filter(({ reason }) => reason === '')
      .map(({ object }) => ({
        cluster: state.name,
        verb: 'delete',
        object,
        before: undefined,
        reason: { kind: 'workloadOf', version },
      })),
    left: all
      .filter(({ reason }) => reason !== '')
      .map(({ object, reason }) => ({ cluster: state.name, object, reason })),
  };
}

function templateLabels({ spec }: Deployment): Labels | undefined {
  return spec?.template?.metadata?.labels;
}

/** Whether another Service would lose its last pods with a workload: its users come by no route of the release. */
function needs({ spec }: Service, deployment: Deployment, { deployments }: ClusterState): boolean {
  const reaches = (one: Deployment): boolean => selects(spec?.selector, templateLabels(one));
  return (
    Object.keys(spec?.selector ?? {}).length > 0 &&
    reaches(deployment) &&
    !deployments.some((one) => nameOf(one) !== nameOf(deployment) && !isGoing(one) && reaches(one))
  );
}

/** `the subset v1`, or `Service hello-v1` */
function wayOf([one]: readonly RouteState[], version: VersionName): string {
  if (one === undefined) return version;
  return one.choice.versionServices === undefined ? `the ${wayTo(one, version)}` : wayTo(one, version);
}

/** Empty where a workload goes with the version. */
function reasonToKeep({
  way,
  other,
  unsure,
  needing,
}: {
  readonly way: string;
  readonly other: string | undefined;
  readonly unsure: boolean;
  readonly needing: Service | undefined;
}): string {
  if (needing !== undefined)
    return `${nameOf({ ...needing, kind: 'Service' })} leads only to its pods; delete that Service first, then run retire again`;
  if (other !== undefined) return `${other} selects its pods too`;
  return unsure ? `whether ${way} selects its pods cannot be known` : '';
}

/** Deleted already, and waiting for what depends on it. */
function isGoing({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined;
}

/** Empty where the object goes with the version. */
function reasonToLeave({ kind, metadata }: KubeObject, version: VersionName, own: Labels): string {
  if (NEVER_DELETED.includes(kind)) return `a ${kind} is never deleted`;
  const label = metadata.labels?.[VERSION_LABEL];
  if (label !== undefined && [version, own[VERSION_LABEL]].includes(label)) return '';
  return label === undefined
    ? `without the label ${VERSION_LABEL}: ${version} it may serve other versions too`
    : `it is labelled ${VERSION_LABEL}: ${label}`;
}
