import { MONOTONIC_CLOCK } from '../core/clock.ts';
import { ROUTE_STATUS } from '../core/deadlines.ts';
import { CanaryError } from '../core/errors.ts';
import { allOf } from '../fleet/fleet.ts';
import type { Change } from '../kubernetes/change.ts';
import type { Cluster } from '../kubernetes/client/cluster.ts';
import type { KubeObject } from '../kubernetes/objects.ts';
import type { RouteObject } from '../release/route-object.ts';
import type { TrafficApi } from '../release/traffic-api.ts';
import type { Context } from './context.ts';

/**
 * Waits until the controllers report of each route object that it is in force as it is now, where its kind has such a status: a
 * precondition of weights. That they have arrived at the gateways is not in it.
 *
 * @param changes whose objects were just written, or are about to be
 * @throws CanaryError with the condition, its reason and its message
 */
export async function awaitRouteStatus(
  { fleet, signal }: Context,
  { detachments }: TrafficApi<RouteObject>,
  changes: readonly Change[],
): Promise<void> {
  if (detachments === undefined) return;
  const { now, sleep } = MONOTONIC_CLOCK;
  const until = now() + ROUTE_STATUS.waitMs;
  const wait = async (cluster: Cluster, object: KubeObject): Promise<void> => {
    const { apiVersion, kind, metadata } = object;
    for (;;) {
      const live = await cluster.read<RouteObject>(apiVersion, kind, metadata.name, metadata.namespace);
      const [first] = live === undefined ? [] : detachments(live);
      if (first === undefined) return;
      if (now() > until)
        throw new CanaryError(
          `${first.text} in ${cluster.name}, ${String(ROUTE_STATUS.waitMs / 1000)} s after it was written. No weight was changed: correct that first, then run again.`,
        );
      await sleep(ROUTE_STATUS.pollMs, signal);
    }
  };
  await allOf(changes.map(({ cluster, object }) => wait(fleet.cluster(cluster), object)));
}
