import { candidateOf, selectsEndpoint, formatLabels } from '../../kubernetes/pod-selection.ts';
import { tlsModeIn } from '../../istio/destination-rules.ts';
import { isAmbient } from '../../kubernetes/mesh-membership.ts';
import { nameOf } from '../../kubernetes/objects.ts';
import type { Pod, Subset } from '../../kubernetes/objects.ts';
import { describeOverlap, subsetOverlaps, titleOfOverlap } from '../../release/subset-overlaps.ts';
import { hasSidecar, isReady } from '../../kubernetes/pods.ts';
import { placeOfPods } from '../../release/state.ts';
import { holderOf, wayTo } from '../../release/subsets.ts';
import { versionServiceName } from '../../gateway-api/backends.ts';
import { routeStateFor } from '../../release/route-state.ts';
import type { RouteState } from '../../release/route-state.ts';
import type { VersionName } from '../../core/weights.ts';
import { serviceOfVersion } from '../../release/version-services.ts';
import { selectorOfService } from '../../release/service-port.ts';
import type { IngressEvidence } from '../../verify/evidence.ts';
import { drifts, failedOf, fails } from '../snapshot.ts';
import type { Snapshot } from '../snapshot.ts';
import { oncePerTitle } from '../finding.ts';
import type { Finding } from '../finding.ts';

/** What serves a version at an ingress. */
interface Behind {
  readonly one: IngressEvidence;
  readonly version: VersionName;
  readonly held: RouteState;
  /** The rules that apply, as messages name them. */
  readonly rule: string;
  readonly subset: Subset | undefined;
  /** The pods that Service and subset select, in all clusters. */
  readonly pods: readonly Pod[];
  /** Those of them that neither have a sidecar nor are in the ambient mesh, where ztunnel takes mutual TLS. */
  readonly plain: readonly Pod[];
}

/** A version with weight whose subset does not exist: Envoy itself answers 503. */
export function subsetsNotFound(snapshot: Snapshot): readonly Finding[] {
  return oncePerTitle(
    behind(snapshot)
      .filter(({ one, subset }) => subset === undefined && fails(one))
      .map(({ one, version, rule }) => ({
        title: `${rule} has no subset ${version} in ${one.cluster}`,
        detail: `The route gives ${version} ${String(one.weights.get(version))}%, but requests to a subset that does not exist are answered with 503. Run the operation rollout: it creates the subset again, or names the rule that hides it.`,
      })),
  );
}

/** A subset that selects pods of another version, as response bodies or labels show. */
export function wrongPods(snapshot: Snapshot): readonly Finding[] {
  const all = behind(snapshot);
  const shown = failedOf(snapshot).flatMap((one) =>
    [...one.contradictions].map(([pair, count]) => {
      const [header = '', body = ''] = pair.split(' → ');
      const held = routeStateFor(snapshot.routes, one.cluster);
      const found = all.find((each) => each.one === one && each.version === header);
      const way = held === undefined ? `subset ${header}` : wayTo(held, header);
      const byService = held?.choice.versionServices !== undefined;
      const selecting = byService ? way : `the ${way}`;
      const labels = byService ? selectorsIn(snapshot, header) : labelsIn(found);
      return {
        title: `${selecting.slice(0, 1).toUpperCase()}${selecting.slice(1)} selects pods of ${body}`,
        detail: `${String(count)} responses through ${one.cluster} were routed to ${header}, but their body names ${body}. Compare the ${byService ? 'selector' : 'labels'} of ${selecting}${labels} with ${byService ? 'the labels' : 'those'} of the pods, and check the image of the pods.`,
      };
    }),
  );
  return oncePerTitle([...overlapping(snapshot), ...shown]);
}

/** Pods that the subsets of two versions select. */
function overlapping(snapshot: Snapshot): readonly Finding[] {
  const { release, state, routes } = snapshot;
  const drifting = failedOf(snapshot).filter((one) => drifts(one, release));
  if (state === undefined || drifting.length === 0) return [];
  const versions = [...new Set(drifting.flatMap(({ weights }) => [...weights.keys()]))];
  return subsetOverlaps({ release, fleet: state, routes }, versions)
    .filter(({ certain }) => certain)
    .map((overlap) => ({
      title: titleOfOverlap(overlap),
      detail: describeOverlap(overlap),
    }));
}

