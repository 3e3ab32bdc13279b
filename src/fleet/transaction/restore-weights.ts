// Plans and writes earlier weights into chosen VirtualServices: the part that `roll-back.ts` and `recover.ts` share. They
// decide which weights and which clusters.

import { formatWeights } from '../../core/weights.ts';
import type { Weights } from '../../core/weights.ts';
import type { Change } from '../../kubernetes/change.ts';
import { nameOf } from '../../kubernetes/objects.ts';
import { servingObstacles } from '../../release/servable-weights.ts';
import type { Observation } from '../../release/observation.ts';
import type { RouteState } from '../../release/route-state.ts';
import { planTraffic } from '../../release/plan-traffic.ts';
import type { TrafficPlan } from '../../release/plan-traffic.ts';
import type { TrafficTarget } from '../../release/traffic-target.ts';

/** Why weights cannot be restored now, as a sentence; undefined where they can. */
export function obstacleSentence(
  observed: Pick<Observation, 'release' | 'fleet' | 'routes'>,
  weights: Weights,
): string | undefined {
  const obstacles = servingObstacles(observed, weights);
  return obstacles.length === 0
    ? undefined
    : `${formatWeights(weights)} cannot be served: ${obstacles.join(', ')}.`;
}

/**
 * Writes weights into some of the VirtualServices that were observed, in a recovery or a rollback; the others stay as they are.
 *
 * @param own those to write
 */
export async function restoreWeights(
  observed: Observation,
  own: readonly RouteState[],
  target: TrafficTarget,
  write: (changes: readonly Change[]) => Promise<unknown>,
): Promise<TrafficPlan> {
  const plan = planTraffic(observed, target);
  const changes = plan.routes.filter(({ cluster, object }) =>
    own.some(
      ({ cluster: name, object: held }) =>
        name === cluster && held !== undefined && nameOf(held) === nameOf(object),
    ),
  );
  if (changes.length > 0) await write(changes);
  return plan;
}
