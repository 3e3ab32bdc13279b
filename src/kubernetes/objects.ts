/**
 * The parts of Kubernetes and Istio objects that the action reads or writes. Every level is open (unknown fields are `unknown`),
 * since what the action does not know must pass through unchanged.
 * Source: Kubernetes API 1.36, https://istio.io/latest/docs/reference/config/networking/
 */
export interface Open {
  readonly [field: string]: unknown;
}

export type Labels = Readonly<Record<string, string>>;

/** Who wrote which fields and when (`metadata.managedFields`). */
export interface ManagedFields extends Open {
  readonly manager?: string;
  readonly operation?: string;
  readonly time?: string;
  readonly subresource?: string;
  readonly fieldsV1?: Open;
}

export interface ObjectMeta extends Open {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Labels;
  readonly annotations?: Labels;
  readonly resourceVersion?: string;
  readonly uid?: string;
  readonly generation?: number;
  readonly deletionTimestamp?: string;
  readonly managedFields?: readonly ManagedFields[];
}

export interface KubeObject extends Open {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
}

export interface Service extends KubeObject {
  readonly spec?: Open & {
    readonly type?: string;
    readonly selector?: Labels;
    readonly ports?: readonly ServicePort[];
    readonly clusterIP?: string;
    readonly clusterIPs?: readonly string[];
    readonly externalTrafficPolicy?: string;
  };
  readonly status?: Open & {
    readonly loadBalancer?: { readonly ingress?: readonly { ip?: string; hostname?: string }[] };
  };
}

export interface ServicePort extends Open {
  readonly name?: string;
  readonly port: number;
  readonly targetPort?: number | string;
  readonly nodePort?: number;
}

export interface Container extends Open {
  readonly name: string;
  readonly image?: string;
  readonly args?: readonly string[];
  readonly ports?: readonly ContainerPort[];
  readonly env?: readonly Open[];
  readonly resources?: Open & { readonly limits?: Labels };
}

export interface ContainerPort extends Open {
  readonly name?: string;
  readonly containerPort: number;
  readonly protocol?: string;
}

export interface PodSpec extends Open {
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly nodeName?: string;
}

export interface PodTemplate {
  readonly metadata?: { readonly labels?: Labels; readonly annotations?: Labels };
  readonly spec?: PodSpec;
}

/** How pods of an earlier template are replaced, in numbers of pods or percentages such as `25%`. */
export interface RollingStrategy {
  readonly type?: string;
  readonly rollingUpdate?: {
    readonly maxSurge?: number | string;
    readonly maxUnavailable?: number | string;
    readonly partition?: number;
  };
}

/** A HorizontalPodAutoscaler, reduced to what it scales. */
export interface Autoscaler extends KubeObject {
  readonly spec?: Open & { readonly scaleTargetRef?: { readonly kind?: string; readonly name?: string } };
}

/** A Deployment, StatefulSet or DaemonSet: all of them create pods from the same kind of template. */
export interface Deployment extends KubeObject {
  readonly spec?: Open & {
    readonly replicas?: number;
    readonly paused?: boolean;
    readonly strategy?: RollingStrategy;
    /** Of a StatefulSet or DaemonSet; a Deployment calls it `strategy`. */
    readonly updateStrategy?: RollingStrategy;
    readonly selector?: { readonly matchLabels?: Labels };
    readonly template?: PodTemplate;
  };
  readonly status?: Open & {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly availableReplicas?: number;
    readonly readyReplicas?: number;
    readonly desiredNumberScheduled?: number;
    readonly currentNumberScheduled?: number;
    readonly updatedNumberScheduled?: number;
    readonly numberAvailable?: number;
    readonly conditions?: readonly Condition[];
  };
}

