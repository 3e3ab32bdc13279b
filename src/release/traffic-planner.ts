import type { ClusterName } from '../core/names.ts';
import type { ListenerName } from '../texts/catalogue/rival-findings.ts';
import type { RoutePart } from '../texts/catalogue/routes.ts';
import type { VersionName, Weights } from '../core/weights.ts';
import type { Change, WorkloadObject } from '../kubernetes/change.ts';
import type { KubeObject } from '../kubernetes/objects.ts';
import type { Observation } from './observation.ts';
import type { RouteObject } from './route-object.ts';
import type { RouteState } from './route-state.ts';
import type { ClusterState } from './state.ts';
import type { VersionLabels } from '../istio/destination-rule-edits.ts';

/** An object that a retirement does not delete, and why. */
export interface Left {
  readonly cluster: ClusterName;
  readonly object: KubeObject;
  readonly reason: string;
}

/** A route outside the release that takes requests which are meant for a managed one. */
export interface Rival {
  readonly cluster: ClusterName;
  /** undefined: a narrower host takes the requests, and no route for it does, so that the gateway answers 404. */
  readonly route: RoutePart | undefined;
  /** `VirtualService gray-demo/shop` */
  readonly object: string;
  /** The listener of the Gateway API through which it does, where that is not sampled. */
  readonly listener: ListenerName | undefined;
  /** false: where the pods of the gateway could not be read. */
  readonly isCertain: boolean;
  /** The revision that its responses carry: another app's release has marked them. */
  readonly revision: string | undefined;
  /** Whether it leads to the service of the release. */
  readonly leadsHere: boolean;
}

/**
 * What plans need of one kind of routes beside the routes themselves (`traffic-api.ts`): what the routes refer to, and the refusals that
 * belong to the kind. Pure.
 */
export interface TrafficPlanner {
  /** A route object made anew, without routes. */
  readonly newObject: (observed: Observation, cluster: ClusterName) => RouteObject;
  /** Written before the routes of a config cluster, and after the pods: what they refer to. */
  readonly references: (
    observed: Observation,
    one: RouteState,
    versions: readonly VersionName[],
  ) => readonly Change[];
  /** Written before the pods in every cluster of the release. */
  readonly versionObjects: (
    observed: Observation,
    state: ClusterState,
    labels: VersionLabels,
  ) => readonly WorkloadObject[];
  /** The routes that take requests ahead of a managed one, or in its place, wherever users reach it. */
  readonly rivals: (observed: Pick<Observation, 'release' | 'fleet'>, one: RouteState) => readonly Rival[];
  /** @throws CanaryError where the routes that are there cannot be released */
  readonly assertRoutes: (observed: Observation) => void;
  /** @throws CanaryError where the routes refer to what does not exist and this plan does not create, or would lose a policy */
  readonly assertReferences: (
    observed: Observation,
    versions: readonly VersionName[],
    workloads: readonly Change[],
  ) => void;
  /** @throws CanaryError where routes outside the release split the service as well */
  readonly assertAlone: (observed: Observation) => void;
  /** @throws CanaryError where the release would open a second entrance for users */
  readonly assertEntrance: (observed: Observation) => void;
  /**
   * The weights that the routes are to hold before any pod is written, to the same effect as now; undefined where they name versions
   * already, or no pod of a new version comes.
   *
   * @throws CanaryError that tells how to get there where that cannot be done unnoticed
   */
  readonly pinned: (
    observed: Observation,
    versions: readonly VersionName[],
    workloads: readonly Change[],
  ) => Weights | undefined;
  /** @throws CanaryError where requests would not find what the plan writes for the versions */
  readonly assertReached: (
    observed: Observation,
    versions: readonly VersionName[],
    references: readonly Change[],
  ) => void;
  /** @throws CanaryError where something outside the release still refers to what leads to a version */
  readonly assertUnreferenced: (
    observed: Observation,
    routes: readonly Change[],
    version: VersionName,
  ) => void;
  /** What led to a version, once it is retired: subsets go after its pods in all config clusters, Services with them. */
  readonly removals: (
    observed: Observation,
    version: VersionName,
  ) => {
    readonly subsets: readonly Change[];
    readonly services: readonly Change[];
    readonly left: readonly Left[];
  };
}
