/**
 * A fleet of clusters in one Istio mesh for the scenarios: one interface for the real processes (`testbed/mesh`) and the
 * in-process fleet (`testbed/embedded`).
 *
 * Every cluster has the namespace `istio-system` with the Service `istio-ingressgateway`
 * (type LoadBalancer, its own port for HTTP that leads to Gateway server port 80) and one ready gateway pod.
 */
export interface TestFleet {
  readonly kind: 'mesh' | 'embedded';
  /** Kubeconfig text (YAML) with one admin context for each cluster, named as the cluster. */
  readonly kubeconfig: string;
  /** In the requested order; by default `east`, `west`. */
  readonly clusters: readonly FleetCluster[];
  /**
   * Removes everything that a scenario created, in every cluster: all namespaces but the fleet's own, and every change of
   * the gateway's Service. Resolves once the gateways serve no route and no workload runs.
   */
  reset(): Promise<void>;
  /** Ends every process and socket of the fleet. Safe to call twice. */
  stop(): Promise<void>;
  /** Keeps a replica of a gateway (from 0) on the configuration that it has; see `FleetOptions.gatewayReplicas`. */
  freezeGateway(cluster: string, replica: number): Promise<void>;
  /** Lets a frozen replica receive what it has missed. */
  thawGateway(cluster: string, replica: number): Promise<void>;
  /**
   * Lets a replica of a gateway crash: it ends without notice, its pod is not ready for a moment and counts a restart. Resolves once it
   * runs again and is ready.
   */
  crashGateway(cluster: string, replica: number): Promise<void>;
  /** Ends a replica of a gateway without notice, and then removes its pod; a reset brings both back. */
  loseGateway(cluster: string, replica: number): Promise<void>;
  /**
   * Makes something happen to the metrics of a cluster. A reset undoes it.
   *
   * @throws Error if the fleet was started without Prometheus
   */
  disturbMetrics(cluster: string, event: MetricsEvent): Promise<void>;
  /** Takes parts of the mesh away, and brings them back; the embedded fleet has faults of its own. */
  readonly breakage?: Breakage;
}

/**
 * What happens to a cluster's metrics:
 *
 * - `prometheus ends`: it ends, as a crash does; `prometheus starts`: it starts again with its data
 * - `scrapes stall`: it answers with what it scraped last; `scrapes resume`: it scrapes again, and has done so
 * - `counters restart`: the gateway counts from 0 again, as after a restart
 * - `gateway replaced`: another pod takes the place of the gateway's, with other labels, and counts from 0
 * - `prometheus replaced`: another pod takes the place of Prometheus's
 */
export type MetricsEvent =
  | 'prometheus ends'
  | 'prometheus starts'
  | 'scrapes stall'
  | 'scrapes resume'
  | 'counters restart'
  | 'gateway replaced'
  | 'prometheus replaced';

/**
 * A part of a cluster that is an ordinary process. `api-network`: the process runs on, but nothing can reach it, as if the cluster's
 * API were behind a broken link.
 */
export type FleetPart = 'api-server' | 'api-network' | 'istiod' | 'gateway';

/** How a test breaks a running fleet. */
export interface Breakage {
  /** Kills a part as a crash does (SIGKILL), or cuts it off. Resolves once it is gone. */
  takeDown(cluster: string, part: FleetPart): Promise<void>;
  /** Starts the part again with its data, address and port. Resolves once it is ready. */
  bringUp(cluster: string, part: FleetPart): Promise<void>;
  /**
   * Ends a running pod without notice: its connections are cut while requests may be under way, and its endpoints go afterwards.
   *
   * @throws Error if no such pod runs
   */
  losePod(cluster: string, namespace: string, version: string): Promise<void>;
}

export interface FleetCluster {
  readonly name: string;
  /** Base URL of the cluster's ingress as a user reaches it, without a trailing slash. */
  readonly ingress: string;
  /** A host name that resolves, on this machine, to two addresses that both lead to this cluster's ingress (same port). */
  readonly hostname: string;
  /**
   * Base URL of the cluster's Prometheus, which is also the Service `prometheus` in `monitoring` (port 9090). It scrapes the
   * gateway every second.
   */
  readonly prometheus?: string;
  /** PEM files of a server certificate for `*.example.com`, readable by the gateway (a Gateway's `tls.serverCertificate`, `tls.privateKey`). */
  readonly tls: { readonly certificate: string; readonly key: string };
}

export interface FleetOptions {
  /** Cluster names; the mesh takes exactly two. */
  readonly clusters?: readonly string[];
  /**
   * `each`: a control plane in every cluster (multi-primary). `first`: the control plane of the first cluster serves
   * the gateways and sidecars of all, so that routes are read from the first cluster alone.
   */
  readonly controlPlane?: 'each' | 'first';
  /**
   * Pods of each cluster's gateway; 1 by default. The mesh has two at most, and its load balancers and node ports lead to the first, as
   * two Envoys cannot share an address.
   */
  readonly gatewayReplicas?: number;
  /** Whether each cluster has a Prometheus, or on the embedded fleet something that answers like it. */
  readonly prometheus?: boolean;
}

/**
 * The image of a workload determines its behaviour, on both fleets alike:
 * `…/examples-helloworld-v2` answers `GET /hello` and `GET /orders` with `Hello version: v2, instance: POD\n`; any other path is a 404.
 * The tag adds a fault: `:missing` (ImagePullBackOff), `:crash` (CrashLoopBackOff), `:unready` (runs, never Ready),
 * `:crash-twice` (CrashLoopBackOff for two restarts of a second each, then healthy), `:late-pull` (ErrImagePull for two seconds, then
 * healthy), `:errors` (500 for every tenth answer), `:order-errors` (500 for every tenth answer on `/orders` alone),
 * `:slow-orders` (1.2 s for every fifth answer there), `:slow` (three times the usual time of 5 ms), `:broken` (every thirtieth answer
 * breaks off), `:silent` (accepts requests and never answers); every other tag is healthy.
 * A pod gets requests only if the injector gave it a sidecar.
 */
export const IMAGE_FAULTS = [
  'missing',
  'crash',
  'unready',
  'crash-twice',
  'late-pull',
  'errors',
  'order-errors',
  'slow-orders',
  'slow',
  'broken',
  'silent',
] as const;
export type ImageFault = (typeof IMAGE_FAULTS)[number];

/** How often a temporarily failing container fails to start; attempts are a second apart. */
const FAILED_STARTS = 2;

/** Whether an attempt to start a container fails; the first attempt is 1. */
export function failsToStart(fault: ImageFault | undefined, attempt: number): boolean {
  const passes = fault === 'crash-twice' || fault === 'late-pull';
  return fault === 'missing' || fault === 'crash' || (passes && attempt <= FAILED_STARTS);
}
