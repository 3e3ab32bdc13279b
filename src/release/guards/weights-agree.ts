import { CanaryError } from '../../core/errors.ts';
import { sameWeights, formatWeights } from '../../core/weights.ts';
import { inputPlace } from '../../core/wording.ts';
import type { Observation } from '../observation.ts';
import { describePlace } from '../route-state.ts';

/** Weights in force can be kept only where there is one answer to what they are. */
export function assertWeightsAgree({ routes }: Observation): void {
  const held = routes.flatMap((one) =>
    one.weights === undefined ? [] : [{ place: describePlace(one, routes), weights: one.weights }],
  );
  const [first] = held;
  if (first === undefined || held.every(({ weights }) => sameWeights(weights, first.weights))) return;
  const where = held.map(({ place, weights }) => `${formatWeights(weights)} in ${place}`).join(', ');
  throw new CanaryError(
    `${inputPlace('weights')} is not set, and the clusters hold different weights: ${where}. Set it to the weights that all of them should hold.`,
  );
}
