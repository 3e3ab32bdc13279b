import type { Latency } from './evidence.ts';

/**
 * Quantiles of response times, by the nearest rank.
 *
 * @param times in milliseconds, in any order
 * @returns undefined for no times
 */
export function latencyOf(times: readonly number[]): Latency | undefined {
  const sorted = Float64Array.from(times).sort();
  const max = sorted.at(-1);
  if (max === undefined) return undefined;
  const quantile = (p: number): number => sorted[Math.ceil(p * sorted.length) - 1] ?? max;
  return { p50: quantile(0.5), p90: quantile(0.9), p99: quantile(0.99), max };
}
