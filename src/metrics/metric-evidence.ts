import type { ClusterName } from '../core/names.ts';
import type { Message } from '../texts/message.ts';
import type { VersionName } from '../core/weights.ts';
import type { MetricSpec } from '../release/metric-specs.ts';

/**
 * `undecided`: stopped before a decision because something else had failed.
 * `not applicable`: there was nothing to compare, such as errors by version while one version has all the traffic.
 */
export type MetricVerdict = 'pass' | 'fail' | 'inconclusive' | 'undecided' | 'not applicable';

/** What one version did since the first poll. */
export interface VersionCounts {
  readonly version: VersionName;
  readonly requests: number;
  /** Those of them that failed, or were slow; undefined for shares. */
  readonly hits: number | undefined;
  /** In percent; undefined for a version outside of the weights. */
  readonly weight: number | undefined;
}

/** What was known after one poll. */
export interface MetricPoint {
  /** Seconds since the first poll. */
  readonly at: number;
  /** The value of a limit; for counts and shares ln of the evidence, where `threshold` is a fail. */
  readonly value: number;
}

/** What a metric showed while a step was watched: for one cluster, or for all together. */
export interface MetricEvidence {
  readonly name: string;
  readonly kind: MetricSpec['kind'];
  /** What the hits of counts are. */
  readonly of: 'errors' | 'slow' | undefined;
  /** undefined: all clusters together */
  readonly cluster: ClusterName | undefined;
  readonly addresses: readonly string[];
  readonly verdict: MetricVerdict;
  /** The reason, as a sentence without a full stop. */
  readonly reason: Message;
  /** Counts since the first poll, in the order of the weights; empty for a limit. */
  readonly versions: readonly VersionCounts[];
  /**
   * ln of the evidence against the release, over all tests of the check: if it were sound, the probability of ever seeing as much
   * in any of them would be at most exp(-logEvidence). undefined for a limit.
   */
  readonly logEvidence: number | undefined;
  /** Of the points: a fail at and above it. undefined for a limit that is not one comparison, or none at all. */
  readonly threshold: number | undefined;
  /** At most some 200. */
  readonly points: readonly MetricPoint[];
  /** Polls of all addresses, and those of them that failed. */
  readonly polls: number;
  readonly missed: number;
  /** What else the readings showed, a sentence each: a reading that failed, a stalled scrape, requests without a version. */
  readonly notes: readonly Message[];
  readonly seconds: number;
}
