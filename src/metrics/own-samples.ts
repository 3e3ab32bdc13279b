import type { MetricEvidence } from './metric-evidence.ts';

/** Says of counted requests how many of them may be samples, which no counter tells from requests of users. */
export function withOwnSamples(
  metrics: readonly MetricEvidence[],
  samples: number,
): readonly MetricEvidence[] {
  if (samples === 0) return metrics;
  return metrics.map((metric) => {
    if (metric.versions.length === 0) return metric;
    const counted = metric.versions.reduce((sum, { requests }) => sum + requests, 0);
    const note =
      counted > samples
        ? `About ${samples.toLocaleString('en')} of these requests may be samples of this check.`
        : 'No more requests were counted than this check sampled, so there may have been no users.';
    return counted === 0 ? metric : { ...metric, notes: [...metric.notes, note] };
  });
}
