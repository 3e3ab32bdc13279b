import type { ServiceKey } from '../core/names.ts';
import type { VersionName } from '../core/weights.ts';
import type { MetricSpec } from '../release/metric-specs.ts';

/** Which proxy counted a request: the one that sent it (of a gateway), or the one that received it (a sidecar). */
export type Reporter = 'source' | 'destination';

export interface IstioOptions {
  readonly reporter: Reporter;
  /** Regular expression (RE2) for the workloads whose requests count, by `source`: those of the gateways. */
  readonly sourceWorkload: string;
  /** A response that takes longer is slow: the bound of a bucket. */
  readonly slowAboveMs: number;
}

/** Counters of Istio's standard metrics, by version (https://istio.io/latest/docs/reference/config/metrics/). */
export interface IstioCounters {
  readonly requests: string;
  readonly errors: string;
  /** Requests whose duration was measured. */
  readonly timed: string;
  readonly slow: string;
}

/** The label with the version of the pod that answered. */
export const ISTIO_VERSION_LABEL = 'destination_version';

/** UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS: gRPC answers them with the HTTP status 200. */
const FAILED_CALLS = '2|4|12|13|14|15';

/** The bounds of Envoy's buckets in ms, which Istio leaves as they are. */
export const ISTIO_BUCKETS: readonly number[] = [
  0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 600_000,
  1_800_000, 3_600_000,
];

export function istioCounters(
  { app, namespace }: ServiceKey,
  { reporter, sourceWorkload, slowAboveMs }: IstioOptions,
): IstioCounters {
  const matchers = [
    `reporter="${reporter}"`,
    // A sidecar that calls the service is a source too, and may be under no weights.
    ...(reporter === 'source' ? [`source_workload=~${JSON.stringify(sourceWorkload)}`] : []),
    serviceIn([app]),
    `destination_service_namespace="${namespace}"`,
  ];
  const select = (name: string, ...more: readonly string[]): string =>
    `${name}{${[...matchers, ...more].join(',')}}`;
  const duration = 'istio_request_duration_milliseconds';
  const timed = select(`${duration}_count`);
  return {
    requests: select('istio_requests_total'),
    errors: `${select('istio_requests_total', 'response_code=~"5.."')} or ${select('istio_requests_total', `grpc_response_status=~"${FAILED_CALLS}"`)}`,
    timed,
    // Prometheus 3 writes the bound 500 as 500.0.
    slow: `${timed} - ignoring(le) ${select(`${duration}_bucket`, `le=~"${String(slowAboveMs).replace('.', '\\\\.')}(\\\\.0)?"`)}`,
  };
}

/**
 * A metric as it is where an HTTPRoute splits between the Services of versions: a gateway counts a request under the Service to which the
 * route has sent it, a sidecar under any Service that selects its pod.
 * Source: `buildServiceMetadata` of Istio 1.31 (pilot/pkg/networking/core)
 */
export function withVersionServices(spec: MetricSpec, versions: Iterable<VersionName>): MetricSpec {
  if (spec.kind === 'limit' || spec.service === undefined) return spec;
  const { app } = spec.service;
  const all = serviceIn([app, ...[...versions].map((version) => `${app}-${version}`)]);
  const widened = (query: string): string => query.replaceAll(serviceIn([app]), all);
  return spec.kind === 'shares'
    ? { ...spec, requests: widened(spec.requests) }
    : { ...spec, requests: widened(spec.requests), hits: widened(spec.hits) };
}

/** The matcher of requests to some Services, whose names have no letter that means something in a regular expression. */
function serviceIn(names: readonly string[]): string {
  return names.length === 1
    ? `destination_service_name="${names.join('')}"`
    : `destination_service_name=~"${names.join('|')}"`;
}
