import type { Message } from '../texts/message.ts';
import type { VersionName } from '../core/weights.ts';
import type { CountMetric, MetricSpec } from '../release/metric-specs.ts';
import { readsBuckets } from './promql.ts';
import type { Counters, MetricReader, Reading } from './readings.ts';
import { versionOf } from './version-increases.ts';

/**
 * Why a reading cannot tell slow requests: there are requests, and no series of the bucket. No
 * request would ever count as slow.
 */
export function missingBucket(
  spec: MetricSpec,
  { address }: Pick<MetricReader, 'address'>,
  reading: Reading | undefined,
): Message | undefined {
  if (reading?.kind !== 'counters' || !isOfBuckets(spec)) return undefined;
  return reading.hits.length === 0 && reading.requests.some(({ value }) => value > 0)
    ? { kind: 'missingBucket', address, versions: [] }
    : undefined;
}

/** The same for the versions that are compared: each needs the bucket, because histograms of two versions may differ. */
export function missingBucketOf(
  versions: readonly VersionName[],
  spec: CountMetric,
  { address }: Pick<MetricReader, 'address'>,
  reading: Counters,
): Message | undefined {
  if (!isOfBuckets(spec)) return undefined;
  const named = (series: Counters['hits']): ReadonlySet<VersionName | undefined> =>
    new Set(series.map(({ labels }) => versionOf(labels, spec.version)));
  const requested = named(reading.requests.filter(({ value }) => value > 0));
  const measured = named(reading.hits);
  const without = versions.filter((version) => requested.has(version) && !measured.has(version));
  return without.length === 0 ? undefined : { kind: 'missingBucket', address, versions: without };
}

function isOfBuckets(spec: MetricSpec): boolean {
  return spec.kind === 'counts' && spec.of === 'slow' && readsBuckets(spec.hits);
}
