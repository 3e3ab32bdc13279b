import type { Labels, Node, Pod } from './objects.ts';
import { isReady } from './pods.ts';

/**
 * Where a pod runs. Istio adds this to the labels that a subset can select by, and it overrides labels of the same name on the pod.
 * Source: `AugmentLabels` and `getPodLocality` of Istio 1.31 (pilot/pkg/serviceregistry).
 */
export interface Place {
  /** Istio's name of the cluster; undefined if no pod shows it. */
  readonly clusterId: string | undefined;
  /** The labels of each node; undefined if they were not read. */
  readonly nodes: ReadonlyMap<string, Labels> | undefined;
}

const CLUSTER = 'topology.istio.io/cluster';
const NETWORK = 'topology.istio.io/network';
const HOSTNAME = 'kubernetes.io/hostname';
const LOCALITY = 'istio-locality';
/** Region, zone and subzone: the label of an endpoint, and the labels of a node that it is read from; the first one set counts. */
const LOCALITIES = [
  [
    'topology.kubernetes.io/region',
    ['topology.kubernetes.io/region', 'failure-domain.beta.kubernetes.io/region'],
  ],
  ['topology.kubernetes.io/zone', ['topology.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/zone']],
  ['topology.istio.io/subzone', ['topology.istio.io/subzone']],
] as const;
const LOCALITY_LABELS: readonly string[] = LOCALITIES.map(([label]) => label);
/** The labels that Istio derives from where a pod runs: a pod cannot choose them. */
const PLACE_LABELS: readonly string[] = [CLUSTER, NETWORK, HOSTNAME, ...LOCALITY_LABELS];

/** What subsets select a pod, or a pod template, by. */
export interface Candidate {
  readonly labels: Labels | undefined;
  /** undefined for a template, whose pods may run anywhere. */
  readonly nodeName: string | undefined;
}

export function candidateOf({ metadata, spec }: Pod): Candidate {
  return { labels: metadata.labels, nodeName: spec?.nodeName };
}

/** The labels that a pod has itself, and that can be set on one. */
export function podLabels(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([key]) => !PLACE_LABELS.includes(key)));
}

/** Whether any of the labels is read from nodes. */
export function needsNodes(labels: Labels): boolean {
  return Object.keys(labels).some((key) => LOCALITY_LABELS.includes(key));
}

/** Whether labels select the endpoint of a pod; undefined if Istio sets one of the labels and its value is unknown here. */
export function selectsEndpoint(labels: Labels, pod: Candidate, place: Place): boolean | undefined {
  const values = Object.entries(labels).map(([key, wanted]) => {
    const value = endpointLabel(key, pod, place);
    return value === UNKNOWN ? undefined : value === wanted;
  });
  if (values.includes(false)) return false;
  return values.includes(undefined) ? undefined : true;
}

/** Whether no pod can have both sets of labels. */
export function areExclusive(one: Labels, other: Labels): boolean {
  return Object.entries(one).some(([key, value]) => Object.hasOwn(other, key) && other[key] !== value);
}

/** `version=v2,track=canary` */
export function formatLabels(labels: Labels): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}

/** Istio's name of a cluster, as its pods show it: the injector writes it into every sidecar. */
export function clusterIdOf(pods: readonly Pod[]): string | undefined {
  const found = pods.filter(isReady).flatMap(({ spec }) =>
    [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])]
      .filter(({ name }) => name === 'istio-proxy')
      .flatMap(({ env = [] }) => env)
      .filter(({ name }) => name === 'ISTIO_META_CLUSTER_ID')
      .map(({ value }) => value),
  );
  const [first, ...others] = new Set(found);
  return others.length === 0 && typeof first === 'string' && first !== '' ? first : undefined;
}

/** The labels of nodes, by name. */
export function labelsOfNodes(nodes: readonly Node[]): ReadonlyMap<string, Labels> {
  return new Map(nodes.map(({ metadata }) => [metadata.name, metadata.labels ?? {}]));
}

const UNKNOWN = Symbol('unknown');

/** A label of the endpoint that Istio makes of a pod. */
function endpointLabel(
  key: string,
  { labels, nodeName }: Candidate,
  place: Place,
): string | undefined | typeof UNKNOWN {
  const own = labels?.[key];
  switch (key) {
    case CLUSTER:
      return place.clusterId ?? UNKNOWN;
    case HOSTNAME:
      return nodeName ?? UNKNOWN;
    case NETWORK:
      // The pod's own label takes precedence; otherwise it comes from Istio's namespace or the mesh's configuration.
      return own ?? UNKNOWN;
    default:
      return LOCALITY_LABELS.includes(key) ? locality(key, { labels, nodeName }, place) : own;
  }
}

function locality(
  key: string,
  { labels, nodeName }: Candidate,
  { nodes }: Place,
): string | undefined | typeof UNKNOWN {
  const index = LOCALITY_LABELS.indexOf(key);
  const own = labels?.[key];
  const told = labels?.[LOCALITY];
  if (told !== undefined && told !== '') {
    // Label values cannot contain slashes, so Istio accepts dots instead.
    const parts = (told.includes('/') ? told : told.replaceAll('.', '/')).split('/');
    return parts[index] === undefined || parts[index] === '' ? own : parts[index];
  }
  if (nodeName === undefined || nodes === undefined) return UNKNOWN;
  const node = nodes.get(nodeName);
  const [, sources] = LOCALITIES[index] ?? [key, []];
  const value = sources.map((source) => node?.[source]).find((found) => found !== undefined && found !== '');
  return value ?? own;
}
