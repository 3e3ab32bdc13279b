// Shuts out what a dead run has sent and a server has not carried out yet: each object that it may still change is marked, and so gets
// a new resourceVersion, on which such a write fails.

import { messageOf } from '../../core/errors.ts';
import type { ClusterName } from '../../core/names.ts';
import type { Change } from '../../kubernetes/change.ts';
import { isConflict, isForbidden, isMissing } from '../../kubernetes/client/errors.ts';
import type { Cluster } from '../../kubernetes/client/cluster.ts';
import { nameOf } from '../../kubernetes/objects.ts';
import type { KubeObject } from '../../kubernetes/objects.ts';
import type { Observation } from '../../release/observation.ts';
import { withRecoveryMark } from '../../release/recovery-mark.ts';
import { existingRoutes } from '../../release/route-state.ts';
import type { RouteState } from '../../release/route-state.ts';
import { limitPerCluster } from '../cluster-limits.ts';
import { allOf } from '../fleet.ts';
import type { Fleet } from '../fleet.ts';
import { writeAllOrNone } from './all-or-none.ts';
import type { Intent, TargetObject } from './intent.ts';
import { readLive, writeConfirmed } from './write-confirmed.ts';
import type { OnWritten } from './write-confirmed.ts';

/** Objects that are marked at a time, per cluster. */
const PARALLEL = 8;

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
 * Keeps the other objects as they are, where a late write would change or remove what a version needs that has users by then. Who may
 * not do this, such as an account that only moves traffic, is warned.
 */
export async function shutOutOtherChanges(
  intent: Intent,
  { fleet: states }: Pick<Observation, 'fleet'>,
  { fleet, signal, onWarning, onWritten }: ShutOutOptions,
): Promise<void> {
  const shielded = fleet.withSignal(signal);
  const warnOf = (object: TargetObject, cluster: ClusterName, why: string): void => {
    onWarning(
      `${intent.run} was about to change ${nameOf(object)} in ${cluster}, and may still do so, because a mark that prevents it ${why} Check that object before you send users to its version.`,
    );
  };
  const markIn = async (name: ClusterName, object: TargetObject): Promise<void> => {
    if (!states.has(name)) {
      warnOf(object, name, 'could not be set: this run does not reach the cluster.');
      return;
    }
    const cluster = shielded.cluster(name);
    try {
      const before = await readLive(cluster, object);
      if (before === undefined) return;
      const change: Change = {
        cluster: name,
        verb: 'update',
        object: withRecoveryMark(before, intent.transaction),
        before,
        reason: { kind: 'recoveredContent' },
      };
      // Whoever deploys may patch these, and need not be able to update them; whoever retires may update the rules.
      const send = object.kind === 'DestinationRule' ? undefined : annotate;
      const stored = await writeConfirmed(cluster, change, { signal, send });
      await onWritten({ change, earlier: before, stored });
    } catch (error) {
      // Changed or deleted since it was read: what the dead run has sent would be refused, too.
      if (isConflict(error) || isMissing(error)) return;
      if (!isForbidden(error)) throw error;
      warnOf(object, name, `was refused: ${messageOf(error)}`);
    }
  };
  const limitOf = limitPerCluster(PARALLEL);
  await allOf(
    intent.objects.flatMap(({ clusters, objects }) =>
      clusters.flatMap((name) => objects.map((object) => limitOf(name)(markIn, name, object))),
    ),
  );
}

function annotate(cluster: Cluster, { object }: Change): Promise<KubeObject> {
  return cluster.annotate(object);
}
