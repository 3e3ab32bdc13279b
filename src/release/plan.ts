import { isDeepStrictEqual } from 'node:util';
import { CanaryError } from './errors.ts';
import { gatewayKey, newGateway } from './gateways.ts';
import { nameOf, selects } from './objects.ts';
import type { KubeObject, VirtualService } from './objects.ts';
import { withRecord } from './record.ts';
import { allClusters, clustersOf, namedVersions } from './release.ts';
import type { ClusterName, Release } from './release.ts';
import { routesTo, withPreviews, withWeights } from './routes.ts';
import type { RouteTarget } from './routes.ts';
import type { ClusterState, FleetState } from './state.ts';
import {
  VERSION_LABEL,
  assertSubsetLabels,
  missingSubsets,
  newDestinationRule,
  subsetLabels,
  withSubsets,
} from './subsets.ts';
import { describeEdit, editsOf, trafficOf, weightsInForce } from './traffic.ts';
import type { InForce } from './traffic.ts';
import { formatWeights, sameWeights } from './weights.ts';
import type { VersionName, Weights } from './weights.ts';
import { namespaceObject, selectorOfService, workloadObjects } from './workloads.ts';

/** One write to one cluster, with the reason for it. */
export interface Change {
  readonly cluster: ClusterName;
  /** `apply`: server-side apply, which may turn out to change nothing; the others are guarded by resourceVersion. */
  readonly verb: 'apply' | 'create' | 'update';
  readonly object: KubeObject;
  /** What stands there; undefined for `create`, and for `apply` (the server compares). */
  readonly before: KubeObject | undefined;
  readonly reason: string;
}

/** What has to be there before a version gets users' traffic in one cluster. */
export interface ReadyCheck {
  readonly cluster: ClusterName;
  readonly version: VersionName;
  /** Labels of the pods that must be ready; the subset's, and those of the Service. */
  readonly labels: Readonly<Record<string, string>>;
  /** Deployments that must have finished rolling out. */
  readonly deployments: readonly string[];
}

/**
 * All that a rollout has to do, in the order of its stages: each stage is finished in every cluster before the next
 * begins, so that no route ever names what is not there yet.
 */
export interface Plan {
  /** Weights to be in force at the end. */
  readonly weights: Weights;
  /** Weights in force before; undefined on a first install. */
  readonly previous: Weights | undefined;
  /** The weights that a rollback gives back: those in force before, or where nothing changes, those before them. */
  readonly before: Weights | undefined;
  readonly revision: number;
  readonly workloads: readonly Change[];
  readonly ready: readonly ReadyCheck[];
  /** DestinationRules and Gateways: what the routes refer to. */
  readonly subsets: readonly Change[];
  /** VirtualServices with preview routes; the weights are those in force. */
  readonly previews: readonly Change[];
  /** Versions that must answer a preview request through every ingress before the weights change. */
  readonly probes: readonly VersionName[];
  /** VirtualServices with the new weights. */
  readonly routes: readonly Change[];
}

/**
 * What has to change so that the fleet holds what the release asks for. Pure.
 *
 * @throws CanaryError where what stands there does not allow it: nothing may be written then
 */
export function planRollout(release: Release, fleet: FleetState): Plan {
  const inForce = weightsInForce(release, fleet);
  const previous = inForce.find(({ weights }) => weights !== undefined)?.weights;
  const weights = targetWeights(release, inForce, previous);
  assertNotEdited(inForce, weights);
  const versions = [...weights.keys()];
  const workloads = allClusters(release).flatMap((cluster) =>
    workloadChanges(release, stateOf(fleet, cluster), versions),
  );
  const ready = readyChecks(release, fleet, inForce, weights, workloads);
  const traffic = trafficChanges(release, fleet, inForce, weights, previous);
  const unchanged = previous !== undefined && sameWeights(previous, weights);
  const before = unchanged ? inForce[0]?.record?.previous : previous;
  return { weights, previous, before, workloads, ready, ...traffic };
}

function stateOf(fleet: FleetState, cluster: ClusterName): ClusterState {
  const state = fleet.get(cluster);
  if (state === undefined) throw new Error(`${cluster} was not read`);
  return state;
}

/** The weights asked for, or those in force with the new versions at 0; versions in force that are not named get 0. */
function targetWeights(
  release: Release,
  inForce: readonly InForce[],
  previous: Weights | undefined,
): Weights {
  const asked = release.traffic.weights;
  const named = namedVersions(release);
  const start = asked ?? previous;
  if (start !== undefined) {
    const idle = new Set([...(previous?.keys() ?? []), ...named].filter((version) => !start.has(version)));
    return new Map([...start, ...[...idle].map((version) => [version, 0] as const)]);
  }
  const [only, ...others] = named;
  if (
    only !== undefined &&
    others.length === 0 &&
    inForce.every(({ virtualService }) => managesNothing(release, virtualService))
  ) {
    return new Map([[only, 100]]);
  }
  throw new CanaryError(
    `The input weights is not set, and no route gives ${release.app} weights yet that could be kept (versions: ${named.join(', ') || 'none named'}). Set it, for example weights: ${formatWeights(new Map(named.map((v, i) => [v, i === 0 ? 100 : 0])))}.`,
  );
}

