import {
  API_GATEWAY,
  CONFIG_MAP,
  DESTINATION_RULE,
  GATEWAY,
  GATEWAY_CLASS,
  HTTP_ROUTE,
  NAMESPACE,
  NODE,
  POD,
  REFERENCE_GRANT,
  SECRET,
  SERVICE,
  VIRTUAL_SERVICE,
  type Kind,
} from '../api/kinds.ts';
import type { KubeObject } from '../api/objects.ts';
import type { GatewayApiState } from '../gateway-api/state.ts';
import type { Store } from '../api/store.ts';
import type { Workload } from '../workload.ts';

/** What a control plane reads in one cluster, at one moment. */
export interface ClusterSnapshot extends GatewayApiState {
  readonly gateways: readonly KubeObject[];
  readonly virtualServices: readonly KubeObject[];
  readonly destinationRules: readonly KubeObject[];
  readonly pods: readonly KubeObject[];
  readonly nodes: readonly KubeObject[];
  readonly configMaps: readonly KubeObject[];
}

/**
 * The state of all clusters at one moment, with a link to the state that followed it. A gateway follows these
 * links with its own delay; states that no gateway needs are garbage-collected.
 */
export interface MeshSnapshot {
  /** `performance.now()` of the change that led to it. */
  readonly at: number;
  readonly clusters: ReadonlyMap<string, ClusterSnapshot>;
  next: MeshSnapshot | undefined;
}

const READ: Readonly<Record<keyof ClusterSnapshot, Kind>> = {
  gateways: GATEWAY,
  virtualServices: VIRTUAL_SERVICE,
  destinationRules: DESTINATION_RULE,
  services: SERVICE,
  pods: POD,
  nodes: NODE,
  secrets: SECRET,
  configMaps: CONFIG_MAP,
  gatewayClasses: GATEWAY_CLASS,
  apiGateways: API_GATEWAY,
  httpRoutes: HTTP_ROUTE,
  referenceGrants: REFERENCE_GRANT,
  namespaces: NAMESPACE,
};
const KINDS_READ: ReadonlySet<Kind> = new Set(Object.values(READ));

/** One Istio mesh over all clusters: its history of states, and the workloads that its gateways send to. */
export class Mesh {
  /** By the pod's uid. */
  readonly workloads: ReadonlyMap<string, Workload>;
  latest: MeshSnapshot;
  readonly #stores: ReadonlyMap<string, Store>;
  readonly #dirty = new Map<string, Set<Kind>>();
  #changedAt: number | undefined;
  readonly #listeners = new Set<() => void>();

  constructor(stores: ReadonlyMap<string, Store>, workloads: ReadonlyMap<string, Workload>) {
    this.workloads = workloads;
    this.#stores = stores;
    const clusters = new Map(
      [...stores].map(([name, store]) => [name, capture(store, KINDS_READ, undefined)]),
    );
    this.latest = { at: performance.now(), clusters, next: undefined };
    for (const [name, store] of stores) {
      store.subscribe(({ kind }) => {
        if (!KINDS_READ.has(kind)) return;
        const dirty = this.#dirty.get(name) ?? new Set();
        this.#dirty.set(name, dirty.add(kind));
        if (this.#changedAt !== undefined) return;
        this.#changedAt = performance.now();
        // Changes of the same event-loop turn, such as those of one call, become visible together.
        queueMicrotask(() => {
          this.flush();
        });
      });
    }
  }

  /** Calls back after each new snapshot. */
  onSnapshot(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Makes the pending snapshot now. */
  flush(): void {
    if (this.#changedAt === undefined) return;
    const clusters = new Map(this.latest.clusters);
    for (const [name, dirty] of this.#dirty) {
      const store = this.#stores.get(name);
      if (store !== undefined) clusters.set(name, capture(store, dirty, clusters.get(name)));
    }
    const snapshot: MeshSnapshot = { at: this.#changedAt, clusters, next: undefined };
    this.#dirty.clear();
    this.#changedAt = undefined;
    this.latest.next = snapshot;
    this.latest = snapshot;
    for (const listener of this.#listeners) listener();
  }
}

function capture(
  store: Store,
  dirty: ReadonlySet<Kind>,
  before: ClusterSnapshot | undefined,
): ClusterSnapshot {
  const read = (part: keyof ClusterSnapshot): readonly KubeObject[] =>
    before === undefined || dirty.has(READ[part]) ? [...store.each(READ[part])] : before[part];
  return {
    gateways: read('gateways'),
    virtualServices: read('virtualServices'),
    destinationRules: read('destinationRules'),
    services: read('services'),
    pods: read('pods'),
    nodes: read('nodes'),
    secrets: read('secrets'),
    configMaps: read('configMaps'),
    gatewayClasses: read('gatewayClasses'),
    apiGateways: read('apiGateways'),
    httpRoutes: read('httpRoutes'),
    referenceGrants: read('referenceGrants'),
    namespaces: read('namespaces'),
  };
}
