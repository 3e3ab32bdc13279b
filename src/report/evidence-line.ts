import { formatCount } from '../core/plural.ts';
import { shareOf, total } from '../verify/evidence.ts';
import type { IngressEvidence } from '../verify/evidence.ts';
import { percent } from './format.ts';

/** The evidence of one ingress as a line of the log. */
export function evidenceLine(evidence: IngressEvidence): string {
  const { cluster, weights, samples, seconds, stale, withoutRevision, otherHosts } = evidence;
  const shares = [...weights].map(
    ([version, weight]) => `${version} ${percent(shareOf(evidence, version))} (weight ${String(weight)}%)`,
  );
  const failed = total(evidence.errors);
  const parts = [
    `${cluster}: ${shares.join(', ')}`,
    `${formatCount(samples)} samples in ${seconds.toFixed(1)} s`,
    ...(failed === 0 ? [] : [`${formatCount(failed)} failed`]),
    ...(stale.size === 0 ? [] : [`${formatCount(total(stale))} under another revision`]),
    ...(withoutRevision === 0 ? [] : [`${formatCount(withoutRevision)} from another route`]),
    ...(otherHosts === 0 ? [] : [`${formatCount(otherHosts)} from other hosts`]),
  ];
  return parts.join(', ');
}
