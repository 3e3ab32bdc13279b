import type { ServiceKey } from './names.ts';
import type { Weights, VersionName } from './weights.ts';

/** What the managed routes of one VirtualService shall hold. */

export interface RouteTarget {
  readonly service: ServiceKey;
  /** Names of the routes to manage; undefined: the only one that leads to the service. */
  readonly routes: readonly string[] | undefined;
  readonly weights: Weights;
  readonly revision: number;
  /** Port of the service, for destinations that are made anew. */
  readonly port: number | undefined;
  /** A version to be taken out of the routes; none of `weights`. */
  readonly retired?: VersionName;
}
