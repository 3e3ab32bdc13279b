import { isDeepStrictEqual } from 'node:util';
import type { Change } from '../kubernetes/change.ts';
import { CanaryError, inCluster } from '../core/errors.ts';
import { gatewayKey, newGateway } from '../istio/gateways.ts';
import type { VirtualService } from '../kubernetes/objects.ts';
import { withRecord } from './history.ts';
import type { Release } from './release.ts';
import type { ClusterName } from '../core/names.ts';
import { managedRoutes } from '../istio/managed-routes.ts';
import { rivalsOf } from './rival-routes.ts';
import { previewedVersions, routesTo, streamsTo } from '../istio/routes.ts';
import { routePort } from './service-port.ts';
import { withPreviews, withWeights } from '../istio/route-edits.ts';
import type { RouteTarget } from '../istio/route-edits.ts';
import type { FleetState } from './state.ts';
import { missingSubsets, newDestinationRule, versionLabels, withSubsets } from './subsets.ts';
import { byCluster, trafficOf } from './observed-routing.ts';
import type { RouteState } from './observed-routing.ts';
import { formatWeights } from '../core/weights.ts';
import type { VersionName, Weights } from '../core/weights.ts';

/** What the traffic objects shall hold. */
export interface Target {
  readonly weights: Weights;
  /** Versions that get more than they have: they must be reached before. */
  readonly raised: readonly VersionName[];
  /** Earlier weights, the latest last. */
  readonly history: readonly Weights[];
  /** A version to be taken out; none of `weights`. */
  readonly retired?: VersionName;
}

/** See `Plan`. */
export interface TrafficChanges {
  readonly revision: number;
  readonly subsets: readonly Change[];
  readonly previews: readonly Change[];
  readonly probes: readonly VersionName[];
  readonly routes: readonly Change[];
}

/**
 * The changes of the traffic objects of every config cluster. Where one VirtualService has to change, all do, so that every
 * route carries the same revision. Pure.
 */
export function trafficChanges(
  release: Release,
  fleet: FleetState,
  inForce: readonly RouteState[],
  target: Target,
): TrafficChanges {
  const { weights } = target;
  const versions = [...weights.keys()];
  const subsets = byCluster(inForce).flatMap((cluster) => [
    ...gatewayChange(release, fleet, cluster),
    ...subsetChange(release, fleet, inForce, cluster, versions),
  ]);
  const last = Math.max(
    0,
    ...inForce.map(({ record, revision }) => Math.max(record?.revision ?? 0, numberOf(revision))),
  );
  const at = (revision: number, one: RouteState): RouteTarget => ({
    service: release,
    routes: one.routes,
    weights,
    revision,
    port: isRouteNew(release, one) ? routePort(release, fleet, one.cluster) : undefined,
    ...(target.retired === undefined ? {} : { retired: target.retired }),
  });

  const settled = inForce.every((one) =>
    isDeepStrictEqual(routed(release, fleet, one, at(last, one), target.history), one.virtualService),
  );
  if (settled) return { revision: last, subsets, previews: [], probes: [], routes: [] };

  // Another app's release marks its responses as well: where it may answer what is sampled, its number must not be ours.
  const others = inForce.flatMap((one) =>
    rivalsOf(release, fleet, one).map(({ revision }) => numberOf(revision)),
  );
  const revision = Math.max(last, ...others) + 1;
  const previewed = inForce.every((one) => {
    const { virtualService: vs } = one;
    return vs !== undefined && isDeepStrictEqual(withPreviews(vs, at(last, one)), vs);
  });
  const previews = previewed
    ? []
    : inForce.map((one) => previewChange(release, fleet, one, at(revision, one), versions));
  return {
    revision,
    subsets,
    previews,
    probes: versions.filter(
      (version) => target.raised.includes(version) || !previewedEverywhere(release, inForce, version),
    ),
    routes: inForce.map((one) => ({
      cluster: one.cluster,
      verb: 'update',
      object: routed(release, fleet, one, at(revision, one), target.history),
      before: one.virtualService,
      reason: `weights ${one.weights === undefined ? '' : `${formatWeights(one.weights)} → `}${formatWeights(weights)}`,
    })),
  };
}

/** Whether a VirtualService gets a route of its own for the service: those that it has keep their ports. */
function isRouteNew(release: Release, { virtualService: vs, routes }: RouteState): boolean {
  return (
    vs === undefined ||
    (managedRoutes(vs, release, routes).length === 0 && streamsTo(vs, release).length === 0)
  );
}

/** The number that a revision header carries; 0 where it is none that the action wrote. */
function numberOf(revision: string | undefined): number {
  const number = Number(revision);
  return Number.isSafeInteger(number) ? number : 0;
}

function previewedEverywhere(
  release: Release,
  inForce: readonly RouteState[],
  version: VersionName,
): boolean {
  return inForce.every(
    ({ virtualService: vs }) =>
      vs !== undefined &&
      (previewedVersions(vs, release).includes(version) || routesTo(vs, release).length === 0),
  );
}

/** A VirtualService as the release wants it at the end. Each carries the record, so that each tells by itself what is in force. */
function routed(
  release: Release,
  fleet: FleetState,
  { cluster, virtualService }: RouteState,
  target: RouteTarget,
  history: readonly Weights[],
): VirtualService {
  const vs = virtualService ?? newVirtualService(release, fleet, cluster);
  const record = { app: release.app, revision: target.revision, weights: target.weights, history };
  return inCluster(cluster, () => withRecord(withWeights(vs, target), record));
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
  { cluster, virtualService, record }: RouteState,
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
      history: record?.history ?? [],
    }),
    before: virtualService,
    reason: `preview routes for ${versions.join(', ')}`,
  };
}

function subsetChange(
  release: Release,
  fleet: FleetState,
  inForce: readonly RouteState[],
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
      versionLabels(inForce, versions),
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
      object: withSubsets(destinationRule, versionLabels(inForce, missing)),
      before: destinationRule,
      reason: `subset ${missing.join(', ')}`,
    },
  ];
}

function gatewayChange(
  release: Release,
  fleet: FleetState,
  { cluster, virtualService }: RouteState,
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
