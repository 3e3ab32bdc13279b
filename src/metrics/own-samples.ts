import type { Message } from '../texts/message.ts';
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
    const note: Message =
      counted > samples ? { kind: 'mayBeSamples', samples } : { kind: 'noMoreThanSamples' };
    return counted === 0 ? metric : { ...metric, notes: [...metric.notes, note] };
  });
}
