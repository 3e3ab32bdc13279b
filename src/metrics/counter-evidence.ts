import type { Message } from '../texts/message.ts';
import type { VersionName, Weights } from '../core/weights.ts';
import type { CountMetric, ShareMetric } from '../release/metric-specs.ts';
import type { CounterTotals } from './counter-totals.ts';
import type { MetricEvidence } from './metric-evidence.ts';
import type { PollLog } from './poll-log.ts';
import type { Points } from './points.ts';
import type { MetricReader } from './readings.ts';

/** What a judge of counters has kept. */
export interface CounterState {
  readonly spec: CountMetric | ShareMetric;
  readonly readers: readonly MetricReader[];
  readonly weights: Weights;
  readonly log: PollLog;
  readonly totals: CounterTotals;
  /** By version; undefined for shares. */
  readonly hits: ReadonlyMap<VersionName, number> | undefined;
  readonly points: Points;
  readonly logEvidence: number;
  /** Probability of a false alarm of this test, and how many tests the check makes. */
  readonly alpha: number;
  readonly tests: number;
}

/** What was counted, beside the decision on it. */
export function counterEvidence(
  { spec, readers, weights, log, totals, hits, points, logEvidence, alpha, tests }: CounterState,
  at: number,
): Omit<MetricEvidence, 'verdict' | 'reason'> {
  const { requests, requestsWithout } = totals;
  const outside = [...requests].filter(([version]) => !weights.has(version));
  const versions = [...weights, ...outside.map(([version]) => [version, undefined] as const)];
  return {
    name: spec.name,
    kind: spec.kind,
    of: spec.kind === 'counts' ? spec.of : undefined,
    cluster: spec.per === 'cluster' ? readers[0]?.cluster : undefined,
    addresses: readers.map(({ address }) => address),
    versions: versions.map(([version, weight]) => ({
      version,
      requests: requests.get(version) ?? 0,
      hits: hits === undefined ? undefined : (hits.get(version) ?? 0),
      weight,
    })),
    logEvidence,
    threshold: Math.log(1 / alpha) - Math.log(tests),
    points: points.all,
    polls: log.polls,
    missed: log.missed,
    notes: [
      ...log.notes,
      ...(requestsWithout === 0
        ? []
        : [{ kind: 'requestsWithoutVersion', requests: requestsWithout } as const]),
      ...outside.map(([version, requested]): Message => ({
        kind: 'versionOutside',
        version,
        requests: requested,
      })),
    ],
    seconds: at,
  };
}