function managesNothing(release: Release, vs: VirtualService | undefined): boolean {
  return vs === undefined || routesTo(vs, release).length === 0;
}

function assertNotEdited(inForce: readonly InForce[], weights: Weights): void {
  const edits = editsOf(inForce).filter(({ found }) => found === undefined || !sameWeights(found, weights));
  if (edits.length === 0) return;
  throw new CanaryError(
    `${edits.map(describeEdit).join('. ')}. It is not overwritten: give the route the recorded weights again, or ask for the weights that it holds now.`,
  );
}

function workloadChanges(
  release: Release,
  state: ClusterState,
  versions: readonly VersionName[],
): readonly Change[] {
  const namespace = namespaceObject(release, state);
  const objects = versions
    .filter((version) => clustersOf(release, version).includes(state.name))
    .flatMap((version) => workloadObjects(release, state, version));
  return [...(namespace === undefined ? [] : [namespace]), ...unique(objects)].map(({ object, reason }) => ({
    cluster: state.name,
    verb: 'apply',
    object,
    before: undefined,
    reason,
  }));
}

/** Versions that run side by side share the Service: it is applied once. */
function unique<T extends { readonly object: KubeObject }>(objects: readonly T[]): readonly T[] {
  return objects.filter(
    ({ object }, i) => objects.findIndex((other) => nameOf(other.object) === nameOf(object)) === i,
  );
}

function readyChecks(
  release: Release,
  fleet: FleetState,
  inForce: readonly InForce[],
  weights: Weights,
  workloads: readonly Change[],
): readonly ReadyCheck[] {
  const rule = inForce.find(({ destinationRule }) => destinationRule !== undefined)?.destinationRule;
  return [...weights].flatMap(([version, weight]) => {
    const clusters = clustersOf(release, version);
    return clusters.flatMap((cluster): readonly ReadyCheck[] => {
      const deployments = workloads
        .filter(({ object, ...change }) => change.cluster === cluster && object.kind === 'Deployment')
        .filter(({ object }) => object.metadata.labels?.[VERSION_LABEL] === version)
        .map(({ object }) => object.metadata.name);
      // A version that gets no traffic and is not deployed here owes nothing.
      if (weight === 0 && deployments.length === 0) return [];
      const selector = serviceSelector(release, stateOf(fleet, cluster), version);
      return [{ cluster, version, labels: { ...selector, ...subsetLabels(rule, version) }, deployments }];
    });
  });
}

/** The labels by which the Service picks pods; they must leave the choice of version to the subsets. */
function serviceSelector(
  release: Release,
  state: ClusterState,
  version: VersionName,
): Readonly<Record<string, string>> {
  const selector = selectorOfService(release, state);
  const picked = selector[VERSION_LABEL];
  if (picked !== undefined && picked !== version) {
    throw new CanaryError(
      `Service ${release.namespace}/${release.app} in ${state.name} selects ${VERSION_LABEL}: ${picked} alone, so ${version} would get no traffic there. Take the label ${VERSION_LABEL} out of its selector.`,
    );
  }
  return selector;
}

/** Whether a version runs somewhere, or will: without that its weight would be served by nobody. */
function runsSomewhere(
  release: Release,
  fleet: FleetState,
  labels: Readonly<Record<string, string>>,
  version: VersionName,
): boolean {
  if (
    release.workload.images.has(version) ||
    (version === release.version && release.workload.manifests !== undefined)
  )
    return true;
  return [...fleet.values()].some(({ pods }) =>
    pods.some(({ metadata }) => selects(labels, metadata.labels)),
  );
}

type TrafficChanges = Pick<Plan, 'revision' | 'subsets' | 'previews' | 'probes' | 'routes'>;

function trafficChanges(
  release: Release,
  fleet: FleetState,
  inForce: readonly InForce[],
  weights: Weights,
  previous: Weights | undefined,
): TrafficChanges {
  const versions = [...weights.keys()];
  const stranger = versions.find((version) => {
    const labels = subsetLabels(inForce[0]?.destinationRule, version);
    return (weights.get(version) ?? 0) > 0 && !runsSomewhere(release, fleet, labels, version);
  });
  if (stranger !== undefined) {
    throw new CanaryError(
      `Version ${stranger} is to get ${String(weights.get(stranger))} % of the traffic, but no pod of ${release.app} in ${[...fleet.keys()].join(', ')} is labelled ${VERSION_LABEL}: ${stranger}, and there is no image for it. Set the input image (${stranger}=…), or correct the weights.`,
    );
  }
  const subsets = inForce.flatMap((cluster) => [
    ...gatewayChange(release, fleet, cluster),
    ...subsetChange(release, fleet, cluster, versions),
  ]);
  const last = Math.max(
    0,
    ...inForce.map(({ record, revision }) => Math.max(record?.revision ?? 0, Number(revision ?? 0))),
  );
  const port = servicePort(release, fleet);
  const at = (revision: number): RouteTarget => ({
    service: release,
    routes: release.traffic.routes,
    weights,
    revision,
    port,
  });

  const settled = inForce.every((cluster) =>
    isDeepStrictEqual(routed(release, fleet, cluster, at(last), previous), cluster.virtualService),
  );
  if (settled) return { revision: last, subsets, previews: [], probes: [], routes: [] };

  const revision = last + 1;
  const previewed = inForce.every(({ virtualService }) => {
    return (
      virtualService !== undefined &&
      isDeepStrictEqual(withPreviews(virtualService, at(last)), virtualService)
    );
  });
  const previews = previewed
    ? []
    : inForce.map((cluster) => previewChange(release, fleet, cluster, at(revision), versions));
  return {
    revision,
    subsets,
    previews,
    probes: versions.filter((version) => (weights.get(version) ?? 0) > 0 || version === release.version),
    routes: inForce.map((cluster) => ({
      cluster: cluster.cluster,
      verb: 'update',
      object: routed(release, fleet, cluster, at(revision), previous),
      before: cluster.virtualService,
      reason: `weights ${cluster.weights === undefined ? '' : `${formatWeights(cluster.weights)} → `}${formatWeights(weights)}`,
    })),
  };
}

