import { candidateOf, selectsEndpoint, formatLabels } from '../../kubernetes/pod-selection.ts';
import { nameOf } from '../../kubernetes/objects.ts';
import type { Pod, Subset } from '../../kubernetes/objects.ts';
import { describeOverlap, overlaps } from '../../release/guards/subset-overlaps.ts';
import { hasSidecar, isReady } from '../../kubernetes/pods.ts';
import { placeOfPods } from '../../release/state.ts';
import { holderOf } from '../../release/subsets.ts';
import { routeStateFor } from '../../release/observed-routing.ts';
import type { RouteState } from '../../release/observed-routing.ts';
import type { VersionName } from '../../core/weights.ts';
import { selectorOfService } from '../../release/service-port.ts';
import type { IngressEvidence } from '../../verify/evidence.ts';
import { drifts, failedOf, fails, some, oncePerTitle } from '../snapshot.ts';
import type { Snapshot, Finding } from '../snapshot.ts';

/** What stands behind a version at an ingress. */
interface Behind {
  readonly one: IngressEvidence;
  readonly version: VersionName;
  readonly held: RouteState;
  /** The rules that decide, as messages name them. */
  readonly rule: string;
  readonly subset: Subset | undefined;
  /** The pods that Service and subset select, in all clusters. */
  readonly pods: readonly Pod[];
}

/** A version with weight whose subset is gone: Envoy answers 503 by itself. */
export function subsetsNotFound(facts: Snapshot): readonly Finding[] {
  return oncePerTitle(
    behind(facts)
      .filter(({ one, subset }) => subset === undefined && fails(one))
      .map(({ one, version, rule }) => ({
        title: `${rule} has no subset ${version} in ${one.cluster}`,
        detail: `The route gives ${version} ${String(one.weights.get(version))} %, and requests to a subset that is not there are answered with 503. Run the operation rollout, which makes it again or names the rule that hides it.`,
      })),
  );
}

/** A subset that selects pods of another version, as bodies or labels show. */
export function wrongPods(facts: Snapshot): readonly Finding[] {
  const all = behind(facts);
  const shown = failedOf(facts).flatMap((one) =>
    [...one.contradictions].map(([pair, count]) => {
      const [header = '', body = ''] = pair.split(' → ');
      const found = all.find((each) => each.one === one && each.version === header);
      return {
        title: `The subset ${header} selects pods of ${body}`,
        detail: `${String(count)} answers through ${one.cluster} were routed to ${header}, and their body says ${body}. Compare the labels of the subset ${header}${labelsIn(found)} with those of the pods, and the image of the pods.`,
      };
    }),
  );
  return oncePerTitle([...overlapping(facts), ...shown]);
}

/** Pods that the subsets of two versions select. */
function overlapping(facts: Snapshot): readonly Finding[] {
  const { release, state, inForce } = facts;
  const drifting = failedOf(facts).filter((one) => drifts(one, release));
  if (state === undefined || drifting.length === 0) return [];
  const versions = [...new Set(drifting.flatMap(({ weights }) => [...weights.keys()]))];
  return overlaps({ release, fleet: state, routes: inForce }, versions)
    .filter(({ certain }) => certain)
    .map((overlap) => ({
      title: `The subsets ${overlap.versions.join(' and ')} select the same pods`,
      detail: describeOverlap(overlap),
    }));
}

/** A version with weight that no ready pod serves. */
export function noReadyPods(facts: Snapshot): readonly Finding[] {
  return oncePerTitle(
    behind(facts)
      .filter(({ one, subset, pods }) => subset !== undefined && fails(one) && !pods.some(isReady))
      .map(({ one, version, rule, subset, pods }) => ({
        title: `No pod of ${version} is ready`,
        detail: `The route gives it ${String(one.weights.get(version))} %. Its subset in ${rule} selects ${formatLabels(subset?.labels ?? {})}: ${pods.length === 0 ? `no pod in ${clustersIn(facts)} carries these labels` : `${some(pods.map(nameOf))} ${pods.length === 1 ? 'is' : 'are'} not ready`}. Look at the pods of ${version}, or correct the labels of the subset.`,
      })),
  );
}

/** Pods without a sidecar that are asked for mutual TLS: each such request fails. */
export function noSidecar(facts: Snapshot): readonly Finding[] {
  return oncePerTitle(
    behind(facts)
      .filter(({ one, held, subset }) => fails(one) && tlsMode(held, subset) === 'ISTIO_MUTUAL')
      .flatMap(({ version, rule, pods }) => {
        const bare = pods.filter((pod) => isReady(pod) && !hasSidecar(pod));
        if (bare.length === 0) return [];
        return [
          {
            title: `Pods of ${version} have no sidecar`,
            detail: `${rule} asks for mutual TLS (ISTIO_MUTUAL), and ${some(bare.map(nameOf))} ${bare.length === 1 ? 'has' : 'have'} no container istio-proxy to answer it. Turn injection on for the namespace (input injection), and restart the pods.`,
          },
        ];
      }),
  );
}

/** Each version with weight at each ingress that failed; empty where the pods are not known. */
function behind(facts: Snapshot): readonly Behind[] {
  const { release, state: fleet, inForce } = facts;
  if (fleet === undefined) return [];
  return failedOf(facts).flatMap((one) => {
    const held = routeStateFor(inForce, one.cluster);
    const rules = held?.deciding.rules ?? [];
    if (held === undefined || rules.length === 0) return [];
    return [...one.weights].flatMap(([version, weight]): readonly Behind[] => {
      if (weight === 0) return [];
      const subset = held.deciding.subsets.find(({ name }) => name === version);
      const pods = [...fleet.values()].flatMap((state) => {
        const labels = { ...selectorOfService(release, state), ...subset?.labels };
        const place = placeOfPods(state);
        return state.pods.filter((pod) => selectsEndpoint(labels, candidateOf(pod), place) !== false);
      });
      const rule = subset === undefined ? rules.map(nameOf).join(' and ') : holderOf(held, version);
      return [{ one, version, held, rule, subset, pods }];
    });
  });
}

/** The mode that holds for a subset: its own, or the host's (https://istio.io/latest/docs/reference/config/networking/destination-rule/). */
function tlsMode({ deciding }: RouteState, subset: Subset | undefined): string | undefined {
  return modeIn(subset?.['trafficPolicy']) ?? modeIn(deciding.policy);
}

function modeIn(policy: unknown): string | undefined {
  if (typeof policy !== 'object' || policy === null || !('tls' in policy)) return undefined;
  const { tls } = policy;
  if (typeof tls !== 'object' || tls === null || !('mode' in tls)) return undefined;
  return typeof tls.mode === 'string' ? tls.mode : undefined;
}

function labelsIn(found: Behind | undefined): string {
  return found?.subset === undefined ? '' : ` (${formatLabels(found.subset.labels ?? {})})`;
}

function clustersIn({ state }: Snapshot): string {
  return [...(state?.keys() ?? [])].join(', ');
}