/** A version with weight that no ready pod serves. */
export function noReadyPods(snapshot: Snapshot): readonly Finding[] {
  return oncePerTitle(
    behind(snapshot)
      .filter(({ one, subset, pods }) => subset !== undefined && fails(one) && !pods.some(isReady))
      .map(({ one, version, held, rule, subset, pods }) => ({
        title: `No pod of ${version} is ready`,
        detail: `The route gives it ${String(one.weights.get(version))}%. ${held.choice.versionServices === undefined ? `Its subset in ${rule}` : rule} selects ${formatLabels(subset?.labels ?? {})}: ${pods.length === 0 ? `no pod in ${clustersIn(snapshot)} has these labels` : `${firstOf(pods.map(nameOf))} ${pods.length === 1 ? 'is' : 'are'} not ready`}. Check the pods of ${version}, or correct these labels.`,
      })),
  );
}

/** Pods without a sidecar behind a rule that requires mutual TLS: each such request fails. */
export function noSidecar(snapshot: Snapshot): readonly Finding[] {
  const { release } = snapshot;
  return oncePerTitle(
    behind(snapshot)
      .filter(({ one, held, subset }) => fails(one) && tlsMode(held, subset) === 'ISTIO_MUTUAL')
      .flatMap(({ version, rule, plain }) => {
        const bare = plain.filter(isReady);
        if (bare.length === 0) return [];
        return [
          {
            title: `Pods of ${version} have no sidecar`,
            detail: `${rule} requires mutual TLS (ISTIO_MUTUAL), but ${firstOf(bare.map(nameOf))} ${bare.length === 1 ? 'has' : 'have'} no container istio-proxy to terminate it. ${release.workload.pods === 'none' ? 'Take that out of the rule: the input pods is none.' : 'Enable injection for the namespace (input injection), and restart the pods.'}`,
          },
        ];
      }),
  );
}

/** Each version with weight at each ingress that failed; empty if the pods are unknown. */
function behind(snapshot: Snapshot): readonly Behind[] {
  const { release, state: fleet, routes } = snapshot;
  if (fleet === undefined) return [];
  return failedOf(snapshot).flatMap((one) => {
    const held = routeStateFor(routes, one.cluster);
    const rules = held?.deciding.rules ?? [];
    // Beside an HTTPRoute, a Service stands for the subset of each version.
    const byService = held?.choice.versionServices !== undefined;
    if (held === undefined || (rules.length === 0 && !byService)) return [];
    return [...one.weights].flatMap(([version, weight]): readonly Behind[] => {
      if (weight === 0) return [];
      const subset = held.deciding.subsets.find(({ name }) => name === version);
      const found = [...fleet.values()].flatMap((state) => {
        const labels = { ...selectorOfService(release, state), ...subset?.labels };
        const place = placeOfPods(state);
        return state.pods
          .filter((pod) => selectsEndpoint(labels, candidateOf(pod), place) !== false)
          .map((pod) => ({
            pod,
            isPlain: !hasSidecar(pod) && !isAmbient(state.namespace?.metadata.labels, pod),
          }));
      });
      const pods = found.map(({ pod }) => pod);
      const plain = found.filter(({ isPlain }) => isPlain).map(({ pod }) => pod);
      if (byService && subset === undefined) return [];
      const service = `Service ${release.namespace}/${versionServiceName(release.app, version)}`;
      if (byService) return [{ one, version, held, rule: service, subset, pods, plain }];
      const rule = subset === undefined ? rules.map(nameOf).join(' and ') : holderOf(held, version);
      return [{ one, version, held, rule, subset, pods, plain }];
    });
  });
}

/** The TLS mode of a subset: its own, or that of the host (https://istio.io/latest/docs/reference/config/networking/destination-rule/). */
function tlsMode({ deciding }: RouteState, subset: Subset | undefined): string | undefined {
  return tlsModeIn(subset?.['trafficPolicy']) ?? tlsModeIn(deciding.policy);
}

function labelsIn(found: Behind | undefined): string {
  return found?.subset === undefined ? '' : ` (${formatLabels(found.subset.labels ?? {})})`;
}

/** What the Service of a version selects, in each cluster that differs: ` (app=hello,version=v2)`. */
function selectorsIn({ release, state }: Snapshot, version: VersionName): string {
  const selectors = [...(state?.values() ?? [])].flatMap((cluster) => {
    const service = serviceOfVersion(release, cluster, version);
    return service === undefined ? [] : [formatLabels(service.spec?.selector ?? {})];
  });
  return selectors.length === 0 ? '' : ` (${[...new Set(selectors)].join('; ')})`;
}

function clustersIn({ state }: Snapshot): string {
  return [...(state?.keys() ?? [])].join(', ');
}

/** `a`, `a and b`, `a, b and 3 more` */
function firstOf(names: readonly string[]): string {
  const [first = '', second, ...others] = names;
  if (second === undefined) return first;
  return others.length === 0
    ? `${first} and ${second}`
    : `${first}, ${second} and ${String(others.length)} more`;
}
