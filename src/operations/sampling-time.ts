import { METRICS } from '../core/deadlines.ts';
import { settlingMs } from '../metrics/lookback.ts';
import type { MetricSpec } from '../release/metric-specs.ts';

/** Requests that are open when the sampling ends come a little later: a part of the time that they count in windows. */
const LATE = 1 / 6;

/**
 * How long ingresses are sampled during a watch, in ms: samples that succeed would hide errors of users in the windows of the
 * last values, where users send few requests. 0: not at all.
 */
export function samplingMs(metrics: readonly MetricSpec[], watchMs: number): number {
  const settling = Math.max(0, ...metrics.map(settlingMs));
  const left = watchMs - settling * (1 + LATE);
  return settling === 0 ? watchMs : left < METRICS.shortestSamplingMs ? 0 : left;
}
