import { isDeepStrictEqual } from 'node:util';
import type { Change } from '../kubernetes/change.ts';
import { CanaryError, inCluster } from '../core/errors.ts';
import { gatewayKey, newGateway } from '../istio/gateways.ts';
import type { VirtualService } from '../kubernetes/objects.ts';
import { withRecord } from './history.ts';
import type { ClusterName } from '../core/names.ts';
import { rivalsOf } from './rival-routes.ts';
import { routePort } from './service-port.ts';
import type { RouteTarget } from '../core/route-target.ts';
import type { Observation } from './observation.ts';
import type { TrafficTarget } from './traffic-target.ts';
import { missingSubsets, versionLabels } from './subsets.ts';
import { withSubsets, newDestinationRule } from '../istio/destination-rule-edits.ts';
import { oncePerCluster } from './route-state.ts';
import type { RouteState } from './route-state.ts';
import { trafficOf } from './state.ts';
import { formatWeights, sameWeights } from '../core/weights.ts';
import type { VersionName, Weights } from '../core/weights.ts';

/** How the traffic objects of every config cluster come to hold a target, in the order of its stages. */
export interface TrafficPlan {
  /** Weights to be in force at the end. */
  readonly weights: Weights;
  /** The weights that a rollback restores after this plan. */
  readonly before: Weights | undefined;
  readonly revision: number;
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
 * The changes of the traffic objects of every config cluster that was observed. Where one VirtualService has to change, all do,
 * so that every route carries the same revision. Pure.
 */
export function planTraffic(observed: Observation, target: TrafficTarget): TrafficPlan {
  const { release, fleet, routes: states } = observed;
  const { weights, history, retired } = target;
  const versions = [...weights.keys()];
  const subsets = oncePerCluster(states).flatMap((one) => [
    ...gatewayChange(observed, one),
    ...subsetChange(observed, one, versions),
  ]);
  const last = Math.max(
    0,
    ...states.map(({ record, revision }) => Math.max(record?.revision ?? 0, revisionNumber(revision))),
  );
  const at = (revision: number, one: RouteState): RouteTarget => ({
    service: release,
    routes: one.routes,
    weights,
    revision,
    port: needsRoute(observed, one) ? routePort(release, fleet, one.cluster) : undefined,
    ...(retired === undefined ? {} : { retired }),
  });

  const common = { weights, before: history.at(-1), subsets };
  const isDone = states.every((one) =>
    isDeepStrictEqual(routed(observed, one, at(last, one), history), one.virtualService),
  );
  if (isDone) return { ...common, revision: last, previews: [], probes: [], routes: [] };

  // Another app's release marks its responses as well: where it may answer what is sampled, its number must not be ours.
  const others = states.flatMap((one) =>
    rivalsOf(release, fleet, one).map(({ revision }) => revisionNumber(revision)),
  );
  const revision = Math.max(last, ...others) + 1;
  const isPreviewed = states.every((one) => {
    const { virtualService: vs } = one;
    return vs !== undefined && isDeepStrictEqual(observed.api.withPreviews(vs, at(last, one)), vs);
  });
  const raised = raisedVersions(observed, weights);
  return {
    ...common,
    revision,
    previews: isPreviewed
      ? []
      : states.map((one) => previewChange(observed, one, at(revision, one), versions)),
    probes: versions.filter(
      (version) => raised.includes(version) || !isPreviewedEverywhere(observed, version),
    ),
    routes: states.map((one) => ({
      cluster: one.cluster,
      verb: 'update',
      object: routed(observed, one, at(revision, one), history),
      before: one.virtualService,
      reason: reasonOf(one.weights, weights),
      ...(needsRoute(observed, one) ? { isFirstRoute: true } : {}),
    })),
  };
}

function reasonOf(current: Weights | undefined, weights: Weights): string {
  if (current === undefined) return `weights ${formatWeights(weights)}`;
  if (sameWeights(current, weights)) return `weights ${formatWeights(weights)}, as before`;
  return `weights ${formatWeights(current)} → ${formatWeights(weights)}`;
}

/** The versions that get more than some cluster gives them now: they must be ready, and reached, before. */
export function raisedVersions({ routes }: Observation, weights: Weights): readonly VersionName[] {
  return [...weights].flatMap(([version, weight]) =>
    routes.some((one) => weight > (one.weights?.get(version) ?? 0)) ? [version] : [],
  );
}

/** Whether a VirtualService gets a new route for the service: those that it has keep their ports. */
function needsRoute({ release, api }: Observation, { virtualService: vs, routes }: RouteState): boolean {
  return vs === undefined || api.lacksRoute(vs, { service: release, routes });
}

/** The number that a revision header carries; 0 where it is none that the action wrote. */
function revisionNumber(revision: string | undefined): number {
  const number = Number(revision);
  return Number.isSafeInteger(number) ? number : 0;
}

function isPreviewedEverywhere({ release, routes, api }: Observation, version: VersionName): boolean {
  return routes.every(({ virtualService: vs }) => vs !== undefined && api.isPreviewed(vs, release, version));
}

/** A VirtualService as the release wants it at the end. Each carries the record, so that each tells by itself what is in force. */
function routed(
  observed: Observation,
  { cluster, virtualService }: RouteState,
  target: RouteTarget,
  history: readonly Weights[],
): VirtualService {
  const vs = virtualService ?? newVirtualService(observed, cluster);
  const record = { app: observed.release.app, revision: target.revision, weights: target.weights, history };
  return inCluster(cluster, () => withRecord(observed.api.withWeights(vs, target), record));
}

function newVirtualService({ release, fleet }: Observation, cluster: ClusterName): VirtualService {
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
  observed: Observation,
  { cluster, virtualService, record }: RouteState,
  target: RouteTarget,
  versions: readonly VersionName[],
): Change {
  const vs = observed.api.withPreviews(virtualService ?? newVirtualService(observed, cluster), target);
  return {
    cluster,
    verb: virtualService === undefined ? 'create' : 'update',
    object: withRecord(vs, {
      app: observed.release.app,
      revision: target.revision,
      weights: record?.weights,
      history: record?.history ?? [],
    }),
    before: virtualService,
    reason: `preview routes for ${versions.join(', ')}`,
  };
}

function subsetChange(
  { release, fleet, routes }: Observation,
  one: RouteState,
  versions: readonly VersionName[],
): readonly Change[] {
  const { cluster, destinationRule, deciding } = one;
  const missing = missingSubsets(one, versions);
  if (missing.length === 0) return [];
  if (destinationRule === undefined) {
    const key = { name: release.traffic.destinationRule, namespace: release.namespace, host: release.app };
    const object = newDestinationRule(
      trafficOf(fleet, cluster).apiVersion,
      key,
      versionLabels(routes, versions),
      deciding,
    );
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
  return [
    {
      cluster,
      verb: 'update',
      object: withSubsets(destinationRule, versionLabels(routes, missing)),
      before: destinationRule,
      reason: `subset ${missing.join(', ')}`,
    },
  ];
}

function gatewayChange(
  { release, fleet }: Observation,
  { cluster, virtualService }: RouteState,
): readonly Change[] {
  if (virtualService !== undefined) return [];
  const key = gatewayKey(release.traffic.gateway ?? release.app, release.namespace);
  const { apiVersion, gateways } = trafficOf(fleet, cluster);
  if (gateways.some(({ metadata }) => metadata.name === key.name && metadata.namespace === key.namespace))
    return [];
  if (key.namespace !== release.namespace) {
    throw new CanaryError(
      `There is no Gateway ${key.namespace}/${key.name} in ${cluster}. The action creates Gateways only in the release's namespace (${release.namespace}). Correct the input gateway, or create it there first.`,
    );
  }
  const object = newGateway(apiVersion, key, release.traffic.gatewaySelector, release.traffic.hosts ?? ['*']);
  return [
    { cluster, verb: 'create', object, before: undefined, reason: 'entry point for the ingress traffic' },
  ];
}
