import type { Message } from '../texts/message.ts';
import type { VersionName, Weights } from '../core/weights.ts';
import type { MetricEvidence, MetricVerdict } from './metric-evidence.ts';
import type { Reading } from './readings.ts';

/** What a release is judged by. */
export interface Judging {
  /** The version being released; undefined: none is. */
  readonly version: VersionName | undefined;
  readonly weights: Weights;
  /** As fractions. */
  readonly tolerance: number;
  readonly confidence: number;
  /** More requests than this fraction that fail without reaching a version leave everything open. */
  readonly maxErrorRate: number;
  /** Whether ingresses are sampled too: then users' shares need not prove the split by themselves. */
  readonly sampled: boolean;
}

/** Judges one metric: over one address, or over all of them together. */
export interface Judge {
  /**
   * Takes one poll.
   *
   * @param readings in the order of the addresses
   * @param at seconds since the first poll
   * @param undisturbed for how many seconds the weights have been in force without a request of this check
   * @returns whether the release has failed
   */
  readonly add: (readings: readonly Reading[], at: number, undisturbed: number) => boolean;
  /** What was seen so far. `end`: the watch is over; otherwise something else has ended it. */
  readonly evidence: (at: number, end: boolean) => MetricEvidence;
}

/** A verdict and its reason. */
export interface Decision {
  readonly verdict: MetricVerdict;
  readonly reason: Message;
}
