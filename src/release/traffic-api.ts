import type { ServiceKey } from '../core/names.ts';
import type { RoutePart } from '../texts/catalogue/routes.ts';
import type { CommonWeights } from '../core/common-weights.ts';
import type { RouteChoice, RouteTarget } from '../core/route-target.ts';
import type { VersionName, Weights } from '../core/weights.ts';
import type { Detachment } from '../gateway-api/parents.ts';
import type { KubeObject } from '../kubernetes/objects.ts';

/** The kinds of objects that can hold the weights of a release. */
export type RouteKind = 'VirtualService' | 'HTTPRoute';

/**
 * How one kind of route object splits the traffic of a service: Istio's VirtualServices (`virtual-service-api.ts`), and the HTTPRoutes of
 * the Gateway API (`http-route-api.ts`). All of it is pure: objects go in and come out, and nothing of an object changes but what the
 * release manages. What a plan needs beside the routes is in `traffic-planner.ts`.
 *
 * Every destination that an implementation writes has to set the response headers of `core/headers.ts`: the check attributes
 * responses by the version in them, and a run waits for a change until every ingress answers with its revision.
 */
export interface TrafficApi<R extends KubeObject> {
  readonly kind: RouteKind;
  /**
   * Read: the weights that the managed routes hold.
   *
   * @param recorded the weights last written, for routes whose rounding hides them
   * @throws CanaryError where it is not clear which routes are meant
   */
  readonly weights: (object: R, choice: RouteChoice, recorded: Weights | undefined) => CommonWeights;
  /** Read: the versions that the managed routes name, in their order. */
  readonly versions: (object: R, choice: RouteChoice) => readonly VersionName[];
  /** Read: what each route to the service holds, without preview routes; for reports where it is not clear which are managed. */
  readonly weightsByRoute: (
    object: R,
    choice: RouteChoice,
  ) => readonly { readonly route: RoutePart; readonly weights: Weights | undefined }[];
  /** Read: whether the object has no route to the service yet, so that an edit makes one. */
  readonly lacksRoute: (object: R, choice: RouteChoice) => boolean;
  /** Read: whether the object has a route of this name that leads to the service. */
  readonly hasRoute: (object: R, choice: RouteChoice, name: string) => boolean;
  /** Read: the names of the managed routes; undefined for those without one. */
  readonly routeNames: (object: R, choice: RouteChoice) => readonly (string | undefined)[];
  /** Read: whether another service answers a share of the managed routes' requests. */
  readonly isShared: (object: R, choice: RouteChoice) => boolean;
  /** Read: whether requests may come to the object through a gateway. */
  readonly hasEntrance: (object: R) => boolean;
  /** Edit: the object whose managed routes hold the target's weights, with a preview route for each of its versions. */
  readonly withWeights: (object: R, target: RouteTarget) => R;
  /** Preview: the object with the preview routes of the target's versions; the weights stay. */
  readonly withPreviews: (object: R, target: RouteTarget) => R;
  /** Preview: whether a request may ask for a version already, or no request ever could, as with TCP routes alone. */
  readonly isPreviewed: (object: R, choice: RouteChoice, version: VersionName) => boolean;
  /** Wait: what keeps the object from being in force as it is now, by its status; undefined: the kind has no such status. */
  readonly detachments?: (object: R) => readonly Detachment[];
  /**
   * Read: managed routes that also send to what another release has marked, as `rule main of … also sends to cart`: its responses would
   * count as those of this release.
   */
  readonly foreignMarks: (object: R, choice: RouteChoice) => readonly ForeignMark[];
  /** Read: managed routes that change the response headers of the release for all their destinations. */
  readonly changedMarks: (object: R, choice: RouteChoice) => readonly ChangedMark[];
  /** Wait: the revision that responses carry once the routes of the object have arrived at an ingress. */
  readonly revision: (object: R, choice: RouteChoice) => string | undefined;
}

/** A managed route that also leads to what another release has marked. */
export interface ForeignMark {
  readonly route: RoutePart;
  /** `VirtualService gray-demo/shop` */
  readonly object: string;
  readonly destination: string;
}

/** A managed route that changes a response header which the release sets for each version. */
export interface ChangedMark {
  readonly route: RoutePart;
  /** `VirtualService gray-demo/shop` */
  readonly object: string;
  /** As the route writes it. */
  readonly header: string;
}

/** The choice for a service all of whose routes are looked at. */
export function anyRouteOf(service: ServiceKey): RouteChoice {
  return { service, routes: undefined };
}
