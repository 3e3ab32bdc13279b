import type { Release } from '../release/release.ts';
import type { ClusterName } from '../core/names.ts';
import { rivalsOf } from '../release/rival-routes.ts';
import type { RivalRoute } from '../release/rival-routes.ts';
import type { FleetState } from '../release/state.ts';
import type { TrafficEverywhere } from '../istio/traffic-state.ts';
import type { TrafficState } from '../istio/traffic-state.ts';
import { routeStateFor } from '../release/observed-routing.ts';
import type { RouteState } from '../release/observed-routing.ts';
import type { IngressEvidence } from '../verify/evidence.ts';
import { shareOf, total } from '../verify/evidence.ts';

/** A likely cause of a verdict that is not a pass, with its evidence and its remedy. */
export interface Finding {
  readonly title: string;
  readonly detail: string;
  /** Whether it only says what was seen, so that fixing it is no advice. */
  readonly symptom?: true;
}

/** All that a diagnosis looks at. */
export interface Snapshot {
  readonly release: Release;
  readonly inForce: readonly RouteState[];
  readonly evidence: readonly IngressEvidence[];
  /** What the clusters hold, read once the verdict is not a pass; undefined where they could not be read. */
  readonly state: FleetState | undefined;
}

/** The ingresses that a cause is looked for. */
export function failedOf({ evidence }: Snapshot): readonly IngressEvidence[] {
  return evidence.filter(({ verdict }) => verdict !== 'pass');
}

/** What the control plane holds that serves an ingress. */
export function trafficFor({ inForce, state }: Snapshot, cluster: ClusterName): TrafficState | undefined {
  return state?.get(cluster)?.traffic ?? state?.get(inForce[0]?.cluster ?? cluster)?.traffic;
}

/** The same, of all namespaces. */
export function everywhereFor(facts: Snapshot, cluster: ClusterName): TrafficEverywhere | undefined {
  return trafficFor(facts, cluster)?.everywhere;
}

/** Whether some share is off its weight by what may matter: near the edge of the tolerance there is no verdict either. */
export function drifts(one: IngressEvidence, { check }: Release): boolean {
  return (
    one.samples > 0 &&
    [...one.weights].some(
      ([version, weight]) => Math.abs(shareOf(one, version) - weight / 100) > check.tolerance / 2,
    )
  );
}

/** Whether requests failed at all. */
export function fails({ errors }: IngressEvidence): boolean {
  return total(errors) > 0;
}

/** One finding of each title: several ingresses may show the same cause. */
export function oncePerTitle(findings: readonly Finding[]): readonly Finding[] {
  return [...new Map(findings.map((finding) => [finding.title, finding])).values()];
}

/** `a`, `a and b`, `a, b and 3 more` */
export function some(names: readonly string[]): string {
  const [first = '', second, ...others] = names;
  if (second === undefined) return first;
  return others.length === 0
    ? `${first} and ${second}`
    : `${first}, ${second} and ${String(others.length)} more`;
}

/** The routes outside the release that may answer at an ingress. */
export function rivalsAt(
  { release, state, inForce }: Snapshot,
  { cluster }: IngressEvidence,
): readonly RivalRoute[] {
  const serving = routeStateFor(inForce, cluster);
  return state === undefined || serving === undefined ? [] : rivalsOf(release, state, serving);
}
