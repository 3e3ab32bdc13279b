import type { Change } from '../kubernetes/change.ts';
import type { ClusterName } from '../core/names.ts';
import type { OverlapPods } from '../texts/catalogue/findings.ts';
import type { VersionWay } from '../texts/catalogue/routes.ts';
import type { Message } from '../texts/message.ts';
import { inEnglish } from '../texts/texts.ts';
import { candidateOf, areExclusive, selectsEndpoint, formatLabels } from '../kubernetes/pod-selection.ts';
import type { Candidate, Place } from '../kubernetes/pod-selection.ts';
import { nameOf, selects } from '../kubernetes/objects.ts';
import type { Labels, Pod } from '../kubernetes/objects.ts';
import type { Release } from './release.ts';
import type { Observation } from './observation.ts';
import { placeOfPods } from './state.ts';
import type { ClusterState } from './state.ts';
import { holderOf, labelsOf, subsetOf, versionWay } from './subsets.ts';
import { oncePerCluster } from './route-state.ts';
import type { RouteState } from './route-state.ts';
import type { VersionName } from '../core/weights.ts';
import { VERSION_LABEL } from './version-label.ts';
import { selectorOfService } from './service-port.ts';
import { podTemplateOf } from '../kubernetes/pod-templates.ts';

/** Pods, present or to come, that the subsets of two versions select. */
export interface Overlap {
  readonly versions: readonly [VersionName, VersionName];
  readonly pods: readonly OverlapPods[];
  /** False where labels that Istio sets cannot be known, so that only the other subset is known to select them. */
  readonly certain: boolean;
  /** The DestinationRule and its cluster; beside an HTTPRoute the cluster of the Services. */
  readonly rule: { readonly name: string | undefined; readonly cluster: ClusterName };
  readonly ways: readonly [VersionWay, VersionWay];
  readonly labels: readonly [Labels, Labels];
  /** The version whose subset selects too much. */
  readonly wide: VersionName;
}

/** Something that is or makes pods of the service. */
interface Source {
  readonly name: OverlapPods;
  readonly pod: Candidate;
  readonly place: Place;
  /** What the Service selects by in its cluster. */
  readonly selector: Labels;
}

/**
 * The pods that the subsets of two versions select: a request routed to one version may be answered by a pod of the other, under the
 * wrong name. The pods of every cluster count, since each control plane sends to all of them, ready ones or not.
 *
 * @param workloads the changes that deploy pods
 */
export function subsetOverlaps(
  { release, fleet, routes }: Pick<Observation, 'release' | 'fleet' | 'routes'>,
  versions: readonly VersionName[],
  workloads: readonly Change[] = [],
): readonly Overlap[] {
  const sources = [...fleet.values()].flatMap((state) => sourcesIn(release, state, workloads));
  return oncePerCluster(routes).flatMap((one) => {
    const labels = new Map(
      versions.map((version) => [version, subsetOf(one, version)?.labels ?? labelsOf(routes, version)]),
    );
    const pairs = versions.flatMap((a, i) => versions.slice(i + 1).map((b) => [a, b] as const));
    return pairs.flatMap((pair) =>
      overlapOf(one, pair, [labels.get(pair[0]) ?? {}, labels.get(pair[1]) ?? {}], sources),
    );
  });
}

function overlapOf(
  one: RouteState,
  versions: readonly [VersionName, VersionName],
  labels: readonly [Labels, Labels],
  sources: readonly Source[],
): readonly Overlap[] {
  if (areExclusive(...labels)) return [];
  const found = sources
    .map((source) => ({
      source,
      taken: labels.map((wanted) => selectsEndpoint(wanted, source.pod, source.place)),
    }))
    .filter(({ taken }) => !taken.includes(false));
  if (found.length === 0) return [];
  const sure = found.filter(({ taken }) => !taken.includes(undefined));
  const told = sure.length > 0 ? sure : found;
  const [source] = told.map((each) => each.source);
  const holder = versions.find((version) => subsetOf(one, version) !== undefined) ?? versions[0];
  return [
    {
      versions,
      pods: told.map(({ source }) => source.name),
      certain: sure.length > 0,
      rule: {
        name:
          one.choice.versionServices === undefined
            ? (holderOf(one, holder) ?? 'no DestinationRule')
            : undefined,
        cluster: one.cluster,
      },
      ways: [versionWay(one, versions[0]), versionWay(one, versions[1])],
      labels,
      wide: wider(versions, labels, source),
    },
  ];
}

function sourcesIn(release: Release, state: ClusterState, workloads: readonly Change[]): readonly Source[] {
  const place = placeOfPods(state);
  const selector = selectorOfService(release, state);
  const pods = state.pods
    .filter((pod) => isStaying(pod) && selects(selector, pod.metadata.labels))
    .map((pod) => ({
      name: { name: nameOf({ ...pod, kind: 'Pod' }), isWorkload: false, cluster: state.name },
      pod: candidateOf(pod),
      place,
      selector,
    }));
  const templates = workloads.flatMap(({ cluster, object }) => {
    const labels = podTemplateOf(object)?.metadata?.labels;
    if (cluster !== state.name || labels === undefined || !selects(selector, labels)) return [];
    return [
      {
        name: { name: nameOf(object), isWorkload: true, cluster },
        pod: { labels, nodeName: undefined },
        place,
        selector,
      },
    ];
  });
  return [...pods, ...templates];
}

/** Which of two versions needs another label: the one that selects by the name of the other, else the one with fewer labels of its own. */
function wider(
  versions: readonly [VersionName, VersionName],
  labels: readonly [Labels, Labels],
  source: Source | undefined,
): VersionName {
  const [a, b] = [labels[0][VERSION_LABEL] === versions[1], labels[1][VERSION_LABEL] === versions[0]];
  const isSecond = a === b ? tellingIn(labels[0], source) > tellingIn(labels[1], source) : b;
  return versions[isSecond ? 1 : 0];
}

/** How many of some labels do not merely repeat what the Service selects by. */
function tellingIn(labels: Labels, source: Source | undefined): number {
  return Object.keys(labels).filter((key) => source?.selector[key] === undefined).length;
}

/** A pod that is going, or has run to its end, gets no more requests. */
function isStaying({ metadata, status }: Pod): boolean {
  return metadata.deletionTimestamp === undefined && !['Succeeded', 'Failed'].includes(status?.phase ?? '');
}

/** `The subsets v1 and v2 select the same pods` */
export function overlapTitle({ ways }: Overlap): Message {
  return { kind: 'overlapTitle', ways };
}

/** What is wrong, and the way out. */
export function overlapMessage({ labels: [a, b], ...overlap }: Overlap): Message {
  return { kind: 'overlap', ...overlap, labels: [formatLabels(a), formatLabels(b)] };
}

export function describeOverlap(overlap: Overlap): string {
  return inEnglish(overlapMessage(overlap));
}
