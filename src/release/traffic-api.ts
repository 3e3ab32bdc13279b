import type { ServiceKey } from '../core/names.ts';
import type { RouteTarget } from '../core/route-target.ts';
import type { VersionName, Weights } from '../core/weights.ts';
import type { KubeObject } from '../kubernetes/objects.ts';

/** Which routes of an object are managed. */
export interface RouteChoice {
  readonly service: ServiceKey;
  /** Their names; undefined: the only one that leads to the service. */
  readonly routes: readonly string[] | undefined;
}

/**
 * How one kind of route object splits the traffic of a service. VirtualServices are the first implementation (see
 * `virtual-service-api.ts`). All of it is pure: objects go in and come out, and nothing of an object changes but what the
 * release manages.
 *
 * A second implementation provides these functions for its own kind. Every destination that it writes has to set the response
 * headers of `core/headers.ts`: the check attributes responses by the version in them, and a run waits for a change until every
 * ingress answers with its revision.
 */
export interface TrafficApi<R extends KubeObject> {
  /**
   * Read: the weights that the managed routes hold; undefined where none names a version.
   *
   * @param recorded the weights last written, for routes whose rounding hides them
   * @throws CanaryError where the managed routes differ, or it is not clear which are meant
   */
  readonly weights: (object: R, choice: RouteChoice, recorded: Weights | undefined) => Weights | undefined;
  /** Read: the versions that the managed routes name, in their order. */
  readonly versions: (object: R, choice: RouteChoice) => readonly VersionName[];
  /** Read: whether the object has no route to the service yet, so that an edit makes one. */
  readonly lacksRoute: (object: R, choice: RouteChoice) => boolean;
  /** Edit: the object whose managed routes hold the target's weights, with a preview route for each of its versions. */
  readonly withWeights: (object: R, target: RouteTarget) => R;
  /** Preview: the object with the preview routes of the target's versions; the weights stay. */
  readonly withPreviews: (object: R, target: RouteTarget) => R;
  /** Preview: whether a request may ask for a version already, or no request ever could, as with TCP routes alone. */
  readonly isPreviewed: (object: R, service: ServiceKey, version: VersionName) => boolean;
  /** Wait: the revision that responses carry once the routes of the object have arrived at an ingress. */
  readonly revision: (object: R, choice: RouteChoice) => string | undefined;
}
