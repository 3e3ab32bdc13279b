import type { Observation } from '../observation.ts';
import { describeEdit, editRemedy } from '../weight-edits.ts';
import { CanaryError } from '../../core/errors.ts';
import { sameWeights } from '../../core/weights.ts';
import type { Weights } from '../../core/weights.ts';

/**
 * Refuses to overwrite weights that someone else has set since the last step, unless they are those asked for.
 *
 * @throws CanaryError that names who set them
 */
export function assertWeightsNotEdited({ edits }: Observation, asked: Weights): void {
  const others = edits.filter(({ found }) => found === undefined || !sameWeights(found, asked));
  if (others.length === 0) return;
  throw new CanaryError(
    `${others.map(describeEdit).join('. ')}. The action does not overwrite it. ${editRemedy(others)}`,
  );
}
