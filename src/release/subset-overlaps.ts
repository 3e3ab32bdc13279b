import type { Change } from '../kubernetes/change.ts';
import { candidateOf, areExclusive, selectsEndpoint, formatLabels } from '../kubernetes/pod-selection.ts';
import type { Candidate, Place } from '../kubernetes/pod-selection.ts';
import { nameOf, selects } from '../kubernetes/objects.ts';
import type { Labels, Pod } from '../kubernetes/objects.ts';
import type { Release } from './release.ts';
import type { Observation } from './observation.ts';
import { placeOfPods } from './state.ts';
import type { ClusterState } from './state.ts';
import { holderOf, labelsOf, subsetOf, wayTo } from './subsets.ts';
import { oncePerCluster } from './route-state.ts';
import type { RouteState } from './route-state.ts';
import type { VersionName } from '../core/weights.ts';
import { selectorOfService } from './service-port.ts';
import { podTemplateOf } from '../kubernetes/pod-templates.ts';

/** Pods, present or to come, that the subsets of two versions select. */
export interface Overlap {
  readonly versions: readonly [VersionName, VersionName];
  /** As messages name them, `Pod gray-demo/hello-1 in west`. */
  readonly pods: readonly string[];
  /** False where labels that Istio sets cannot be known, so that only the other subset is known to select them. */
  readonly certain: boolean;
  /** `DestinationRule gray-demo/hello in east`; beside an HTTPRoute the cluster of the Services. */
  readonly rule: string;
  /** `subset v1`, `Service hello-v1` */
  readonly ways: readonly [string, string];
  readonly labels: readonly [Labels, Labels];
  /** The version whose subset selects too much. */
  readonly wide: VersionName;
}

/** Something that is or makes pods of the service. */
interface Source {
  readonly name: string;
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
  const telling = [tellingIn(labels[0], source), tellingIn(labels[1], source)] as const;
  const holder = versions.find((version) => subsetOf(one, version) !== undefined) ?? versions[0];
  return [
    {
      versions,
      pods: told.map(({ source }) => source.name),
      certain: sure.length > 0,
      rule:
        one.choice.versionServices === undefined ? `${holderOf(one, holder)} in ${one.cluster}` : one.cluster,
      ways: [wayTo(one, versions[0]), wayTo(one, versions[1])],
      labels,
      wide: versions[telling[0] > telling[1] ? 1 : 0],
    },
  ];
}

function sourcesIn(release: Release, state: ClusterState, workloads: readonly Change[]): readonly Source[] {
  const place = placeOfPods(state);
  const selector = selectorOfService(release, state);
  const pods = state.pods
    .filter((pod) => isStaying(pod) && selects(selector, pod.metadata.labels))
    .map((pod) => ({
      name: `${nameOf({ ...pod, kind: 'Pod' })} in ${state.name}`,
      pod: candidateOf(pod),
      place,
      selector,
    }));
  const templates = workloads.flatMap(({ cluster, object }) => {
    const labels = podTemplateOf(object)?.metadata?.labels;
    if (cluster !== state.name || labels === undefined || !selects(selector, labels)) return [];
    return [
      {
        name: `the pods of ${nameOf(object)} in ${cluster}`,
        pod: { labels, nodeName: undefined },
        place,
        selector,
      },
    ];
  });
  return [...pods, ...templates];
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
export function titleOfOverlap({ versions, ways }: Overlap): string {
  return `The ${kindOfWays(ways)} ${(isBySubsets(ways) ? versions : ways.map(bare)).join(' and ')} select the same pods`;
}

function isBySubsets([way]: Overlap['ways']): boolean {
  return way.startsWith('subset ');
}

function kindOfWays(ways: Overlap['ways']): string {
  return isBySubsets(ways) ? 'subsets' : 'Services';
}

/** `hello-v1` of `Service hello-v1` */
function bare(way: string): string {
  return way.slice(way.indexOf(' ') + 1);
}

/** What is wrong, and the way out. */
export function describeOverlap(overlap: Overlap): string {
  const { pods, certain, rule, labels, wide, ways } = overlap;
  const [a, b] = overlap.versions;
  const kind = kindOfWays(ways);
  const wideWay = ways[wide === a ? 0 : 1];
  const [first = '', ...others] = pods;
  const who = others.length === 0 ? first : `${first} and ${String(others.length)} more`;
  const selected = `${a} selects ${formatLabels(labels[0])}, ${b} selects ${formatLabels(labels[1])} (${rule})`;
  if (!certain) {
    return `Whether the ${kind} of both ${a} and ${b} select ${who} cannot be known: ${selected}, and a label of these is set by Istio from what cannot be read here. Add a pod label to ${isBySubsets(ways) ? 'the subsets' : 'their selectors'} that tells the versions apart.`;
  }
  return `The ${kind} of both ${a} and ${b} select ${who}: ${selected}. Requests for one version would be answered by pods of the other, whatever the weights. Give ${isBySubsets(ways) ? `the ${wideWay}` : `the selector of ${wideWay}`} a label that only the pods of ${wide} carry, once they carry it.`;
}
