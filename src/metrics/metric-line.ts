import { inEnglish } from '../texts/texts.ts';
import type { MetricEvidence } from './metric-evidence.ts';

/** `Metric errors in east: pass, 3 of 1,204 requests to v2 failed, …` */
export function metricLine(metric: MetricEvidence): string {
  return `${subjectOf(metric)}: ${metric.verdict}, ${inEnglish(metric.reason)}`;
}

/** `Metric errors in east so far: 3 of 1,204 requests to v2 failed, …` */
export function metricSoFar(metric: MetricEvidence): string {
  return `${subjectOf(metric)} so far: ${inEnglish(metric.reason)}`;
}

function subjectOf({ name, cluster }: MetricEvidence): string {
  return `Metric ${name}${cluster === undefined ? '' : ` in ${cluster}`}`;
}
