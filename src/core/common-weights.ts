import { sameWeights } from './weights.ts';
import type { Weights } from './weights.ts';

/** One of the managed routes of an object. */
export interface WeighedRoute {
  /** undefined where it sends to the service as a whole */
  readonly weights: Weights | undefined;
  /** Whether no release has written it yet: it names no version, and carries no mark. */
  readonly isNew: boolean;
  /** Whether it holds exactly what these weights come to there, beside other destinations. */
  readonly holdsExactly: (weights: Weights) => boolean;
}

/** What the managed routes of one object hold together. */
export interface CommonWeights {
  /** undefined where none names a version, or they differ */
  readonly weights: Weights | undefined;
  /** `joining`: new routes name no version yet, and get what the others hold with the next change. */
  readonly accord: 'same' | 'joining' | 'different';
}

/**
 * The weights that routes have in common.
 *
 * @param recorded the weights last written: they are returned where rounding beside other destinations hides that the routes hold them
 */
export function commonWeights(routes: readonly WeighedRoute[], recorded: Weights | undefined): CommonWeights {
  const [first] = routes.flatMap(({ weights }) => weights ?? []);
  if (first === undefined) return { weights: undefined, accord: 'same' };
  const settled = routes.filter(({ isNew }) => !isNew);
  const accord = settled.length < routes.length ? 'joining' : 'same';
  const allHold = (wanted: Weights): boolean =>
    settled.every(({ weights }) => weights !== undefined && sameWeights(weights, wanted));
  // Routes of which one has other destinations round in different ways, so that only the record tells that they agree.
  if (recorded !== undefined && !allHold(recorded)) {
    if (settled.every(({ holdsExactly }) => holdsExactly(recorded))) return { weights: recorded, accord };
  }
  const isEmpty = [...first.values()].every((weight) => weight === 0);
  // A new route cannot get what others hold if they send nothing anywhere.
  if (!allHold(first) || (accord === 'joining' && isEmpty))
    return { weights: undefined, accord: 'different' };
  return { weights: new Map(settled.flatMap(({ weights }) => [...(weights ?? [])])), accord };
}
