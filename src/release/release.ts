import type { PodMode } from '../kubernetes/mesh-membership.ts';
import type { KubeObject } from '../kubernetes/objects.ts';
import type { VersionName, Weights } from '../core/weights.ts';
import type { ClusterName } from '../core/names.ts';
import type { TextPattern } from '../core/text-pattern.ts';
import type { MetricSpec } from './metric-specs.ts';

/** What the input `ingress` says for a cluster without one. */
export const NO_INGRESS = 'none';
/** What it says for one whose gateway pods are reached through the API server. */
export const PORT_FORWARD = 'port-forward';

/** What was asked for: the validated inputs, frozen. No I/O has happened but the reading of local files. */
export interface Release {
  readonly app: string;
  readonly namespace: string;
  /** The version being released; the others are those it takes over from. */
  readonly version: VersionName | undefined;
  /** The clusters of each version that was named with its own; empty where every version is everywhere. */
  readonly placement: ReadonlyMap<VersionName, readonly ClusterName[]>;
  /** Clusters that may run workloads, in the order named. */
  readonly clusters: readonly ClusterName[];
  /** Clusters whose control plane serves the routes. */
  readonly configClusters: readonly ClusterName[];
  readonly workload: WorkloadSpec;
  readonly traffic: TrafficSpec;
  readonly check: CheckSpec;
  /** What else decides while a step is watched, beside the samples. */
  readonly metrics: readonly MetricSpec[];
  readonly onFailure: 'rollback' | 'keep';
}

export interface WorkloadSpec {
  /** The image of each version that the action deploys; versions without one run already. */
  readonly images: ReadonlyMap<VersionName, string>;
  /**
   * The user's own objects for `version`; undefined: Service and Deployment are generated. To get those of one cluster, use
   * `manifestsFor`.
   */
  readonly manifests: readonly Manifest[] | undefined;
  readonly port: number | undefined;
  readonly targetPort: number | undefined;
  readonly portName: string | undefined;
  readonly replicas: number | undefined;
  /** `enabled`, `off`, or an Istio revision name; undefined leaves an existing namespace as it is. */
  readonly injection: string | undefined;
  /** What puts the pods into the mesh. */
  readonly pods: PodMode;
  readonly readyTimeoutMs: number;
}

/** An object of a manifest file, and where it is in the file (for messages). */
export interface Manifest {
  /** The only cluster that it is for; undefined: every cluster. */
  readonly cluster?: ClusterName | undefined;
  readonly object: KubeObject;
  /** `deploy/app.yaml, document 2` */
  readonly source: string;
}

export interface TrafficSpec {
  /** The weights asked for, complete; undefined keeps those in force. */
  readonly weights: Weights | undefined;
  /** Weights of `version`, rising, in percent. */
  readonly steps: readonly number[];
  /** How far a promotion goes through the steps; undefined: one step. */
  readonly promoteTo: number | undefined;
  /** How long each step of a promotion is watched before the next. */
  readonly bakeMs: number;
  /** Where the routes are; made where it is missing. */
  readonly virtualService: string;
  /**
   * Further VirtualServices that change together with it, such as one for the sidecars beside one for the ingress; undefined:
   * none was chosen, and there may be none.
   */
  readonly companions: readonly string[] | undefined;
  readonly destinationRule: string;
  /** The HTTPRoute that holds the weights instead of a VirtualService; undefined: found by itself. */
  readonly httpRoute: string | undefined;
  /** `name` or `namespace/name`, of Istio or of the Gateway API; undefined: the route's own, or one of Istio named after the app. */
  readonly gateway: string | undefined;
  /** Of which API the Gateway is; undefined: whichever has one of that name. */
  readonly gatewayApi: GatewayApi | undefined;
  readonly gatewaySelector: Readonly<Record<string, string>>;
  readonly hosts: readonly string[] | undefined;
  /** Names of the HTTP routes to manage; undefined: the only one that leads to the service. */
  readonly routes: readonly string[] | undefined;
}

/** Istio's Gateways, or those of the Gateway API. */
export type GatewayApi = 'istio' | 'gateway-api';

/** How a response tells its version. */
export type VersionSource =
  | { readonly from: 'auto' }
  | { readonly from: 'header'; readonly name: string }
  | { readonly from: 'body'; readonly pattern: TextPattern }
  | { readonly from: 'json'; readonly pointer: string };

export interface CheckSpec {
  readonly path: string;
  /** Host header and SNI; undefined: for each ingress, the first host that its VirtualService and a Gateway both take. */
  readonly host: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly versionFrom: VersionSource;
  /** A fraction: 0.05 for 5 points. */
  readonly tolerance: number;
  /** A fraction: 0.99. */
  readonly confidence: number;
  /** Per ingress; undefined: what the share test asks for at most. */
  readonly maxSamples: number | undefined;
  /** Requests per second and ingress. */
  readonly maxRps: number;
  readonly verifyTimeoutMs: number;
  /** How long the operation verify keeps watching after it has passed; 0: not at all; undefined: not given. */
  readonly watchMs: number | undefined;
  /** A fraction: 0.01. */
  readonly maxErrorRate: number;
  /** How much slower `version` may be than the others, a fraction; undefined: not judged. */
  readonly maxLatencyIncrease: number | undefined;
  /** How long Istio gets to bring a change to every proxy, where no ingress is sampled that shows it. */
  readonly propagationMs: number;
  /**
   * Base URLs given by hand instead of discovery; `none`: the cluster has no ingress; `port-forward`: its gateway pods are found, and
   * reached through the API server.
   */
  readonly ingress: ReadonlyMap<ClusterName, string>;
}

/** Every cluster that has a part in the release, each once, in the order named. */
export function allClusters(release: Release): readonly ClusterName[] {
  return [...new Set([...release.clusters, ...release.configClusters])];
}

/** Whether no cluster has an ingress: then nothing can be sampled, and only metrics can give a verdict. */
export function samplesNothing(release: Release): boolean {
  return allClusters(release).every((name) => release.check.ingress.get(name) === NO_INGRESS);
}

/** The release of an operation that deploys nothing: no version is being released, whatever the inputs name. */
export function withoutDeployment(release: Release): Release {
  return {
    ...release,
    version: undefined,
    workload: { ...release.workload, images: new Map(), manifests: undefined },
  };
}

/**
 * Every version that the inputs name, in order: those of the weights first, then of placement, images and `version`.
 *
 * @param weights those to bring; by default the input weights
 */
export function namedVersions(
  release: Release,
  weights: Weights | undefined = release.traffic.weights,
): readonly VersionName[] {
  return [
    ...new Set([
      ...(weights?.keys() ?? []),
      ...release.placement.keys(),
      ...release.workload.images.keys(),
      ...(release.version === undefined ? [] : [release.version]),
    ]),
  ];
}

/** The clusters that run a version: those named for it, or every cluster that runs workloads. */
export function clustersOf(release: Release, version: VersionName): readonly ClusterName[] {
  return release.placement.get(version) ?? (release.placement.size === 0 ? release.clusters : []);
}

/** The names of the VirtualServices that change together, in the order given. */
export function namedVirtualServices({ traffic }: Release): readonly string[] {
  return [traffic.virtualService, ...(traffic.companions ?? [])];
}
