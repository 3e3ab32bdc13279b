import { listEverywhere } from '../cluster/read.ts';
import type { DestinationRule, VirtualService } from '../release/objects.ts';
import type { ClusterName, Release } from '../release/release.ts';
import type { FleetState } from '../release/state.ts';
import { trafficOf } from '../release/traffic.ts';
import { allOf } from './fleet.ts';
import type { Fleet } from './fleet.ts';

/** The clusters as they are now, with the traffic objects of all namespaces that may be seen: what a diagnosis looks at. */
export async function readSurroundings(
  fleet: Fleet,
  release: Release,
): Promise<{
  readonly state: FleetState;
  readonly everywhere: ReadonlyMap<
    ClusterName,
    {
      readonly virtualServices: readonly VirtualService[];
      readonly destinationRules: readonly DestinationRule[];
      readonly complete: boolean;
    }
  >;
}> {
  const state = await fleet.read(release);
  const everywhere = await allOf(
    release.configClusters.map(async (name) => {
      const cluster = fleet.cluster(name);
      const { apiVersion, ...own } = trafficOf(state, name);
      const [services, rules] = await Promise.all([
        listEverywhere<VirtualService>(cluster, apiVersion, 'VirtualService', own.virtualServices),
        listEverywhere<DestinationRule>(cluster, apiVersion, 'DestinationRule', own.destinationRules),
      ]);
      const found = {
        virtualServices: services.found,
        destinationRules: rules.found,
        complete: services.complete,
      };
      return [name, found] as const;
    }),
  );
  return { state, everywhere: new Map(everywhere) };
}
