import type { Finding } from '../diagnosis/finding.ts';
import { verdictOf } from '../verify/evidence.ts';
import type { IngressEvidence, Verdict } from '../verify/evidence.ts';

/** What was seen of the traffic shares, and what else bears on the verdict. */
export interface Evidence {
  readonly ingresses: readonly IngressEvidence[];
  /** Whether someone has edited the weights of a cluster, or clusters hold different ones: the release is broken then, even if the shares are within the tolerance. */
  readonly edited: boolean;
  /** Why the samples may be of something else than the release. They say nothing for it, and nothing against it. */
  readonly doubts: readonly Finding[];
  /** That the release was changed while it was sampled, so that the samples prove nothing; undefined where it was not, or where this was not asked. */
  readonly interrupted: Finding | undefined;
}

/** The verdict on a check. This is the only place that decides it. */
export function decideVerdict({ ingresses, edited, doubts, interrupted }: Evidence): Verdict {
  const shown = edited ? 'fail' : verdictOf(ingresses);
  if (shown === 'pass') return doubts.length > 0 ? 'inconclusive' : 'pass';
  return interrupted === undefined ? shown : 'inconclusive';
}
