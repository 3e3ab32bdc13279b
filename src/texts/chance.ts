/**
 * The strength of evidence against a split: the chance of ever seeing as much or more if the split were right (J. Ville, 1939: at most
 * exp(-ln E)). Rounded up to a power of ten.
 *
 * @param logEvidence ln E, over all ingresses of the check; Infinity if a single response rules the split out
 * @returns the denominator, `1,000` or `10^9`, of a chance below 1 in as many; undefined for evidence that would not be unusual
 */
export function chanceOneIn(logEvidence: number): string | undefined {
  if (logEvidence === Infinity) return undefined;
  const power = Math.floor(logEvidence / Math.LN10);
  if (power < 2) return undefined;
  return power < 6 ? (10 ** power).toLocaleString('en') : `10^${String(power)}`;
}
