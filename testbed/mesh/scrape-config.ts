import { dump } from 'js-yaml';
import {
  DESTINATION_LABELS,
  SUBSET,
  VERSION_LABELS,
  VERSION_SERVICE,
  sourceLabels,
} from '../request-labels.ts';
import type { KubernetesCluster } from './kubernetes.ts';

/** The port of a gateway on which Envoy shows its counters. */
const ENVOY_PORT = 15090;

/**
 * The configuration of a cluster's Prometheus: the counters of its gateway, once under Envoy's own names, and once under the names of
 * Istio's standard metrics (https://istio.io/latest/docs/reference/config/metrics/), which Istio's Envoy would count itself.
 *
 * @param gatewayPod the name of the gateway's pod; undefined for no pod
 */
export function scrapeConfig(
  { name, addresses }: KubernetesCluster,
  gatewayPod: string | undefined,
  interval: string,
): string {
  const target = {
    metrics_path: '/stats/prometheus',
    // Envoy has thousands of others.
    params: { filter: ['upstream_rq'] },
    static_configs:
      gatewayPod === undefined
        ? []
        : [
            {
              targets: [`${addresses.gatewayPod}:${String(ENVOY_PORT)}`],
              labels: { namespace: 'istio-system', pod: gatewayPod },
            },
          ],
  };
  return dump({
    global: { scrape_interval: interval, scrape_timeout: '1s' },
    scrape_configs: [
      {
        job_name: 'envoy',
        ...target,
        metric_relabel_configs: [
          keep(['__name__'], 'envoy_cluster_upstream_rq(_xx|_total|_time_.+)?'),
          keep(['cluster_name'], SUBSET),
        ],
      },
      { job_name: 'istio', ...target, metric_relabel_configs: asIstio(name, 'source') },
      // What the sidecars of the pods would count, as far as requests from the gateway go.
      { job_name: 'sidecars', ...target, metric_relabel_configs: asIstio(name, 'destination') },
    ],
  });
}

/** Renames Envoy's counters of requests by status, and of response times. */
function asIstio(cluster: string, reporter: 'source' | 'destination'): readonly object[] {
  return [
    keep(['__name__'], 'envoy_cluster_upstream_rq(_time_.+)?'),
    keep(['cluster_name'], SUBSET),
    // Envoy counts each request by its status, and again by the class of its status.
    { action: 'drop', source_labels: ['__name__', 'response_code'], regex: 'envoy_cluster_upstream_rq;' },
    ...relabel(SUBSET, DESTINATION_LABELS),
    ...relabel(VERSION_SERVICE, VERSION_LABELS),
    ...Object.entries(sourceLabels(cluster, reporter)).map(([label, replacement]) => ({
      target_label: label,
      replacement,
    })),
    rename('envoy_cluster_upstream_rq', 'istio_requests_total'),
    rename('envoy_cluster_upstream_rq_time_(.+)', 'istio_request_duration_milliseconds_$1'),
    { action: 'labeldrop', regex: 'cluster_name' },
  ];
}

function relabel(regex: string, labels: Readonly<Record<string, string>>): readonly object[] {
  return Object.entries(labels).map(([label, replacement]) => ({
    source_labels: ['cluster_name'],
    regex,
    target_label: label,
    replacement,
  }));
}

function keep(source_labels: readonly string[], regex: string): object {
  return { action: 'keep', source_labels, regex };
}

function rename(regex: string, replacement: string): object {
  return { source_labels: ['__name__'], regex, target_label: '__name__', replacement };
}
