import type { ClusterName } from '../core/names.ts';
import type { VersionName, Weights } from '../core/weights.ts';

/** `undecided`: stopped before a decision, since another ingress had failed by then. */
export type IngressVerdict = 'pass' | 'fail' | 'inconclusive' | 'undecided';
export type Verdict = 'pass' | 'fail' | 'inconclusive';

/** How long the successes of one version took, from sending to the end of the body, in milliseconds. */
export interface Latency {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** What one version answered at an ingress. */
export interface VersionEvidence {
  /** Samples that were errors; they are part of the version's samples. */
  readonly errors: number;
  /** undefined before its first success */
  readonly latency: Latency | undefined;
}

/** The counts at some moment of the sampling. */
export interface ConvergencePoint {
  readonly samples: number;
  /** Samples by version, in the order of the weights. */
  readonly counts: readonly number[];
}

/** What was seen at one ingress. */
export interface IngressEvidence {
  readonly cluster: ClusterName;
  readonly url: string;
  readonly verdict: IngressVerdict;
  /** Why, as a sentence. */
  readonly reason: string;
  /** The weights that the shares were tested against. */
  readonly weights: Weights;
  /** Requests sent and ended. */
  readonly requests: number;
  /** Those attributed to a version of the weights, under the revision in force. */
  readonly samples: number;
  /** Samples by version. */
  readonly counts: ReadonlyMap<VersionName, number>;
  /** Errors and latency by version, of the same samples. */
  readonly versions: ReadonlyMap<VersionName, VersionEvidence>;
  /** How the shares converged: at a growing number of samples, the last point being the whole; some 200 points at most. */
  readonly convergence: readonly ConvergencePoint[];
  /** Failed requests by kind; those that tell their version are samples as well. */
  readonly errors: ReadonlyMap<string, number>;
  /** Answers under another revision than the one in force, by revision: reported, not counted. */
  readonly stale: ReadonlyMap<string, number>;
  /** Revision that the answers had to carry; undefined: any, or none. */
  readonly revision: string | undefined;
  /** Answers without a revision although the managed routes set one: another route gave them; reported, not counted. */
  readonly withoutRevision: number;
  /** Answers of other hosts, which the managed routes lead a share to: reported, not counted. */
  readonly otherHosts: number;
  /** Requests that had no answer yet when the sampling stopped; they are not part of `requests`. */
  readonly unanswered: number;
  /**
   * ln of the evidence against the split, over all ingresses of the check: if the split were right, the chance of ever seeing
   * as much at any of them would be at most exp(-logEvidence). Infinity where one answer rules the split out.
   */
  readonly logEvidence: number;
  /** Answers whose body names another version than their header, as `v1 → v2`. */
  readonly contradictions: ReadonlyMap<string, number>;
  readonly seconds: number;
}

/** The share of a version at an ingress, a fraction; 0 before the first sample. */
export function shareOf(evidence: IngressEvidence, version: VersionName): number {
  return evidence.samples === 0 ? 0 : (evidence.counts.get(version) ?? 0) / evidence.samples;
}

/** The verdict on all ingresses together: one failure fails, and only passes pass. */
export function verdictOf(evidence: readonly IngressEvidence[]): Verdict {
  if (evidence.some(({ verdict }) => verdict === 'fail')) return 'fail';
  return evidence.length > 0 && evidence.every(({ verdict }) => verdict === 'pass') ? 'pass' : 'inconclusive';
}

/** The sum of the counts of a table. */
export function total(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((a, b) => a + b, 0);
}
