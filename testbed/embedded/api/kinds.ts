/** A kind of object that a cluster serves. */
export interface Kind {
  /** API group; empty for the core group. */
  readonly group: string;
  /** Preferred version first. All versions show the same objects. */
  readonly versions: readonly [string, ...string[]];
  readonly kind: string;
  readonly plural: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  /** Defined by a CustomResourceDefinition: its lists are atomic. */
  readonly custom: boolean;
  /** The main resource leaves `status` alone; it is written through `/status`. */
  readonly status: boolean;
  /** `metadata.generation` counts the changes of the desired state. */
  readonly generation: boolean;
  /** Answers a question and is never stored, such as an access review. */
  readonly virtual: boolean;
}

function builtin(
  group: string,
  version: string,
  kind: string,
  plural: string,
  more: Partial<Kind> = {},
): Kind {
  return {
    group,
    versions: [version],
    kind,
    plural,
    shortNames: [],
    namespaced: true,
    custom: false,
    status: false,
    generation: false,
    virtual: false,
    ...more,
  };
}

function custom(
  group: string,
  versions: readonly [string, ...string[]],
  kind: string,
  plural: string,
  short: string,
  more: Partial<Kind> = {},
): Kind {
  return builtin(group, versions[0], kind, plural, {
    versions,
    shortNames: short === '' ? [] : [short],
    custom: true,
    status: true,
    generation: true,
    ...more,
  });
}

const NETWORKING = ['v1', 'v1beta1', 'v1alpha3'] as const;
const SECURITY = ['v1', 'v1beta1'] as const;

export const NAMESPACE = builtin('', 'v1', 'Namespace', 'namespaces', {
  namespaced: false,
  status: true,
  shortNames: ['ns'],
});
export const NODE = builtin('', 'v1', 'Node', 'nodes', {
  namespaced: false,
  status: true,
  shortNames: ['no'],
});
export const POD = builtin('', 'v1', 'Pod', 'pods', { status: true, generation: true, shortNames: ['po'] });
export const SERVICE = builtin('', 'v1', 'Service', 'services', { status: true, shortNames: ['svc'] });
export const SECRET = builtin('', 'v1', 'Secret', 'secrets');
export const CONFIG_MAP = builtin('', 'v1', 'ConfigMap', 'configmaps', { shortNames: ['cm'] });
export const SERVICE_ACCOUNT = builtin('', 'v1', 'ServiceAccount', 'serviceaccounts', { shortNames: ['sa'] });
export const EVENT = builtin('', 'v1', 'Event', 'events', { shortNames: ['ev'] });
/** Real servers keep one set of Events under both APIs. */
export const NEW_EVENT = builtin('events.k8s.io', 'v1', 'Event', 'events', { shortNames: ['ev'] });
export const RESOURCE_QUOTA = builtin('', 'v1', 'ResourceQuota', 'resourcequotas', {
  status: true,
  shortNames: ['quota'],
});
export const DEPLOYMENT = builtin('apps', 'v1', 'Deployment', 'deployments', {
  status: true,
  generation: true,
  shortNames: ['deploy'],
});
export const REPLICA_SET = builtin('apps', 'v1', 'ReplicaSet', 'replicasets', {
  status: true,
  generation: true,
  shortNames: ['rs'],
});
export const ENDPOINT_SLICE = builtin('discovery.k8s.io', 'v1', 'EndpointSlice', 'endpointslices', {
  generation: true,
});
const AUTOSCALER = builtin('autoscaling', 'v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers', {
  status: true,
  shortNames: ['hpa'],
});
export const LEASE = builtin('coordination.k8s.io', 'v1', 'Lease', 'leases');
export const ACCESS_REVIEW = builtin(
  'authorization.k8s.io',
  'v1',
  'SelfSubjectAccessReview',
  'selfsubjectaccessreviews',
  { namespaced: false, virtual: true },
);
export const RULES_REVIEW = builtin(
  'authorization.k8s.io',
  'v1',
  'SelfSubjectRulesReview',
  'selfsubjectrulesreviews',
  { namespaced: false, virtual: true },
);
const RBAC = 'rbac.authorization.k8s.io';
export const ROLE = builtin(RBAC, 'v1', 'Role', 'roles');
export const ROLE_BINDING = builtin(RBAC, 'v1', 'RoleBinding', 'rolebindings');
export const CLUSTER_ROLE = builtin(RBAC, 'v1', 'ClusterRole', 'clusterroles', { namespaced: false });
export const CLUSTER_ROLE_BINDING = builtin(RBAC, 'v1', 'ClusterRoleBinding', 'clusterrolebindings', {
  namespaced: false,
});
export const VIRTUAL_SERVICE = custom(
  'networking.istio.io',
  NETWORKING,
  'VirtualService',
  'virtualservices',
  'vs',
);
export const DESTINATION_RULE = custom(
  'networking.istio.io',
  NETWORKING,
  'DestinationRule',
  'destinationrules',
  'dr',
);
export const GATEWAY = custom('networking.istio.io', NETWORKING, 'Gateway', 'gateways', 'gw');

