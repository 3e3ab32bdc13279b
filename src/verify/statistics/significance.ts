import { chanceOneIn } from '../../texts/chance.ts';

/** Probability of a false alarm about failed requests, and about response times, over all ingresses of a check together. */
export const FALSE_ALARM_PROBABILITY = 1e-5;

/**
 * The strength of evidence against a split in words: the chance of ever seeing as much or more if the split were right
 * (J. Ville, 1939: at most exp(-ln E)). Rounded up to a power of ten.
 *
 * @param logEvidence ln E, over all ingresses of the check; Infinity if a single response rules the split out
 * @returns `below 1 in 10^9`; undefined for evidence that would not be unusual
 */
export function chanceInWords(logEvidence: number): string | undefined {
  const chance = chanceOneIn(logEvidence);
  return chance === undefined ? undefined : `below 1 in ${chance}`;
}
