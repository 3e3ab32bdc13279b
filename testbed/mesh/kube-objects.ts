import type {
  V1ConfigMap,
  V1Container,
  V1ContainerState,
  V1ContainerStatus,
  V1EndpointSlice,
  V1MutatingWebhookConfiguration,
  V1Namespace,
  V1Node,
  V1ObjectMeta,
  V1Pod,
  V1PodCondition,
  V1PodStatus,
  V1Secret,
  V1Service,
  V1ServiceAccount,
  V1ServicePort,
  V1ServiceSpec,
  V1ValidatingWebhookConfiguration,
} from '@kubernetes/client-node';

/** The shape of a model of the client library: its models are classes, but the API exchanges plain data. */
type Data<T> = T extends Date | string | number | boolean | null | undefined
  ? T
  : { [Key in keyof T]: Data<T[Key]> };

export type ConfigMap = Data<V1ConfigMap>;
export type Container = Data<V1Container>;
export type ContainerState = Data<V1ContainerState>;
export type ContainerStatus = Data<V1ContainerStatus>;
export type EndpointSlice = Data<V1EndpointSlice>;
export type MutatingWebhookConfiguration = Data<V1MutatingWebhookConfiguration>;
export type Pod = Data<V1Pod>;
export type PodCondition = Data<V1PodCondition>;
export type PodStatus = Data<V1PodStatus>;
export type Service = Data<V1Service>;
export type ServicePort = Data<V1ServicePort>;
export type ServiceSpec = Data<V1ServiceSpec>;
export type ValidatingWebhookConfiguration = Data<V1ValidatingWebhookConfiguration>;

/** Anything that the API serves. */
export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata?: Data<V1ObjectMeta>;
}

/** A kind of object, by the place where the API serves it. */
export interface Resource<T extends KubeObject> {
  /** `/api/v1`, `/apis/apps/v1` */
  readonly base: string;
  readonly plural: string;
  /** Never set; carries the type of the objects. */
  readonly object?: T;
}

/** An object of a kind, or a collection where `name` is omitted. */
export interface Place {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly subresource?: string;
}

export const namespaces: Resource<Data<V1Namespace>> = { base: '/api/v1', plural: 'namespaces' };
export const nodes: Resource<Data<V1Node>> = { base: '/api/v1', plural: 'nodes' };
export const pods: Resource<Pod> = { base: '/api/v1', plural: 'pods' };
export const services: Resource<Service> = { base: '/api/v1', plural: 'services' };
export const secrets: Resource<Data<V1Secret>> = { base: '/api/v1', plural: 'secrets' };
export const configMaps: Resource<ConfigMap> = { base: '/api/v1', plural: 'configmaps' };
export const serviceAccounts: Resource<Data<V1ServiceAccount>> = {
  base: '/api/v1',
  plural: 'serviceaccounts',
};
export const endpointSlices: Resource<EndpointSlice> = {
  base: '/apis/discovery.k8s.io/v1',
  plural: 'endpointslices',
};
export const crds: Resource<KubeObject> = {
  base: '/apis/apiextensions.k8s.io/v1',
  plural: 'customresourcedefinitions',
};
const ADMISSION = '/apis/admissionregistration.k8s.io/v1';
export const mutatingWebhooks: Resource<MutatingWebhookConfiguration> = {
  base: ADMISSION,
  plural: 'mutatingwebhookconfigurations',
};
export const validatingWebhooks: Resource<ValidatingWebhookConfiguration> = {
  base: ADMISSION,
  plural: 'validatingwebhookconfigurations',
};

/** The path of an object or collection, below the server's URL. */
export function pathOf(resource: Resource<KubeObject>, { namespace, name, subresource }: Place): string {
  const within = namespace === undefined ? [] : ['namespaces', namespace];
  const parts = [resource.base, ...within, resource.plural, name, subresource];
  return parts.filter((part) => part !== undefined).join('/');
}
