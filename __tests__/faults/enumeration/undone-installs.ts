import type { LoadReport } from '../../../testbed/load.ts';
import { APP } from '../../scenarios/support/objects.ts';
import { ownWeightsIn } from '../../scenarios/support/traffic-api.ts';
import type { Ground } from './ground.ts';

/** From when on a cluster has had a route for users, or has had none. */
interface Turn {
  readonly at: number;
  readonly hasRoute: boolean;
}

/** When the clusters had a route for users, by the address of their ingress. */
export type Turns = ReadonlyMap<string, readonly Turn[]>;

/** Watches when the clusters get their first route for users, and when they lose it. @returns what was seen; calling it ends the watch */
export function watchRoutes({ fleet, api }: Ground): () => Turns {
  const turns = new Map<string, Turn[]>();
  const ends = fleet.clusters.map(({ name, ingress }) => {
    const own: Turn[] = [];
    turns.set(ingress, own);
    return fleet.onChange(name, ({ type, kind, object }) => {
      if (kind.kind !== api || object.metadata.name !== APP) return;
      const hasRoute = type !== 'DELETED' && ownWeightsIn(object) !== '';
      if (hasRoute !== (own.at(-1)?.hasRoute ?? false)) own.push({ at: Date.now(), hasRoute });
    });
  });
  return () => {
    for (const end of ends) end();
    return turns;
  };
}

/**
 * Whether a request was answered as before a first install, since that had been undone in its cluster by then. Before a first install a
 * service has no users, and a 404 is what everybody gets. It can reach those who were quick to find the service through a cluster
 * that took its route back when another one refused its own.
 */
export function isAfterUndoneInstall(
  { url, atMs, what }: LoadReport['failures'][number],
  startedAt: number,
  turns: Turns,
): boolean {
  const own = turns.get(new URL(url).origin) ?? [];
  const last = own.findLast(({ at }) => at <= startedAt + atMs);
  return what.startsWith('HTTP 404') && last?.hasRoute === false;
}
