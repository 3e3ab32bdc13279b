import type { Labels, Node, Pod } from './objects.ts';
import { isReady } from './pods.ts';

/**
 * What Istio knows, beside the labels of a pod, of the place where it runs. Istio adds it to the labels by which a subset selects,
 * ahead of labels of the same name on the pod.
 * Source: `AugmentLabels` and `getPodLocality` of Istio 1.31 (pilot/pkg/serviceregistry).
 */
export interface Place {
  /** The name that Istio has for the cluster; undefined where no pod tells it. */
  readonly clusterId: string | undefined;
  /** The labels of each node; undefined where they were not read. */
  readonly nodes: ReadonlyMap<string, Labels> | undefined;
}

const CLUSTER = 'topology.istio.io/cluster';
const NETWORK = 'topology.istio.io/network';
const HOSTNAME = 'kubernetes.io/hostname';
const LOCALITY = 'istio-locality';
/** Region, zone and subzone: the label of an endpoint, and those of a node that it is read from, the first that is set. */
const LOCALITIES = [
  [
    'topology.kubernetes.io/region',
    ['topology.kubernetes.io/region', 'failure-domain.beta.kubernetes.io/region'],
  ],
  ['topology.kubernetes.io/zone', ['topology.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/zone']],
  ['topology.istio.io/subzone', ['topology.istio.io/subzone']],
] as const;
const LOCALITY_LABELS: readonly string[] = LOCALITIES.map(([label]) => label);
/** The labels that Istio sets by the place of a pod: whoever makes a pod cannot choose them. */
const PLACE_LABELS: readonly string[] = [CLUSTER, NETWORK, HOSTNAME, ...LOCALITY_LABELS];

/** A pod, or the template of one, as far as subsets select by it. */
export interface Candidate {
  readonly labels: Labels | undefined;
  /** undefined for a template, whose pods may come anywhere. */
  readonly nodeName: string | undefined;
}

export function candidateOf({ metadata, spec }: Pod): Candidate {
  return { labels: metadata.labels, nodeName: spec?.nodeName };
}

/** Those of some labels that a pod carries itself, and that can be given to one. */
export function podLabels(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([key]) => !PLACE_LABELS.includes(key)));
}

/** Whether any of some labels is read from nodes. */
export function needsNodes(labels: Labels): boolean {
  return Object.keys(labels).some((key) => LOCALITY_LABELS.includes(key));
}

/** Whether labels select the endpoint of a pod; undefined where a label is set by Istio and cannot be known here. */
export function selectsEndpoint(labels: Labels, pod: Candidate, place: Place): boolean | undefined {
  const values = Object.entries(labels).map(([key, wanted]) => {
    const value = endpointLabel(key, pod, place);
    return value === UNKNOWN ? undefined : value === wanted;
  });
  if (values.includes(false)) return false;
  return values.includes(undefined) ? undefined : true;
}

/** Whether no pod can carry both sets of labels. */
export function areExclusive(one: Labels, other: Labels): boolean {
  return Object.entries(one).some(([key, value]) => Object.hasOwn(other, key) && other[key] !== value);
}

/** `version=v2,track=canary` */
export function formatLabels(labels: Labels): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}

/** What the pods of a cluster tell of it: the injector writes the cluster's name in Istio into every sidecar. */
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
      // A pod's own label wins; else it is that of Istio's namespace or of the mesh's configuration.
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
    // Label values hold no slash, so that Istio takes dots for it.
    const parts = (told.includes('/') ? told : told.replaceAll('.', '/')).split('/');
    return parts[index] === undefined || parts[index] === '' ? own : parts[index];
  }
  if (nodeName === undefined || nodes === undefined) return UNKNOWN;
  const node = nodes.get(nodeName);
  const [, sources] = LOCALITIES[index] ?? [key, []];
  const value = sources.map((source) => node?.[source]).find((found) => found !== undefined && found !== '');
  return value ?? own;
}
