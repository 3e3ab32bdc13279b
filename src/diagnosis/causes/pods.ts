import { candidateOf, selectsEndpoint, formatLabels } from '../../kubernetes/pod-selection.ts';
import { tlsModeIn } from '../../istio/destination-rules.ts';
import { isAmbient } from '../../kubernetes/mesh-membership.ts';
import { nameOf } from '../../kubernetes/objects.ts';
import type { Pod, Subset } from '../../kubernetes/objects.ts';
import { overlapMessage, overlapTitle, subsetOverlaps } from '../../release/subset-overlaps.ts';
import { hasSidecar, isReady } from '../../kubernetes/pods.ts';
import { placeOfPods } from '../../release/state.ts';
import { areRulesKnown } from '../../release/subset-defects.ts';
import { holderOf, versionWay } from '../../release/subsets.ts';
import { versionServiceName } from '../../gateway-api/backends.ts';
import { routeStateFor } from '../../release/route-state.ts';
import type { RouteState } from '../../release/route-state.ts';
import type { VersionName } from '../../core/weights.ts';
import { serviceOfVersion } from '../../release/version-services.ts';
import { selectorOfService } from '../../release/service-port.ts';
import type { IngressEvidence } from '../../verify/evidence.ts';
import { drifts, failedOf, fails } from '../snapshot.ts';
import type { Snapshot } from '../snapshot.ts';
import { oncePerTitle } from '../../texts/texts.ts';
import type { Finding } from '../finding.ts';

/** What serves a version at an ingress. */
interface Behind {
  readonly one: IngressEvidence;
  readonly version: VersionName;
  readonly held: RouteState;
  /** The rules that apply; none beside an HTTPRoute. */
  readonly rules: readonly string[];
  /** What takes the place of the subset beside an HTTPRoute. */
  readonly service: string | undefined;
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
      .map(({ one, version, rules }) => ({
        title: { kind: 'noSubsetTitle', rules, version, cluster: one.cluster },
        detail: { kind: 'noSubset', version, weight: one.weights.get(version) ?? 0 },
      })),
  );
}

/** A subset that selects pods of another version, as response bodies or labels show. */
export function wrongPods(snapshot: Snapshot): readonly Finding[] {
  const all = behind(snapshot);
  const shown = failedOf(snapshot).flatMap((one) =>
    [...one.contradictions].map(([pair, count]): Finding => {
      const [header = '', body = ''] = pair.split(' → ');
      const held = routeStateFor(snapshot.routes, one.cluster);
      const found = all.find((each) => each.one === one && each.version === header);
      const way = held === undefined ? { subset: header } : versionWay(held, header);
      return {
        title: { kind: 'wrongPodsTitle', way, body },
        detail: {
          kind: 'wrongPods',
          responses: count,
          cluster: one.cluster,
          header,
          body,
          way,
          labels: 'service' in way ? selectorsIn(snapshot, header) : labelsIn(found),
        },
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
      title: overlapTitle(overlap),
      detail: overlapMessage(overlap),
    }));
}

/** A version with weight that no ready pod serves. */
export function noReadyPods(snapshot: Snapshot): readonly Finding[] {
  return oncePerTitle(
    behind(snapshot)
      .filter(({ one, subset, pods }) => subset !== undefined && fails(one) && !pods.some(isReady))
      .map(({ one, version, rules, service, subset, pods }) => ({
        title: { kind: 'notReadyTitle', version },
        detail: {
          kind: 'notReady',
          version,
          weight: one.weights.get(version) ?? 0,
          rule: rules[0],
          service,
          labels:
            (service === undefined ? undefined : selectorsIn(snapshot, version)) ??
            formatLabels(subset?.labels ?? {}),
          clusters: [...(snapshot.state?.keys() ?? [])],
          pods: pods.map(nameOf),
        },
      })),
  );
}

/** Pods without a sidecar behind a rule that requires mutual TLS: each such request fails. */
export function noSidecar(snapshot: Snapshot): readonly Finding[] {
  const { release } = snapshot;
  return oncePerTitle(
    behind(snapshot)
      .filter(({ one, held, subset }) => fails(one) && tlsMode(held, subset) === 'ISTIO_MUTUAL')
      .flatMap(({ version, rules, service, plain }): readonly Finding[] => {
        const bare = plain.filter(isReady);
        if (bare.length === 0) return [];
        return [
          {
            title: { kind: 'noSidecarTitle', version },
            detail: {
              kind: 'noSidecar',
              rules: service === undefined ? rules : [service],
              pods: bare.map(nameOf),
              outsideMesh: release.workload.pods === 'none',
            },
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
    if (held === undefined) return [];
    const { rules } = held.deciding;
    // Beside an HTTPRoute, a Service stands for the subset of each version.
    const byService = held.choice.versionServices !== undefined;
    if (!byService && !areRulesKnown({ release, fleet }, held)) return [];
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
      if (byService) return [{ one, version, held, rules: [], service, subset, pods, plain }];
      const holder = holderOf(held, version);
      const applying = subset === undefined ? rules.map(nameOf) : holder === undefined ? [] : [holder];
      return [{ one, version, held, rules: applying, service: undefined, subset, pods, plain }];
    });
  });
}

/** The TLS mode of a subset: its own, or that of the host (https://istio.io/latest/docs/reference/config/networking/destination-rule/). */
function tlsMode({ deciding }: RouteState, subset: Subset | undefined): string | undefined {
  return tlsModeIn(subset?.['trafficPolicy']) ?? tlsModeIn(deciding.policy);
}

function labelsIn(found: Behind | undefined): string | undefined {
  return found?.subset && formatLabels(found.subset.labels ?? {});
}

/** What the Service of a version selects, in each cluster that differs: `app=hello,version=v2`. */
function selectorsIn({ release, state }: Snapshot, version: VersionName): string | undefined {
  const selectors = [...(state?.values() ?? [])].flatMap((cluster) => {
    const service = serviceOfVersion(release, cluster, version);
    return service === undefined ? [] : [formatLabels(service.spec?.selector ?? {})];
  });
  return selectors.length === 0 ? undefined : [...new Set(selectors)].join('; ');
}
