import { shareOf, total } from '../check/evidence.ts';
import type { IngressEvidence } from '../check/evidence.ts';

/** A fraction as percent, to one decimal: `19.8 %`. */
export function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(1)} %`;
}

/** `v1 80.2 % of 80 %, v2 19.8 % of 20 %` */
export function sharesOf(evidence: IngressEvidence): string {
  return [...evidence.weights]
    .map(([version, weight]) => `${version} ${percent(shareOf(evidence, version))} of ${String(weight)} %`)
    .join(', ');
}

/** One line on an ingress, for the log. */
export function evidenceLine(evidence: IngressEvidence): string {
  const errors = total(evidence.errors);
  const parts = [
    `${evidence.cluster}: ${sharesOf(evidence)}, ${String(evidence.samples)} samples in ${evidence.seconds.toFixed(1)} s`,
    ...(errors === 0 ? [] : [`${String(errors)} failed`]),
    ...(evidence.stale.size === 0 ? [] : [`${String(total(evidence.stale))} under another revision`]),
  ];
  return parts.join(', ');
}
