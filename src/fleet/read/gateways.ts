import type { Client } from '../../istio/traffic-state.ts';
import type { Gateway, KubeObject, Labels, Pod } from '../../kubernetes/objects.ts';
import type { Release } from '../../release/release.ts';
import type { Unread } from '../../istio/traffic-state.ts';
import type { Cluster } from '../../kubernetes/client/cluster.ts';
import { ClusterError } from '../../kubernetes/client/errors.ts';

const REVISION = 'istio.io/rev';

/** The user of the kubeconfig may not list pods in all namespaces. */
export const PODS_UNREAD: Unread = { what: 'gateway pods', why: 'list pods cluster-wide' };

/** The pods that Gateways select in a cluster, in any namespace; each selector is looked up once. */
export class GatewayPods {
  readonly #cluster: Cluster;
  readonly #apiVersion: string;
  /** All of the cluster, where they may be listed. */
  readonly #gateways: readonly Gateway[] | undefined;
  readonly #found = new Map<string, Promise<readonly Client[] | undefined>>();

  constructor(cluster: Cluster, apiVersion: string, gateways: readonly Gateway[] | undefined) {
    this.#cluster = cluster;
    this.#apiVersion = apiVersion;
    this.#gateways = gateways;
  }

  /** The pods as clients of the service, each kind once; undefined if pods may not be listed in all namespaces. */
  async of(selectors: readonly Labels[]): Promise<readonly Client[] | undefined> {
    const found = await Promise.all(selectors.map((selector) => this.#selected(selector)));
    const known = found.filter((clients) => clients !== undefined);
    return known.length === found.length ? distinct(known.flat()) : undefined;
  }

  /**
   * The namespaces in which the pods of Gateways run: none for a Gateway that does not exist; unknown ones are omitted.
   *
   * @param keys `namespace/name`
   */
  async namespacesOf(keys: readonly string[]): Promise<{
    readonly namespaces: ReadonlyMap<string, readonly string[]>;
    readonly unread: readonly Unread[];
  }> {
    const found = await Promise.all(keys.map(async (key) => [key, await this.#namespacesOf(key)] as const));
    return {
      namespaces: new Map(found.flatMap(([key, where]) => ('what' in where ? [] : [[key, where] as const]))),
      unread: found.flatMap(([, where]) => ('what' in where ? [where] : [])),
    };
  }

  async #namespacesOf(key: string): Promise<readonly string[] | Unread> {
    const [namespace = '', name = ''] = key.split('/');
    try {
      const gateway =
        this.#gateways === undefined
          ? await this.#cluster.read<Gateway>(this.#apiVersion, 'Gateway', name, namespace)
          : this.#gateways.find(({ metadata }) => metadata.name === name && metadata.namespace === namespace);
      if (gateway === undefined) return [];
      const clients = await this.#selected(gateway.spec.selector ?? {});
      return clients === undefined ? PODS_UNREAD : [...new Set(clients.map((one) => one.namespace))];
    } catch (error) {
      if (!(error instanceof ClusterError && error.status === 403)) throw error;
      return { what: 'gateway pods', why: `get Gateway ${key}` };
    }
  }

  #selected(selector: Labels): Promise<readonly Client[] | undefined> {
    const key = JSON.stringify(selector);
    const known = this.#found.get(key) ?? this.#list(selector);
    this.#found.set(key, known);
    return known;
  }

  async #list(selector: Labels): Promise<readonly Client[] | undefined> {
    try {
      const pods = await this.#cluster.list<Pod>('v1', 'Pod', undefined, selector);
      return pods.map(({ metadata: { namespace = '', labels = {} } }) => ({ namespace, labels }));
    } catch (error) {
      if (!(error instanceof ClusterError && error.status === 403)) throw error;
      return undefined;
    }
  }
}

function distinct(clients: readonly Client[]): readonly Client[] {
  return [...new Map(clients.map((client) => [JSON.stringify(client), client])).values()];
}

/** The selectors of the release's Gateways, or of the one that it is about to create. */
export function selectorsOf({ traffic }: Release, gateways: readonly Gateway[]): readonly Labels[] {
  const found = gateways.map(({ spec }) => spec.selector ?? {});
  const selectors = found.length > 0 ? found : [traffic.gatewaySelector];
  return selectors.filter((one) => Object.keys(one).length > 0);
}

/** The revision of the control plane, from the labels of the gateways' pods or of the release's namespace; undefined: unlabelled. */
export function controlPlaneRevision(
  gateways: readonly Client[] | undefined,
  namespace: KubeObject | undefined,
): string | undefined {
  const [told, ...others] = new Set((gateways ?? []).flatMap(({ labels }) => labels[REVISION] ?? []));
  return told !== undefined && others.length === 0 ? told : namespace?.metadata.labels?.[REVISION];
}
