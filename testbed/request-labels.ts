/** Envoy's name of a subset: `outbound|5000|v2|helloworld.gray-demo.svc.cluster.local`. */
export const SUBSET = 'outbound\\|\\d+\\|([^|]*)\\|(([^.|]+)\\.([^.|]+)\\.svc\\.cluster\\.local)';

/** The labels of Istio's standard metrics that follow from the groups of `SUBSET`. */
export const DESTINATION_LABELS: Readonly<Record<string, string>> = {
  destination_version: '$1',
  destination_canonical_revision: '$1',
  destination_service: '$2',
  destination_service_name: '$3',
  destination_app: '$3',
  destination_canonical_service: '$3',
  destination_workload: '$3-$1',
  destination_service_namespace: '$4',
  destination_workload_namespace: '$4',
};

/** Envoy's name of the Service of one version, to which an HTTPRoute sends: `outbound|5000||helloworld-v2.gray-demo.svc.cluster.local`. */
export const VERSION_SERVICE =
  'outbound\\|\\d+\\|\\|(([^.|]+)-(v[^-.|]+)\\.([^.|]+)\\.svc\\.cluster\\.local)';

/** What differs from `DESTINATION_LABELS` then, by the groups of `VERSION_SERVICE`: the version is that of the pod, the Service that of the route. */
export const VERSION_LABELS: Readonly<Record<string, string>> = {
  destination_version: '$3',
  destination_canonical_revision: '$3',
  destination_app: '$2',
  destination_canonical_service: '$2',
  destination_workload: '$2-$3',
};

/** Those of a request that a gateway reports, or the sidecar that received it from there. */
export function sourceLabels(
  cluster: string,
  reporter: 'source' | 'destination' = 'source',
): Readonly<Record<string, string>> {
  return {
    reporter,
    request_protocol: 'http',
    source_app: 'istio-ingressgateway',
    source_cluster: cluster,
    source_workload: 'istio-ingressgateway',
    source_workload_namespace: 'istio-system',
  };
}

/** Upper bounds of the buckets of response times, in milliseconds, as Envoy has them. */
export const BUCKETS: readonly number[] = [
  0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 600_000,
  1_800_000, 3_600_000,
];
