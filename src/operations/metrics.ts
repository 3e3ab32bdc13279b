import { METRICS } from '../core/deadlines.ts';
import { MONOTONIC_CLOCK } from '../core/clock.ts';
import { CanaryError } from '../core/errors.ts';
import type { Weights } from '../core/weights.ts';
import { theInput } from '../core/wording.ts';
import type { Judging } from '../metrics/judge.ts';
import { assignJudges } from '../metrics/judges.ts';
import { settlingMs } from '../metrics/lookback.ts';
import { metricLine } from '../metrics/metric-line.ts';
import { withVersionServices } from '../metrics/istio-metrics.ts';
import { openMetricReaders } from '../metrics/metric-readers.ts';
import type { OpenMetric } from '../metrics/metric-readers.ts';
import { missingBucket } from '../metrics/missing-buckets.ts';
import type { Counters, MetricReader, Reading, ReadingFailure } from '../metrics/readings.ts';
import { queryNotes } from '../metrics/query-notes.ts';
import { differingLabels } from '../metrics/several-series.ts';
import { readAll } from '../metrics/watch-metrics.ts';
import type { MetricSpec } from '../release/metric-specs.ts';
import { inEnglish } from '../texts/texts.ts';
import type { Observation } from '../release/observation.ts';
import { allClusters } from '../release/release.ts';
import type { Release } from '../release/release.ts';
import type { Context } from './context.ts';

/** What was observed of the routes that are judged, and the weights that they are to hold. */
export interface Judged {
  readonly observed: Pick<Observation, 'routes' | 'api'>;
  readonly weights: Weights;
}

/** Runs work with a reader for each address of each metric, and closes them afterwards. */
export async function withMetrics<T>(
  { release, fleet }: Pick<Context, 'release' | 'fleet'>,
  { observed, weights }: Judged,
  work: (metrics: readonly OpenMetric[]) => Promise<T>,
): Promise<T> {
  const held = observed.routes.flatMap((one) => [...(one.weights?.keys() ?? [])]);
  const versions = new Set([...weights.keys(), ...held]);
  const { metrics, close } = openMetricReaders(
    { clusters: allClusters(release), clusterOf: (name) => fleet.cluster(name) },
    observed.api.kind === 'HTTPRoute'
      ? release.metrics.map((spec) => withVersionServices(spec, versions))
      : release.metrics,
  );
  try {
    return await work(metrics);
  } finally {
    await close();
  }
}

/** What metrics judge a release by. */
export function judgingOf(
  { version, check }: Pick<Release, 'version' | 'check'>,
  weights: Weights,
  sampled: boolean,
): Judging {
  const { tolerance, confidence, maxErrorRate } = check;
  return { version, weights, tolerance, confidence, maxErrorRate, sampled };
}

/**
 * @param input that says how long
 * @throws CanaryError for every metric that cannot pass because the time to watch it is too short
 */
export function assertTimeToWatch(
  { metrics }: Pick<Release, 'metrics'>,
  watchMs: number,
  input: 'bake' | 'watch',
): void {
  const [first] = metrics;
  if (first !== undefined && watchMs === 0)
    throw new CanaryError(
      `${first.origin}: metrics are judged while a step is watched, and ${theInput(input)} is 0s, which leaves no time for that. Set it to how long users should use each step before it counts as good, such as 10m.`,
    );
  const problems = metrics.flatMap((spec) => {
    const ms = settlingMs(spec);
    return ms <= watchMs
      ? []
      : `${spec.origin}: metric ${spec.name} looks back, so that its value is about this step alone only after ${inSeconds(ms)} (the longest window in its query, and a scrape), and ${theInput(input)} is ${inSeconds(watchMs)}. Set it to at least ${inSeconds(ms)}, or shorten the window.`;
  });
  if (problems.length > 0) throw new CanaryError(problems.join('\n'));
}

function inSeconds(ms: number): string {
  return `${String(Math.ceil(ms / 1000))}s`;
}

/**
 * Reads every metric once, before anything is written: nobody should find out by a rollback that a query is wrong.
 *
 * @returns whether all can be read; if not, that has been recorded as an inconclusive verdict
 * @throws CanaryError with every metric that can never be read like this
 */
export async function tryMetrics(context: Context, judged: Judged): Promise<boolean> {
  const { release, recorder, log } = context;
  const { weights } = judged;
  if (release.metrics.length === 0) return true;
  return withMetrics(context, judged, async (metrics) => {
    const readings = await readPatiently(context, metrics);
    assertReadable(metrics, readings);
    if (![...readings.values()].some(saysNothing)) return true;
    const judges = assignJudges(metrics, judgingOf(release, weights, false));
    const evidence = judges.map(({ judge, readers }) => {
      judge.add(
        readers.flatMap((reader) => readings.get(reader) ?? []),
        0,
        0,
      );
      return judge.evidence(
        0,
        readers.some((reader) => {
          const reading = readings.get(reader);
          return reading !== undefined && saysNothing(reading);
        }),
      );
    });
    const open = evidence.filter(({ verdict }) => verdict === 'inconclusive');
    // What does not apply to these weights decides nothing, readable or not.
    if (open.length === 0) return true;
    for (const one of open) log.warn(metricLine(one));
    recorder.record({ kind: 'metrics read', metrics: evidence, verdict: 'inconclusive' });
    return false;
  });
}

