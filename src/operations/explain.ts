import { nextTurn } from '../core/clock.ts';
import { withPauses } from '../core/pieces.ts';
import { diagnose } from '../diagnosis/diagnosis.ts';
import type { Finding } from '../diagnosis/finding.ts';
import { readSnapshot } from '../diagnosis/read-snapshot.ts';
import { clusterWeights } from '../release/cluster-weights.ts';
import type { RouteState } from '../release/route-state.ts';
import type { IngressEvidence } from '../verify/evidence.ts';
import type { Context } from './context.ts';

/**
 * The likely causes of what the ingresses showed, by what the clusters hold now.
 *
 * @param routes what was observed before, used if the clusters cannot be read now
 */
export async function causesOf(
  { release, fleet, recorder, log, signal }: Context,
  routes: readonly RouteState[],
  evidence: readonly IngressEvidence[],
): Promise<readonly Finding[]> {
  const { snapshot, unread } = await readSnapshot(fleet, { release, routes, evidence }, signal);
  if (unread !== undefined) log.warn(`The clusters could not be read to find the cause: ${unread}`);
  else recorder.record({ kind: 'read', held: clusterWeights(snapshot.routes) });
  return withPauses(diagnose(snapshot), nextTurn);
}
