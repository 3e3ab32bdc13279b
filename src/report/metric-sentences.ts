import { count } from '../core/plural.ts';
import type { MetricEvidence } from '../metrics/metric-evidence.ts';
import { capitalized, percent } from './format.ts';

/** What a metric showed, as a sentence: `Metric errors: v2 fails more often than v1 for real users: 312 of 3,104 requests …`. */
export function metricSentence(metric: MetricEvidence): string {
  return `${capitalized(placeOf(metric))}: ${metric.reason}.`;
}

/** `metric errors in east` */
export function placeOf({ name, cluster }: Pick<MetricEvidence, 'name' | 'cluster'>): string {
  return `metric ${name}${cluster === undefined ? '' : ` in ${cluster}`}`;
}

/** The metrics with one of these verdicts. */
export function metricsThat(
  metrics: readonly MetricEvidence[],
  ...verdicts: readonly MetricEvidence['verdict'][]
): readonly MetricEvidence[] {
  return metrics.filter(({ verdict }) => verdicts.includes(verdict));
}

/** Why metrics failed: the first in words, the others in number. What the test shows of versions speaks for itself. */
export function metricFailure(metrics: readonly MetricEvidence[]): readonly string[] {
  const [first, ...others] = metricsThat(metrics, 'fail');
  if (first === undefined) return [];
  const sentence =
    first.kind === 'counts'
      ? `${first.reason}${first.cluster === undefined ? '' : `, in ${first.cluster}`}.`
      : metricSentence(first);
  return [
    sentence,
    ...(others.length === 0
      ? []
      : [`${count(others, 'other metric')} ${others.length === 1 ? 'fails' : 'fail'} as well.`]),
  ];
}

/** `2 metrics passed during the watch.`; empty without any that passed. */
export function metricsPassed(metrics: readonly MetricEvidence[]): readonly string[] {
  const passed = metricsThat(metrics, 'pass').length;
  return passed === 0 ? [] : [`${count(passed, 'metric')} passed during the watch.`];
}

/** `10.1%`; a dash for a part of nothing. */
export function shareInPercent(some: number, all: number): string {
  return all === 0 ? '–' : percent(some / all);
}