export interface Condition extends Open {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

export interface ContainerStatus extends Open {
  readonly name: string;
  readonly ready?: boolean;
  readonly restartCount?: number;
  readonly state?: { readonly waiting?: { readonly reason?: string; readonly message?: string } };
  readonly lastState?: {
    readonly terminated?: { readonly reason?: string; readonly exitCode?: number; readonly message?: string };
  };
}

export interface Pod extends KubeObject {
  readonly spec?: PodSpec;
  readonly status?: Open & {
    readonly phase?: string;
    readonly podIP?: string;
    readonly hostIP?: string;
    readonly conditions?: readonly Condition[];
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
  };
}

export interface Node extends KubeObject {
  readonly status?: Open & {
    readonly addresses?: readonly { readonly type: string; readonly address: string }[];
    readonly conditions?: readonly Condition[];
  };
}

export interface Subset extends Open {
  readonly name: string;
  readonly labels?: Labels;
}

export interface DestinationRule extends KubeObject {
  readonly spec: Open & {
    readonly host: string;
    readonly subsets?: readonly Subset[];
    readonly exportTo?: readonly string[];
    readonly workloadSelector?: (Open & { readonly matchLabels?: Labels }) | null;
    readonly trafficPolicy?: Open & { readonly tls?: Open & { readonly mode?: string } };
  };
}

export interface Gateway extends KubeObject {
  readonly spec: Open & { readonly selector?: Labels; readonly servers?: readonly GatewayServer[] };
}

export interface GatewayServer extends Open {
  readonly port: { readonly number: number; readonly name?: string; readonly protocol?: string };
  readonly hosts?: readonly string[];
  readonly tls?: Open & { readonly mode?: string; readonly httpsRedirect?: boolean };
}

export interface VirtualService extends KubeObject {
  readonly spec: Open & {
    readonly hosts?: readonly string[];
    readonly gateways?: readonly string[];
    readonly http?: readonly HttpRoute[];
    readonly tcp?: readonly StreamRoute[];
    readonly tls?: readonly StreamRoute[];
    readonly exportTo?: readonly string[];
  };
}

export interface HttpRoute extends Open {
  readonly name?: string;
  readonly match?: readonly HttpMatch[];
  readonly route?: readonly RouteDestination[];
  /** What changes for every destination. */
  readonly headers?: IstioHeaders;
  /** The VirtualService that holds the routes for these matches. */
  readonly delegate?: Open & { readonly name?: string; readonly namespace?: string };
  /** Where copies of the requests go. */
  readonly mirror?: RouteDestination['destination'];
  readonly mirrors?: readonly (Open & { readonly destination: RouteDestination['destination'] })[];
}

/** A TCP or TLS route: connections are split by weight like requests, but there are no headers to match or set. */
export interface StreamRoute extends Open {
  readonly route?: readonly RouteDestination[];
}

export interface HttpMatch extends Open {
  readonly headers?: Readonly<Record<string, unknown>>;
}

export interface RouteDestination extends Open {
  readonly destination: Open & {
    readonly host: string;
    readonly subset?: string;
    readonly port?: { readonly number?: number };
  };
  readonly weight?: number;
  readonly headers?: IstioHeaders;
}

export interface IstioHeaders extends Open {
  readonly response?: Open & {
    readonly set?: Labels;
    readonly add?: Labels;
    readonly remove?: readonly string[];
  };
}

/** `namespace/name` of an object, by its metadata. */
export function keyOf({ namespace = '', name }: Pick<ObjectMeta, 'name' | 'namespace'>): string {
  return `${namespace}/${name}`;
}

/** `VirtualService gray-demo/gray-demo-vs`, as messages name an object. */
export function nameOf(
  object: Pick<KubeObject, 'kind'> & { readonly metadata: Pick<ObjectMeta, 'name' | 'namespace'> },
): string {
  const { name, namespace } = object.metadata;
  return `${object.kind} ${namespace === undefined ? name : `${namespace}/${name}`}`;
}

/** The part of an object that a write can change: all but the server's own bookkeeping. */
export function contentOf({ metadata, status: _, ...rest }: KubeObject): Readonly<Record<string, unknown>> {
  const {
    managedFields: _fields,
    resourceVersion: _version,
    generation: _generation,
    uid: _uid,
    creationTimestamp: _created,
    ...meta
  } = metadata;
  return { ...rest, metadata: meta };
}

/** When an object was made, as the server writes it; undefined for one that is yet to be made. */
export function createdAt({ metadata }: KubeObject): string | undefined {
  const at = metadata['creationTimestamp'];
  return typeof at === 'string' ? at : undefined;
}

/** Whether an object with these labels is selected (`matchLabels`); an empty or missing selector selects nothing. */
export function selects(selector: Labels | undefined, labels: Labels | undefined): boolean {
  const wanted = Object.entries(selector ?? {});
  return wanted.length > 0 && wanted.every(([key, value]) => labels?.[key] === value);
}
