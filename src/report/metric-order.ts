import type { MetricEvidence, MetricVerdict } from '../metrics/metric-evidence.ts';

const ORDER: readonly MetricVerdict[] = ['fail', 'inconclusive', 'undecided', 'pass', 'not applicable'];

/** The metrics to act on first, and within a verdict in their own order. */
export function metricsByUrgency(metrics: readonly MetricEvidence[]): readonly MetricEvidence[] {
  return metrics.toSorted((a, b) => ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict));
}
