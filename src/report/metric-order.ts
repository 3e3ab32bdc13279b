import type { Texts } from '../texts/catalogue.ts';
import type { MetricEvidence, MetricVerdict } from '../metrics/metric-evidence.ts';

const ORDER: readonly MetricVerdict[] = ['fail', 'inconclusive', 'undecided', 'pass', 'not applicable'];

/** The metrics to act on first, and within a verdict in their own order. */
function metricsByUrgency(metrics: readonly MetricEvidence[]): readonly MetricEvidence[] {
  return metrics.toSorted((a, b) => ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict));
}

/** What of the metrics is shown at once, and what on demand, by verdict. */
export interface MetricsView {
  readonly shown: readonly MetricEvidence[];
  readonly folded: readonly {
    readonly verdict: MetricVerdict;
    readonly metrics: readonly MetricEvidence[];
    /** In place of the metrics. */
    readonly line: string;
  }[];
}

/** The metrics to act on are shown, and all others named. */
export function metricsView(metrics: readonly MetricEvidence[], { evidence }: Texts): MetricsView {
  const ordered = metricsByUrgency(metrics);
  const isShown = ({ verdict }: MetricEvidence): boolean => verdict === 'fail' || verdict === 'inconclusive';
  const others = Map.groupBy(
    ordered.filter((metric) => !isShown(metric)),
    ({ verdict }) => verdict,
  );
  return {
    shown: ordered.filter(isShown),
    folded: [...others].map(([verdict, own]) => ({
      verdict,
      metrics: own,
      line: evidence.foldedMetrics({ verdict, names: own.map(evidence.metric) }),
    })),
  };
}
