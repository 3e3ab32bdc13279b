import { isDeepStrictEqual } from 'node:util';
import type { Change } from '../kubernetes/change.ts';
import { inCluster } from '../core/errors.ts';
import { revisionNumber } from '../core/headers.ts';
import { withRecord } from './history.ts';
import { routePort } from './service-port.ts';
import type { RouteTarget } from '../core/route-target.ts';
import { answeringRivals } from './answering-rivals.ts';
import type { Observation } from './observation.ts';
import type { RouteObject } from './route-object.ts';
import type { TrafficTarget } from './traffic-target.ts';
import { plannerOf } from './traffic-planners.ts';
import { oncePerCluster } from './route-state.ts';
import type { RouteState } from './route-state.ts';
import type { VersionName, Weights } from '../core/weights.ts';

/** How the traffic objects of every config cluster come to hold a target, in the order of its stages. */
export interface TrafficPlan {
  /** Weights to be in force at the end. */
  readonly weights: Weights;
  /** The weights that a rollback restores after this plan. */
  readonly before: Weights | undefined;
  readonly revision: number;
  /** DestinationRules and Gateways of Istio: what the routes refer to. */
  readonly subsets: readonly Change[];
  /** The route objects with preview routes; the weights are those in force. */
  readonly previews: readonly Change[];
  /** Versions that must answer a preview request through every ingress before the weights change, or are sampled again. */
  readonly probes: readonly VersionName[];
  /** The route objects with the new weights. */
  readonly routes: readonly Change[];
}

/**
 * The changes of the traffic objects of every config cluster that was observed. Where one object has to change, all do,
 * so that every route carries the same revision. Pure.
 */
export function planTraffic(observed: Observation, target: TrafficTarget): TrafficPlan {
  const { release, fleet, routes: states } = observed;
  const { weights, history, retired } = target;
  const versions = [...weights.keys()];
  const planner = plannerOf(observed);
  const subsets = oncePerCluster(states).flatMap((one) => planner.references(observed, one, versions));
  const last = Math.max(
    0,
    ...states.map(({ record, revision }) => Math.max(record?.revision ?? 0, revisionNumber(revision))),
  );
  const at = (revision: number, one: RouteState): RouteTarget => ({
    ...one.choice,
    weights,
    revision,
    port: needsRoute(observed, one) ? routePort(release, fleet, one.cluster) : undefined,
    ...(retired === undefined ? {} : { retired }),
  });

  const common = { weights, before: history.at(-1), subsets };
  const isDone = states.every((one) =>
    isDeepStrictEqual(routed(observed, one, at(last, one), history), one.object),
  );
  if (isDone) {
    const probes = versions.filter((version) => weights.get(version) !== 0);
    return { ...common, revision: last, previews: [], probes, routes: [] };
  }

  // Another app's release marks its responses as well: where it may answer what is sampled, its number must not be ours.
  const others = states.flatMap((one) =>
    answeringRivals(observed, one).map(({ revision }) => revisionNumber(revision)),
  );
  const revision = Math.max(last, ...others) + 1;
  const isPreviewed = states.every((one) => {
    const { object } = one;
    return (
      object !== undefined && isDeepStrictEqual(observed.api.withPreviews(object, at(last, one)), object)
    );
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
      before: one.object,
      reason: { kind: 'weightsSet', before: one.weights, after: weights },
      ...(needsRoute(observed, one) ? { isFirstRoute: true } : {}),
    })),
  };
}

/** The versions that get more than some cluster gives them now: they must be ready, and reached, before. */
export function raisedVersions({ routes }: Observation, weights: Weights): readonly VersionName[] {
  return [...weights].flatMap(([version, weight]) =>
    routes.some((one) => weight > (one.weights?.get(version) ?? 0)) ? [version] : [],
  );
}

/** Whether an object gets a new route for the service: those that it has keep their ports. */
function needsRoute({ api }: Observation, { object, choice }: RouteState): boolean {
  return object === undefined || api.lacksRoute(object, choice);
}

function isPreviewedEverywhere({ routes, api }: Observation, version: VersionName): boolean {
  return routes.every(
    ({ object, choice }) => object !== undefined && api.isPreviewed(object, choice, version),
  );
}

/** An object as the release wants it at the end. Each carries the record, so that each one alone says what is in force. */
function routed(
  observed: Observation,
  { cluster, object }: RouteState,
  target: RouteTarget,
  history: readonly Weights[],
): RouteObject {
  const route = object ?? plannerOf(observed).newObject(observed, cluster);
  const record = { app: observed.release.app, revision: target.revision, weights: target.weights, history };
  return inCluster(cluster, () => withRecord(observed.api.withWeights(route, target), record));
}

function previewChange(
  observed: Observation,
  { cluster, object, record }: RouteState,
  target: RouteTarget,
  versions: readonly VersionName[],
): Change {
  const route = object ?? plannerOf(observed).newObject(observed, cluster);
  return {
    cluster,
    verb: object === undefined ? 'create' : 'update',
    object: withRecord(observed.api.withPreviews(route, target), {
      app: observed.release.app,
      revision: target.revision,
      weights: record?.weights,
      history: record?.history ?? [],
    }),
    before: object,
    reason: { kind: 'previews', versions },
  };
}