/**
 * The same for `plan`, which need not run where the metrics can be reached.
 *
 * @throws CanaryError with every metric that can never be read like this
 */
export async function foreseeMetrics(context: Context, judged: Judged): Promise<void> {
  const { release, log, signal } = context;
  if (release.metrics.length === 0) return;
  assertTimeToWatch(release, release.traffic.bakeMs, 'bake');
  await withMetrics(context, judged, async (metrics) => {
    const readings = await readAll(
      metrics.flatMap(({ readers }) => readers),
      signal,
    );
    signal.throwIfAborted();
    assertReadable(metrics, readings);
    for (const { spec, readers } of metrics) {
      for (const note of spec.kind === 'limit' ? queryNotes(spec, release.version) : [])
        log.warn(`Metric ${spec.name}: ${inEnglish(note)}`);
      for (const failure of failuresOf(readers, readings))
        log.warn(`Metric ${spec.name} cannot be read from here: ${failure.message}`);
      for (const { unknown } of readers.flatMap((reader) => readings.get(reader) ?? []).filter(isCounters))
        if (unknown !== undefined)
          log.warn(`Metric ${spec.name}: ${inEnglish({ kind: 'cannotBeFound', unknown })}.`);
      for (const reader of readers)
        if (isEmpty(readings.get(reader)))
          log.info(
            `Metric ${spec.name}: ${reader.address} has no series for ${queryOf(spec)} yet. If it should, compare the labels with those that Prometheus has.`,
          );
    }
  });
}

/** Whether a metric cannot be judged by readings like this one. */
function saysNothing(reading: Reading): boolean {
  return reading.kind === 'failure' || (reading.kind === 'counters' && reading.unknown !== undefined);
}

/** Whether nothing was found, as for a version that has no traffic yet, or a query with a wrong label. */
function isEmpty(reading: Reading | undefined): boolean {
  switch (reading?.kind) {
    case 'value':
      return reading.series.length === 0;
    case 'counters':
      return reading.requests.length === 0;
    default:
      return false;
  }
}

function isCounters(reading: Reading): reading is Counters {
  return reading.kind === 'counters';
}

function queryOf(spec: MetricSpec): string {
  return (spec.kind === 'limit' ? (spec.query ?? '') : spec.requests).replaceAll(/\s+/g, ' ');
}

/** Reads all once more while something fails that may pass. */
async function readPatiently(
  { signal, clock = MONOTONIC_CLOCK }: Context,
  metrics: readonly OpenMetric[],
): Promise<ReadonlyMap<MetricReader, Reading>> {
  const begin = clock.now();
  const readers = metrics.flatMap((metric) => metric.readers);
  for (;;) {
    const readings = await readAll(readers, signal);
    signal.throwIfAborted();
    const failures = failuresOf(readers, readings);
    if (failures.every(isLasting) || clock.now() - begin > METRICS.retryMs) return readings;
    await clock.sleep(METRICS.shortestPollMs, signal);
  }
}

function failuresOf(
  readers: readonly MetricReader[],
  readings: ReadonlyMap<MetricReader, Reading>,
): readonly ReadingFailure[] {
  return readers.flatMap((reader) => {
    const reading = readings.get(reader);
    return reading?.kind === 'failure' ? [reading] : [];
  });
}

/** Whether trying again is no use. */
function isLasting({ reason }: ReadingFailure): boolean {
  return !['unreachable', 'timed out', 'server error'].includes(reason);
}

/** @throws CanaryError with every metric that can never be read like this */
function assertReadable(metrics: readonly OpenMetric[], readings: ReadonlyMap<MetricReader, Reading>): void {
  const problems = metrics.flatMap(({ spec, readers }) => {
    const lasting = failuresOf(readers, readings).filter(isLasting);
    const missing = readers.flatMap((reader) => missingBucket(spec, reader, readings.get(reader)) ?? []);
    const found = [
      ...lasting.map(({ message }) => message),
      ...ambiguous(readers, readings),
      ...missing.map((problem) => `${inEnglish(problem)}.`),
    ];
    return [...new Set(found)].map((problem) => `${spec.origin}: metric ${spec.name}: ${problem}`);
  });
  if (problems.length > 0) throw new CanaryError(problems.join('\n'));
}

function ambiguous(
  readers: readonly MetricReader[],
  readings: ReadonlyMap<MetricReader, Reading>,
): readonly string[] {
  return readers.flatMap((reader) => {
    const reading = readings.get(reader);
    return reading?.kind === 'value' && reading.series.length > 1
      ? [`${reader.address}: ${inEnglish(differingLabels(reading.series))}.`]
      : [];
  });
}
