// Shuts out what a dead run has sent and a server has not carried out yet: each object that it may still change is marked, and so gets
// a new resourceVersion, on which such a write fails.

import { messageOf } from '../../core/errors.ts';
import type { Weights } from '../../core/weights.ts';
import { sameWeights } from '../../core/weights.ts';
import type { Change } from '../../kubernetes/change.ts';
import { isConflict, isForbidden, isMissing } from '../../kubernetes/client/errors.ts';
import type { Cluster } from '../../kubernetes/client/cluster.ts';
import { nameOf } from '../../kubernetes/objects.ts';
import type { KubeObject } from '../../kubernetes/objects.ts';
import { idleParts } from '../../release/idle-parts.ts';
import type { IdlePart } from '../../release/idle-parts.ts';
import type { Observation } from '../../release/observation.ts';
import { withRecoveryMark } from '../../release/recovery-mark.ts';
import { existingRoutes } from '../../release/route-state.ts';
import type { RouteState } from '../../release/route-state.ts';
import { allOf } from '../fleet.ts';
import type { Fleet } from '../fleet.ts';
import { writeAllOrNone } from './all-or-none.ts';
import type { Intent } from './intent.ts';
import { writeConfirmed } from './write-confirmed.ts';
import type { OnWritten } from './write-confirmed.ts';

export interface ShutOutOptions {
  readonly fleet: Fleet;
  readonly signal: AbortSignal;
  readonly onWarning: (text: string) => void;
  readonly onWritten: OnWritten;
}

/** Keeps the routes as they are, where a late write would bring one cluster to the target alone. */
export async function shutOutRouteChanges(
  { transaction }: Intent,
  routes: readonly RouteState[],
  { fleet, signal, onWritten }: ShutOutOptions,
): Promise<void> {
  const changes = existingRoutes(routes).map(({ cluster, object }): Change => ({
    cluster,
    verb: 'update',
    object: withRecoveryMark(object, transaction),
    before: object,
    reason: { kind: 'recoveredRoutes' },
  }));
  await writeAllOrNone(fleet, changes, { signal, onWritten });
}

/**
 * Keeps the subsets, Services and workloads that a dead retirement may have been about to remove: the next run may send users to that version
 * again, and a late removal would take it away from them. Who may only move traffic cannot do this, and is warned.
 */
export async function shutOutRemovals(
  intent: Intent,
  observed: Observation,
  { fleet, signal, onWarning, onWritten }: ShutOutOptions,
): Promise<void> {
  if (!removesParts(intent)) return;
  const { transaction, target, run } = intent;
  const { rules, services, workloads } = idleParts(observed, target);
  const markOf = ({ cluster, object }: IdlePart): Change => ({
    cluster,
    verb: 'update',
    object: withRecoveryMark(object, transaction),
    before: object,
    reason: { kind: 'recoveredContent' },
  });
  const shielded = fleet.withSignal(signal);
  const write = async (change: Change, send?: typeof annotate): Promise<void> => {
    try {
      const stored = await writeConfirmed(shielded.cluster(change.cluster), change, { signal, send });
      await onWritten({ change, earlier: change.before, stored });
    } catch (error) {
      // Changed or deleted since it was read: what the dead run has sent would be refused, too.
      if (isConflict(error) || isMissing(error)) return;
      if (!isForbidden(error)) throw error;
      onWarning(
        `${run} was retiring a version. Its removal of ${nameOf(change.object)} in ${change.cluster} may still arrive, because a mark that prevents it was refused: ${messageOf(error)} Run retire again before you send users to that version.`,
      );
    }
  };
  await allOf([
    ...rules.map((rule) => write(markOf(rule))),
    // Whoever deploys may patch these, and need not be able to update them.
    ...[...services, ...workloads].map((workload) => write(markOf(workload), annotate)),
  ]);
}

function annotate(cluster: Cluster, { object }: Change): Promise<KubeObject> {
  return cluster.annotate(object);
}

/** Whether a transaction leaves the weights as they are, as a retirement does: it removes what has none. */
function removesParts({
  target,
  previous,
}: {
  readonly target: Weights;
  readonly previous: Weights | undefined;
}): boolean {
  return previous !== undefined && sameWeights(target, previous);
}
