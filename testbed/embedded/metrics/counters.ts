import {
  BUCKETS,
  DESTINATION_LABELS,
  SUBSET,
  VERSION_LABELS,
  VERSION_SERVICE,
  sourceLabels,
} from '../../request-labels.ts';

export type Labels = Readonly<Record<string, string>>;

/** A counter as a scrape finds it; `__name__` is among the labels. */
export interface Counter {
  readonly labels: Labels;
  readonly value: number;
}

interface Requests {
  readonly byStatus: Map<number, number>;
  /** How many took as long as each bucket allows, but longer than the one before allows. */
  readonly byBucket: number[];
  sum: number;
}

const SUBSET_PATTERN = new RegExp(`^${SUBSET}$`);
const VERSION_PATTERN = new RegExp(`^${VERSION_SERVICE}$`);
const ENVOY = 'envoy_cluster_upstream_rq';

/** What one pod of a gateway counts: its requests to each subset, under Envoy's names and under those of Istio's standard metrics. */
export class RequestCounters {
  readonly #cluster: string;
  readonly #upstreams = new Map<string, Requests>();

  constructor(cluster: string) {
    this.#cluster = cluster;
  }

  /** @param upstream Envoy's name of it */
  count(upstream: string, status: number, ms: number): void {
    const found = this.#upstreams.get(upstream) ?? {
      byStatus: new Map<number, number>(),
      byBucket: BUCKETS.map(() => 0),
      sum: 0,
    };
    this.#upstreams.set(upstream, found);
    found.byStatus.set(status, (found.byStatus.get(status) ?? 0) + 1);
    const bucket = BUCKETS.findIndex((bound) => ms <= bound);
    if (bucket >= 0) found.byBucket[bucket] = (found.byBucket[bucket] ?? 0) + 1;
    found.sum += ms;
  }

  /** Counts from 0 again: as Envoy does, it keeps what it has counted before, at 0. */
  reset(): void {
    for (const found of this.#upstreams.values()) {
      for (const status of found.byStatus.keys()) found.byStatus.set(status, 0);
      found.byBucket.fill(0);
      found.sum = 0;
    }
  }

  /** Forgets everything, as a new pod. */
  clear(): void {
    this.#upstreams.clear();
  }

  /** @param target the labels of the scraped pod */
  scrape(target: Labels): Counter[] {
    return [...this.#upstreams].flatMap(([name, requests]) => [
      ...countersOf(
        requests,
        { requests: ENVOY, times: `${ENVOY}_time` },
        { ...target, job: 'envoy', cluster_name: name },
      ),
      ...countersOf(
        requests,
        { requests: 'istio_requests_total', times: 'istio_request_duration_milliseconds' },
        { ...target, job: 'istio', ...istioLabels(name), ...sourceLabels(this.#cluster) },
      ),
      // Every request reaches a pod here, whose sidecar counts it as well.
      ...countersOf(
        requests,
        { requests: 'istio_requests_total', times: 'istio_request_duration_milliseconds' },
        { ...target, job: 'sidecars', ...istioLabels(name), ...sourceLabels(this.#cluster, 'destination') },
      ),
    ]);
  }
}

function istioLabels(upstream: string): Labels {
  const version = VERSION_PATTERN.test(upstream) ? labelsBy(VERSION_PATTERN, VERSION_LABELS, upstream) : {};
  return { ...labelsBy(SUBSET_PATTERN, DESTINATION_LABELS, upstream), ...version };
}

function labelsBy(pattern: RegExp, labels: Labels, upstream: string): Labels {
  return Object.fromEntries(
    Object.entries(labels).map(([label, value]) => [label, upstream.replace(pattern, value)]),
  );
}

function countersOf(
  { byStatus, byBucket, sum }: Requests,
  names: { readonly requests: string; readonly times: string },
  labels: Labels,
): Counter[] {
  let all = 0;
  const buckets = byBucket.map((count, i) => {
    all += count;
    // As Prometheus 3 writes it: 0.5, 1.0.
    const bound = BUCKETS[i] ?? 0;
    return { le: Number.isInteger(bound) ? bound.toFixed(1) : String(bound), count: all };
  });
  const counter = (name: string, value: number, more: Labels = {}): Counter => ({
    labels: { __name__: name, ...labels, ...more },
    value,
  });
  const total = [...byStatus.values()].reduce((a, b) => a + b, 0);
  return [
    ...[...byStatus].map(([status, count]) =>
      counter(names.requests, count, { response_code: String(status) }),
    ),
    ...buckets.map(({ le, count }) => counter(`${names.times}_bucket`, count, { le })),
    counter(`${names.times}_bucket`, total, { le: '+Inf' }),
    counter(`${names.times}_count`, total),
    counter(`${names.times}_sum`, sum),
  ];
}
