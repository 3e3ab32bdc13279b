import type { VersionName } from '../core/weights.ts';
import type { CountMetric, MetricSpec } from '../release/metric-specs.ts';
import { readsBuckets } from './promql.ts';
import type { Counters, MetricReader, Reading } from './readings.ts';
import { versionOf } from './version-increases.ts';

const REMEDY =
  'A histogram has a series for each of its buckets, so the bucket (le) in the query is not one of them, or another label differs. Ask Prometheus for the buckets without le to see which there are';

/**
 * Why a reading cannot tell slow requests, as a sentence without a full stop: there are requests, and no series of the bucket. No
 * request would ever count as slow.
 */
export function missingBucket(
  spec: MetricSpec,
  { address }: Pick<MetricReader, 'address'>,
  reading: Reading | undefined,
): string | undefined {
  if (reading?.kind !== 'counters' || !isOfBuckets(spec)) return undefined;
  return reading.hits.length === 0 && reading.requests.some(({ value }) => value > 0)
    ? `${address} has requests, and no series that matches the query for slow ones. ${REMEDY}`
    : undefined;
}

/** The same for the versions that are compared: each needs the bucket, because histograms of two versions may differ. */
export function missingBucketOf(
  versions: readonly VersionName[],
  spec: CountMetric,
  { address }: Pick<MetricReader, 'address'>,
  reading: Counters,
): string | undefined {
  if (!isOfBuckets(spec)) return undefined;
  const named = (series: Counters['hits']): ReadonlySet<VersionName | undefined> =>
    new Set(series.map(({ labels }) => versionOf(labels, spec.version)));
  const requested = named(reading.requests.filter(({ value }) => value > 0));
  const measured = named(reading.hits);
  const without = versions.filter((version) => requested.has(version) && !measured.has(version));
  return without.length === 0
    ? undefined
    : `${address} has requests to ${without.join(' and ')}, and no series of ${without.length === 1 ? 'it' : 'them'} that matches the query for slow ones. ${REMEDY}`;
}

function isOfBuckets(spec: MetricSpec): boolean {
  return spec.kind === 'counts' && spec.of === 'slow' && readsBuckets(spec.hits);
}
