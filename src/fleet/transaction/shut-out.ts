// Shuts out what a dead run has sent and a server has not carried out yet: each object that it may still change is marked, and so gets
// a new resourceVersion, on which such a write fails.

import { LOCK } from '../../core/deadlines.ts';
import { messageOf } from '../../core/errors.ts';
import { endAfter } from '../../core/signals.ts';
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
import { hasSameContent } from '../replace-as-planned.ts';
import { earlierOf, readLive, writeConfirmed } from './write-confirmed.ts';
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
      const marked = withRecoveryMark(before, intent.transaction);
      await writeMark(
        cluster,
        { before, marked, reason: { kind: 'recoveredContent' } },
        { signal, onWritten },
      );
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

/**
 * Marks the object of one write that failed without an answer: a server that carries it out later refuses it then. One that is gone, or was
 * written by someone else since, needs no mark.
 */
export async function shutOutWrite(cluster: Cluster, change: Change, onWritten: OnWritten): Promise<void> {
  const limited = cluster.until(endAfter(LOCK.changeMs, 'Marking what a write may still change'));
  const before = await readLive(limited, change.object);
  const version = before?.metadata.resourceVersion;
  if (before === undefined || version === undefined || earlierOf(change) === undefined) return;
  if (change.verb === 'update' && version !== change.object.metadata.resourceVersion) return;
  if (change.verb === 'delete' && !hasSameContent(before, change.object)) return;
  const marked = withRecoveryMark(before, version);
  await writeMark(limited, { before, marked, reason: { kind: 'notChanged' } }, { onWritten });
}

interface Mark extends Pick<Change, 'reason'> {
  readonly before: KubeObject;
  readonly marked: KubeObject;
}

async function writeMark(
  cluster: Cluster,
  { before, marked, reason }: Mark,
  { signal, onWritten }: Pick<ShutOutOptions, 'onWritten'> & { readonly signal?: AbortSignal },
): Promise<void> {
  const change: Change = { cluster: cluster.name, verb: 'update', object: marked, before, reason };
  // Whoever deploys may patch these, and need not be able to update them; whoever moves traffic or retires may update routes and rules.
  const send = UPDATED.includes(before.kind) ? undefined : annotate;
  const stored = await writeConfirmed(cluster, change, { signal, send });
  await onWritten({ change, earlier: before, stored });
}

/** The kinds that the account of a release updates rather than patches. */
const UPDATED: readonly string[] = ['DestinationRule', 'VirtualService', 'HTTPRoute'];

function annotate(cluster: Cluster, { object }: Change): Promise<KubeObject> {
  return cluster.annotate(object);
}
