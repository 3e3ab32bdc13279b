import { agreedWeights, holdingsOf, holdsNoWeights } from '../release/cluster-weights.ts';
import type { ClusterWeights } from '../release/cluster-weights.ts';
import { formatWeights } from '../core/weights.ts';
import type { Texts } from '../texts/catalogue.ts';

type Held = readonly ClusterWeights[];

/** That no one set of weights is in force, and what is there instead, in a sentence. */
export function disagreementIn(held: Held, texts: Texts): string {
  const { noCommonWeights, differentWeights } = texts.headline;
  return (holdsNoWeights(held) ? noCommonWeights : differentWeights)(holdingsOf(held, texts));
}

/**
 * The weights that all hold, as an input takes them; that there are none; or who holds what.
 *
 * @param none what counts as no weights: no route at all, or a route that names no version as well
 */
export function weightsInForce(held: Held, texts: Texts, none: 'nothing' | 'unsplit' = 'unsplit'): string {
  const weights = agreedWeights(held);
  if (weights !== undefined) return formatWeights(weights);
  const hasNone = held.every(({ kind }) => kind === 'nothing' || kind === none);
  return hasNone ? texts.headline.noWeights : texts.headline.holdings(holdingsOf(held, texts));
}
