import type { ServiceKey } from './names.ts';
import type { Weights, VersionName } from './weights.ts';
import { theInput } from './wording.ts';

/** What the names of preview routes begin with. */
export const PREVIEW_NAME = 'canary-preview-';

/** Which routes of an object are managed. */
export interface RouteChoice {
  readonly service: ServiceKey;
  /** Their names; undefined: the only one that leads to the service. */
  readonly routes: readonly string[] | undefined;
  /** The Services that each lead to one version, where routes choose versions by Services instead of subsets. */
  readonly versionServices?: ReadonlyMap<string, VersionName>;
}

/** What the managed routes of one object shall hold. */
export interface RouteTarget extends RouteChoice {
  readonly weights: Weights;
  readonly revision: number;
  /** Port of the service, for destinations that are made anew. */
  readonly port: number | undefined;
  /** A version to be taken out of the routes; none of `weights`. */
  readonly retired?: VersionName;
}

/**
 * What to do where a position given as the input `routes` means another route than the release has split.
 *
 * @param what `route`, or `rule` of an HTTPRoute
 * @param marked how many routes to the service a release has marked
 */
export function movedRemedy(what: 'route' | 'rule', marked: number): string {
  const byName = `give the ${what} a name in every cluster, and set ${theInput('routes')} to that name`;
  return marked === 1
    ? `Omit ${theInput('routes')}: the ${what} is known by the response headers that the release has set. Or ${byName}.`
    : `To go on, ${byName}.`;
}
