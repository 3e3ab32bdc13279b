import { Cluster } from '../kubernetes/client/cluster.ts';
import type { CallCount } from '../kubernetes/client/connection.ts';
import type { KubeConfig } from '../kubernetes/client/kubeconfig.ts';
import { readCluster, readTrafficAgain, withNodes } from './read/cluster-state.ts';
import { readGatewayApiAgain } from './read/gateway-api.ts';
import { readServices } from './read/services.ts';
import { routeKindOf } from '../release/route-kind.ts';
import { CanaryError, messageOf } from '../core/errors.ts';
import { assertDistinctClusters } from '../release/guards/distinct-clusters.ts';
import { allClusters } from '../release/release.ts';
import type { Pod } from '../kubernetes/objects.ts';
import type { Release } from '../release/release.ts';
import type { ClusterName } from '../core/names.ts';
import type { ClusterState, FleetState } from '../release/state.ts';
import { stateOf, trafficOf } from '../release/state.ts';

/** The clusters of a release, handled in parallel. */
export class Fleet {
  readonly #clusters: ReadonlyMap<ClusterName, Cluster>;

  private constructor(clusters: ReadonlyMap<ClusterName, Cluster>) {
    this.#clusters = clusters;
  }

  /** Sends nothing yet. */
  static open(config: KubeConfig, names: readonly ClusterName[], signal: AbortSignal): Fleet {
    return Fleet.of(names.map((name) => Cluster.open(name, config, signal)));
  }

  static of(clusters: readonly Cluster[]): Fleet {
    return new Fleet(new Map(clusters.map((cluster) => [cluster.name, cluster])));
  }

  /** The same clusters and connections under another signal, to finish work after the first one has ended. */
  withSignal(signal: AbortSignal): Fleet {
    return new Fleet(
      new Map([...this.#clusters].map(([name, cluster]) => [name, cluster.withSignal(signal)])),
    );
  }

  cluster(name: ClusterName): Cluster {
    const cluster = this.#clusters.get(name);
    if (cluster === undefined) throw new Error(`${name} is not a cluster of this release`);
    return cluster;
  }

  /** Reads every cluster once. If one cannot be read, all fail: nothing has been written then. */
  async read(release: Release): Promise<FleetState> {
    const names = allClusters(release);
    const read = await allOf(names.map((name) => readCluster(this.cluster(name), release)));
    assertDistinctClusters(read);
    const states = await withNodes(release, read, (name) => this.cluster(name));
    return new Map(states.map((state) => [state.name, state]));
  }

  /** Reads every cluster once, and says why some cannot be read. */
  async readEach(release: Release): Promise<{
    readonly state: FleetState;
    readonly failures: ReadonlyMap<ClusterName, unknown>;
  }> {
    const names = allClusters(release);
    const settled = await Promise.allSettled(names.map((name) => readCluster(this.cluster(name), release)));
    const failures = names.flatMap((name, i) => {
      const result = settled[i];
      return result?.status === 'rejected' ? [[name, result.reason as unknown] as const] : [];
    });
    const read = settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    assertDistinctClusters(read);
    const states = await withNodes(release, read, (name) => this.cluster(name));
    return { state: new Map(states.map((state) => [state.name, state])), failures: new Map(failures) };
  }

  /** The state with the current VirtualServices, DestinationRules and HTTPRoutes; the rest as it was read before. */
  async readAgain(release: Release, state: FleetState): Promise<FleetState> {
    const read = release.configClusters.map((name) => this.#readTrafficAgain(release, state, name));
    return withTraffic(state, await allOf(read));
  }

  /** The same where some clusters cannot be read: those keep what was read before, and it says why. */
  async readEachAgain(
    release: Release,
    state: FleetState,
  ): Promise<{
    readonly state: FleetState;
    readonly failures: ReadonlyMap<ClusterName, unknown>;
  }> {
    const failures = new Map<ClusterName, unknown>();
    const read = release.configClusters.map(async (name) => {
      try {
        return [await this.#readTrafficAgain(release, state, name)];
      } catch (error) {
        failures.set(name, error);
        return [];
      }
    });
    return { state: withTraffic(state, (await Promise.all(read)).flat()), failures };
  }

  async #readTrafficAgain(
    release: Release,
    state: FleetState,
    name: ClusterName,
  ): Promise<readonly [ClusterName, Routes]> {
    const cluster = this.cluster(name);
    const { gatewayApi } = stateOf(state, name);
    const [traffic, again, services] = await Promise.all([
      readTrafficAgain(cluster, release, trafficOf(state, name)),
      gatewayApi === undefined ? undefined : readGatewayApiAgain(cluster, release, gatewayApi),
      // HTTPRoutes choose versions by Services, of which the run may have made some.
      routeKindOf(release, state) === 'HTTPRoute' ? readServices(cluster, release) : undefined,
    ]);
    return [name, { traffic, ...(again === undefined ? {} : { gatewayApi: again }), ...services }];
  }

  /** The state with the current pods; those of a cluster that does not list them stay as they were read before. */
  async readPodsAgain({ namespace }: Release, state: FleetState): Promise<FleetState> {
    const states = [...state].map(async ([name, cluster]) => {
      const pods = await this.cluster(name)
        .list<Pod>('v1', 'Pod', namespace)
        .catch(() => cluster.pods);
      return [name, { ...cluster, pods }] as const;
    });
    return new Map(await Promise.all(states));
  }

  /** How many calls each cluster has received so far, and how many of them requested a change. */
  calls(): readonly (CallCount & { readonly cluster: ClusterName })[] {
    return [...this.#clusters].map(([name, cluster]) => ({ cluster: name, ...cluster.calls }));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#clusters.values()].map((cluster) => cluster.close()));
  }
}

/** What holds the routes of a config cluster. */
type Routes = Pick<ClusterState, 'traffic'> &
  Partial<Pick<ClusterState, 'gatewayApi' | 'service' | 'otherServices'>>;

function withTraffic(state: FleetState, read: readonly (readonly [ClusterName, Routes])[]): FleetState {
  const fresh = new Map(read);
  return new Map([...state].map(([name, cluster]) => [name, { ...cluster, ...fresh.get(name) }]));
}

/**
 * The results of parallel work. All of it ends before this returns or throws, so that no failure cancels another write halfway.
 *
 * @throws the only failure as it is, or a CanaryError that lists all of them
 */
export async function allOf<T>(work: readonly Promise<T>[]): Promise<readonly T[]> {
  const settled = await Promise.allSettled(work);
  const failures = settled.flatMap((result): unknown[] =>
    result.status === 'rejected' ? [result.reason] : [],
  );
  throwAny(failures);
  return settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

/** @throws the only failure as it is, or a CanaryError that lists all of them; nothing if there is none */
export function throwAny(failures: readonly unknown[]): void {
  if (failures.length === 1) throw failures[0];
  if (failures.length > 1) {
    const texts = [...new Set(failures.map(messageOf))];
    throw texts.length === 1
      ? failures[0]
      : new CanaryError(texts.map((text) => `- ${text}`).join('\n'), { cause: failures[0] });
  }
}