/** The VirtualService of a config cluster as the release wants it at the end. */
function routed(
  release: Release,
  fleet: FleetState,
  { cluster, virtualService, record }: InForce,
  target: RouteTarget,
  previous: Weights | undefined,
): VirtualService {
  const vs = virtualService ?? newVirtualService(release, fleet, cluster);
  const same = previous !== undefined && sameWeights(previous, target.weights);
  return withRecord(withWeights(vs, target), {
    app: release.app,
    revision: target.revision,
    weights: target.weights,
    previous: same ? record?.previous : previous,
  });
}

function newVirtualService(release: Release, fleet: FleetState, cluster: ClusterName): VirtualService {
  return {
    apiVersion: trafficOf(fleet, cluster).apiVersion,
    kind: 'VirtualService',
    metadata: { name: release.traffic.virtualService, namespace: release.namespace },
    spec: {
      hosts: release.traffic.hosts ?? ['*'],
      gateways: [release.traffic.gateway ?? release.app],
      http: [],
    },
  };
}

function previewChange(
  release: Release,
  fleet: FleetState,
  { cluster, virtualService, record }: InForce,
  target: RouteTarget,
  versions: readonly VersionName[],
): Change {
  const vs = withPreviews(virtualService ?? newVirtualService(release, fleet, cluster), target);
  return {
    cluster,
    verb: virtualService === undefined ? 'create' : 'update',
    object: withRecord(vs, {
      app: release.app,
      revision: target.revision,
      weights: record?.weights,
      previous: record?.previous,
    }),
    before: virtualService,
    reason: `preview routes for ${versions.join(', ')}`,
  };
}

function subsetChange(
  release: Release,
  fleet: FleetState,
  { cluster, destinationRule }: InForce,
  versions: readonly VersionName[],
): readonly Change[] {
  if (destinationRule === undefined) {
    const key = { name: release.traffic.destinationRule, namespace: release.namespace, host: release.app };
    const object = newDestinationRule(trafficOf(fleet, cluster).apiVersion, key, versions);
    return [
      {
        cluster,
        verb: 'create',
        object,
        before: undefined,
        reason: `subsets ${versions.join(', ')}, mutual TLS`,
      },
    ];
  }
  assertSubsetLabels(destinationRule, versions, cluster);
  const missing = missingSubsets(destinationRule, versions);
  if (missing.length === 0) return [];
  return [
    {
      cluster,
      verb: 'update',
      object: withSubsets(destinationRule, versions),
      before: destinationRule,
      reason: `subset ${missing.join(', ')}`,
    },
  ];
}

function gatewayChange(
  release: Release,
  fleet: FleetState,
  { cluster, virtualService }: InForce,
): readonly Change[] {
  if (virtualService !== undefined) return [];
  const key = gatewayKey(release.traffic.gateway ?? release.app, release.namespace);
  const { apiVersion, gateways } = trafficOf(fleet, cluster);
  if (gateways.some(({ metadata }) => metadata.name === key.name && metadata.namespace === key.namespace))
    return [];
  if (key.namespace !== release.namespace) {
    throw new CanaryError(
      `There is no Gateway ${key.namespace}/${key.name} in ${cluster}. The action makes Gateways in the release's namespace only (${release.namespace}); correct the input gateway, or make it there first.`,
    );
  }
  const object = newGateway(apiVersion, key, release.traffic.gatewaySelector, release.traffic.hosts ?? ['*']);
  return [{ cluster, verb: 'create', object, before: undefined, reason: 'entry for the ingress traffic' }];
}

/** The port that new destinations name: the one asked for, or the only one of the Service. */
function servicePort(release: Release, fleet: FleetState): number | undefined {
  if (release.workload.port !== undefined) return release.workload.port;
  const ports = [...fleet.values()].flatMap(({ service }) => service?.spec?.ports ?? []);
  const numbers = [...new Set(ports.map(({ port }) => port))];
  return numbers.length === 1 ? numbers[0] : undefined;
}
