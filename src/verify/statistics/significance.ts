/** Probability of a false alarm by failed requests and by response times, each over all ingresses of a check together. */
export const FALSE_ALARM_PROBABILITY = 1e-5;

/**
 * How strong evidence against a split is, in words: the chance of seeing it, or more, at any time if the split were right
 * (J. Ville, 1939: at most exp(-ln E)). Rounded up to a power of ten.
 *
 * @param logEvidence ln E, over all ingresses of the check; Infinity where a single answer rules the split out
 * @returns `below 1 in 10^9`; undefined for evidence that would be nothing unusual
 */
export function chanceInWords(logEvidence: number): string | undefined {
  if (logEvidence === Infinity) return undefined;
  const power = Math.floor(logEvidence / Math.LN10);
  if (power < 2) return undefined;
  return `below 1 in ${power < 6 ? (10 ** power).toLocaleString('en') : `10^${String(power)}`}`;
}
