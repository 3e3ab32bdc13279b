import type { ClusterName } from '../core/names.ts';
import type { TrafficEverywhere, TrafficState } from '../istio/traffic-state.ts';
import { routeStateFor } from '../release/route-state.ts';
import type { RouteState } from '../release/route-state.ts';
import type { Release } from '../release/release.ts';
import { mergedRulesAhead } from '../release/rival-merged-rules.ts';
import { rivalsOf } from '../release/rival-routes.ts';
import type { RivalRoute } from '../release/rival-routes.ts';
import type { RuleAhead } from '../release/rival-rules.ts';
import type { FleetState } from '../release/state.ts';
import { answeringRivals } from '../release/answering-rivals.ts';
import { shareOf, total } from '../verify/evidence.ts';
import type { IngressEvidence } from '../verify/evidence.ts';

/** All that a diagnosis looks at. */
export interface Snapshot {
  readonly release: Release;
  readonly routes: readonly RouteState[];
  readonly evidence: readonly IngressEvidence[];
  /** What the clusters hold, read after the verdict; undefined if they could not be read. */
  readonly state: FleetState | undefined;
}

/** The ingresses for which a cause is looked for. */
export function failedOf({ evidence }: Snapshot): readonly IngressEvidence[] {
  return evidence.filter(({ verdict }) => verdict !== 'pass');
}

/** The traffic objects of the control plane that serves an ingress. */
export function trafficFor({ routes, state }: Snapshot, cluster: ClusterName): TrafficState | undefined {
  return state?.get(cluster)?.traffic ?? state?.get(routes[0]?.cluster ?? cluster)?.traffic;
}

/** The same, of all namespaces. */
export function everywhereFor(snapshot: Snapshot, cluster: ClusterName): TrafficEverywhere | undefined {
  return trafficFor(snapshot, cluster)?.everywhere;
}

/** Whether a share differs noticeably from its weight: half the tolerance is enough, since a difference near it gives no verdict. */
export function drifts(one: IngressEvidence, { check }: Release): boolean {
  return (
    one.samples > 0 &&
    [...one.weights].some(
      ([version, weight]) => Math.abs(shareOf(one, version) - weight / 100) > check.tolerance / 2,
    )
  );
}

/** Whether any request failed. */
export function fails({ errors }: IngressEvidence): boolean {
  return total(errors) > 0;
}

/** The revisions that responses of routes outside the release may carry at an ingress. */
export function rivalRevisionsAt(
  { release, state, routes }: Snapshot,
  { cluster }: IngressEvidence,
): readonly (string | undefined)[] {
  const serving = routeStateFor(routes, cluster);
  if (state === undefined || serving === undefined) return [];
  return answeringRivals({ release, fleet: state }, serving).map(({ revision }) => revision);
}

/** What takes requests from the VirtualService of the release at an ingress. */
export function rivalsAt(
  { release, state, routes }: Snapshot,
  { cluster }: IngressEvidence,
): { readonly routes: readonly RivalRoute[]; readonly rules: readonly RuleAhead[] } {
  const serving = routeStateFor(routes, cluster);
  if (state === undefined || serving?.api.kind !== 'VirtualService') return { routes: [], rules: [] };
  return {
    routes: rivalsOf(release, state, serving),
    rules: mergedRulesAhead(release, state, serving),
  };
}