export const GATEWAY_API = 'gateway.networking.k8s.io';
const BOTH = ['v1', 'v1beta1'] as const;
export const GATEWAY_CLASS = custom(GATEWAY_API, BOTH, 'GatewayClass', 'gatewayclasses', 'gc', {
  namespaced: false,
});
/** The Gateway of the Gateway API; `GATEWAY` is Istio's own. */
export const API_GATEWAY = custom(GATEWAY_API, BOTH, 'Gateway', 'gateways', 'gtw');
export const HTTP_ROUTE = custom(GATEWAY_API, BOTH, 'HTTPRoute', 'httproutes', '');
const GRPC_ROUTE = custom(GATEWAY_API, ['v1'], 'GRPCRoute', 'grpcroutes', '');
export const REFERENCE_GRANT = custom(GATEWAY_API, BOTH, 'ReferenceGrant', 'referencegrants', 'refgrant', {
  status: false,
});

export const KINDS: readonly Kind[] = [
  NAMESPACE,
  NODE,
  POD,
  SERVICE,
  SECRET,
  CONFIG_MAP,
  SERVICE_ACCOUNT,
  EVENT,
  NEW_EVENT,
  RESOURCE_QUOTA,
  DEPLOYMENT,
  REPLICA_SET,
  ENDPOINT_SLICE,
  AUTOSCALER,
  LEASE,
  ACCESS_REVIEW,
  RULES_REVIEW,
  ROLE,
  ROLE_BINDING,
  CLUSTER_ROLE,
  CLUSTER_ROLE_BINDING,
  VIRTUAL_SERVICE,
  DESTINATION_RULE,
  GATEWAY,
  GATEWAY_CLASS,
  API_GATEWAY,
  HTTP_ROUTE,
  GRPC_ROUTE,
  REFERENCE_GRANT,
  custom('networking.istio.io', NETWORKING, 'ServiceEntry', 'serviceentries', 'se'),
  custom('networking.istio.io', NETWORKING, 'Sidecar', 'sidecars', ''),
  custom('networking.istio.io', ['v1alpha3'], 'EnvoyFilter', 'envoyfilters', ''),
  custom('security.istio.io', SECURITY, 'PeerAuthentication', 'peerauthentications', 'pa'),
  custom('security.istio.io', SECURITY, 'AuthorizationPolicy', 'authorizationpolicies', 'ap'),
];

/** Whether a server offers a version of a kind. */
export type Served = (kind: Kind, version: string) => boolean;

/** `group/version`, or the version alone for the core group. */
export function groupVersion(kind: Kind, version: string = kind.versions[0]): string {
  return kind.group === '' ? version : `${kind.group}/${version}`;
}

/** `deployments.apps`, `services`: how messages about a resource name it. */
export function qualifiedResource(kind: Kind): string {
  return kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`;
}

/** `Deployment.apps`, `Service`: how messages about an invalid object name it. */
export function qualifiedKind(kind: Kind): string {
  return kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`;
}
