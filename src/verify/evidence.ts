import type { ClusterName } from '../core/names.ts';
import type { Message } from '../texts/message.ts';
import type { VersionName, Weights } from '../core/weights.ts';

/** `undecided`: stopped before a decision because another part of the check had failed. */
export type IngressVerdict = 'pass' | 'fail' | 'inconclusive' | 'undecided';
export type Verdict = 'pass' | 'fail' | 'inconclusive';

/** How long the successes of one version took, from sending to the end of the body, in milliseconds. */
export interface Latency {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** How one version responded at an ingress. */
export interface VersionEvidence {
  /** Samples that were errors; they are part of the version's samples. */
  readonly errors: number;
  /** undefined before its first success */
  readonly latency: Latency | undefined;
}

/** The counts at one moment of the sampling. */
export interface ConvergencePoint {
  readonly samples: number;
  /** Samples by version, in the order of the weights. */
  readonly counts: readonly number[];
}

/** What was seen at one pod of a gateway; the same samples count for its ingress. */
export interface PodEvidence {
  readonly pod: string;
  /** Whether another one has its name now, as of a StatefulSet. */
  readonly replaced?: boolean;
  readonly requests: number;
  readonly samples: number;
  readonly counts: ReadonlyMap<VersionName, number>;
  readonly errors: ReadonlyMap<string, number>;
  readonly stale: ReadonlyMap<string, number>;
  readonly withoutRevision: number;
  /** How often its proxy was restarted meanwhile. */
  readonly restarts: number;
}

/** What was seen at one ingress. */
export interface IngressEvidence {
  readonly cluster: ClusterName;
  readonly url: string;
  readonly verdict: IngressVerdict;
  /** The reason, as a sentence without a full stop. */
  readonly reason: Message;
  /** The weights that the shares were tested against. */
  readonly weights: Weights;
  /** Requests that were sent and have ended. */
  readonly requests: number;
  /** Those attributed to a version of the weights, under the revision in force. */
  readonly samples: number;
  /** Samples by version. */
  readonly counts: ReadonlyMap<VersionName, number>;
  /** Errors and latency by version, of the same samples. */
  readonly versions: ReadonlyMap<VersionName, VersionEvidence>;
  /** How the shares converged, at growing numbers of samples; the last point is the total. At most some 200 points. */
  readonly convergence: readonly ConvergencePoint[];
  /** Failed requests by kind; those that name a version are samples as well. */
  readonly errors: ReadonlyMap<string, number>;
  /** Responses under a revision other than the one in force, by revision: reported, not counted. */
  readonly stale: ReadonlyMap<string, number>;
  /** Revision that the responses had to carry; undefined: any, or none. */
  readonly revision: string | undefined;
  /** Responses without a revision although the managed routes set one: another route gave them. Reported, not counted. */
  readonly withoutRevision: number;
  /** Responses from other hosts, to which the managed routes send a share: reported, not counted. */
  readonly otherHosts: number;
  /** Requests without a response when the sampling stopped; not part of `requests`. */
  readonly unanswered: number;
  /**
   * ln of the evidence against the split, over all ingresses of the check: if the split were right, the probability of ever
   * seeing as much at any of them would be at most exp(-logEvidence). Infinity if one response rules the split out.
   */
  readonly logEvidence: number;
  /** Responses whose body names another version than their header, as `v1 → v2`. */
  readonly contradictions: ReadonlyMap<string, number>;
  /** Each pod that was asked by port-forward; none where a load balancer chose. */
  readonly pods?: readonly PodEvidence[];
  readonly seconds: number;
}

/** The share of a version at an ingress, a fraction; 0 before the first sample. */
export function shareOf(evidence: IngressEvidence, version: VersionName): number {
  return evidence.samples === 0 ? 0 : (evidence.counts.get(version) ?? 0) / evidence.samples;
}

/** The sum of the counts of a table. */
export function total(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((a, b) => a + b, 0);
}
