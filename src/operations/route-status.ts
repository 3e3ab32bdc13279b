import { MONOTONIC_CLOCK } from '../core/clock.ts';
import { inEnglish } from '../texts/texts.ts';
import { ROUTE_STATUS } from '../core/deadlines.ts';
import { CanaryError } from '../core/errors.ts';
import type { ClusterName } from '../core/names.ts';
import { allOf } from '../fleet/fleet.ts';
import type { Detachment } from '../gateway-api/parents.ts';
import type { Change } from '../kubernetes/change.ts';
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
  { fleet, ...context }: Pick<Context, 'fleet' | 'signal' | 'clock'>,
  { detachments }: TrafficApi<RouteObject>,
  changes: readonly Change[],
): Promise<void> {
  if (detachments === undefined) return;
  await allOf(
    changes.map(({ cluster, object: { apiVersion, kind, metadata } }) =>
      awaitInForce(context, cluster, async () => {
        const live = await fleet
          .cluster(cluster)
          .read<RouteObject>(apiVersion, kind, metadata.name, metadata.namespace);
        return live === undefined ? [] : detachments(live);
      }),
    ),
  );
}

/**
 * Waits until nothing keeps an object from being in force.
 *
 * @param look reads what does
 * @throws CanaryError with what still does at the end
 */
export async function awaitInForce(
  { signal, clock: { now, sleep } = MONOTONIC_CLOCK }: Pick<Context, 'signal' | 'clock'>,
  cluster: ClusterName,
  look: () => Promise<readonly Detachment[]>,
): Promise<void> {
  const until = now() + ROUTE_STATUS.waitMs;
  for (;;) {
    const found = await look();
    if (found.length === 0) return;
    if (now() >= until)
      throw new CanaryError(
        `${found.map(({ text }) => inEnglish(text)).join('; ')} in ${cluster}, and this has not changed in ${String(ROUTE_STATUS.waitMs / 1000)} s. No weight was changed: correct that first, then run again.`,
      );
    await sleep(ROUTE_STATUS.pollMs, signal);
  }
}
