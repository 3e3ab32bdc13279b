import type { Finding } from '../diagnosis/finding.ts';
import type { MetricEvidence } from '../metrics/metric-evidence.ts';
import type { IngressEvidence, Verdict } from '../verify/evidence.ts';

/** What was seen of the traffic shares, and what else bears on the verdict. */
export interface Evidence {
  readonly ingresses: readonly IngressEvidence[];
  readonly metrics: readonly MetricEvidence[];
  /** Whether someone has edited the weights of a cluster, or clusters hold different ones: the release is broken then, even if the shares are within the tolerance. */
  readonly edited: boolean;
  /** Why the samples may be of something else than the release. They say nothing for it, and nothing against it. */
  readonly doubts: readonly Finding[];
  /** That the release was changed while it was sampled, so that the samples prove nothing; undefined where it was not, or where this was not asked. */
  readonly interrupted: Finding | undefined;
}

/**
 * The verdict on a check, over samples and metrics: one failure fails, and a pass takes a pass of each. This is the only place that
 * decides it.
 *
 * @returns undefined where there was nothing to judge: no ingress, and no metric that applies
 */
export function decideVerdict({
  ingresses,
  metrics,
  edited,
  doubts,
  interrupted,
}: Evidence): Verdict | undefined {
  const verdicts = [...ingresses, ...metrics].map(({ verdict }) => verdict);
  const judged = verdicts.filter((verdict) => verdict !== 'not applicable');
  if (judged.length === 0 && metrics.length > 0 && !edited) return undefined;
  const shown = edited || judged.includes('fail') ? 'fail' : allPass(judged) ? 'pass' : 'inconclusive';
  if (shown === 'pass') return doubts.length > 0 ? 'inconclusive' : 'pass';
  return interrupted === undefined ? shown : 'inconclusive';
}

function allPass(verdicts: readonly string[]): boolean {
  return verdicts.length > 0 && verdicts.every((verdict) => verdict === 'pass');
}
