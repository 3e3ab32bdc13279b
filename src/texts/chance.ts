import { formatCount } from '../core/plural.ts';

/** As a power of ten. */
const STRONGEST = 9;

/**
 * The strength of evidence against a split: the chance of ever seeing as much or more if the split were right (J. Ville, 1939: at most
 * exp(-ln E)). Rounded up to a power of ten, and to one in a billion: beyond that, a reader learns nothing more.
 *
 * @param logEvidence ln E, over all ingresses of the check; Infinity if a single response rules the split out
 * @returns the denominator, such as `1,000`, of a chance below 1 in as many; undefined for evidence that would not be unusual
 */
export function chanceOneIn(logEvidence: number): string | undefined {
  if (logEvidence === Infinity) return undefined;
  const power = Math.floor(logEvidence / Math.LN10);
  return power < 2 ? undefined : formatCount(10 ** Math.min(power, STRONGEST));
}
