import type { MetricEvidence } from './metric-evidence.ts';

/** `errors in east: pass, 3 of 1,204 requests to v2 failed, …` */
export function metricLine({ name, cluster, verdict, reason }: MetricEvidence): string {
  return `Metric ${name}${cluster === undefined ? '' : ` in ${cluster}`}: ${verdict}, ${reason}`;
}
