import { isObject, sortedFields, type Json, type JsonObject } from '../json.ts';
import type { Kind } from './kinds.ts';

/**
 * The order in which the server writes the fields of the built-in kinds: that of its Go types (k8s.io/api 0.36), by the
 * field that contains the object. Types whose orders agree share a list.
 */
const ORDERS: Readonly<Record<string, readonly string[]>> = {
  '': words('kind apiVersion metadata immutable data stringData type spec status'),
  metadata: words(
    'name generateName namespace selfLink uid resourceVersion generation creationTimestamp deletionTimestamp deletionGracePeriodSeconds labels annotations ownerReferences finalizers managedFields',
  ),
  managedFields: words('manager operation apiVersion time fieldsType fieldsV1 subresource'),
  ownerReferences: words('apiVersion kind name uid controller blockOwnerDeletion'),
  spec: [
    ...words('replicas ports selector template strategy minReadySeconds revisionHistoryLimit paused'),
    ...words('progressDeadlineSeconds clusterIP clusterIPs type externalIPs sessionAffinity'),
    ...words(
      'loadBalancerIP loadBalancerSourceRanges externalName externalTrafficPolicy healthCheckNodePort',
    ),
    ...words('publishNotReadyAddresses sessionAffinityConfig ipFamilies ipFamilyPolicy'),
    ...words('allocateLoadBalancerNodePorts loadBalancerClass internalTrafficPolicy trafficDistribution'),
    ...words('volumes initContainers containers ephemeralContainers restartPolicy'),
    ...words('terminationGracePeriodSeconds activeDeadlineSeconds dnsPolicy nodeSelector serviceAccountName'),
    ...words('serviceAccount automountServiceAccountToken nodeName hostNetwork hostPID hostIPC'),
    ...words(
      'shareProcessNamespace securityContext imagePullSecrets hostname subdomain affinity schedulerName',
    ),
    ...words('tolerations hostAliases priorityClassName priority dnsConfig readinessGates runtimeClassName'),
    ...words('enableServiceLinks preemptionPolicy overhead topologySpreadConstraints'),
    ...words('holderIdentity leaseDurationSeconds acquireTime renewTime leaseTransitions'),
  ],
  template: words('metadata spec'),
  containers: words(
    'name image command args workingDir ports envFrom env resources resizePolicy restartPolicy volumeMounts volumeDevices livenessProbe readinessProbe startupProbe lifecycle terminationMessagePath terminationMessagePolicy imagePullPolicy securityContext stdin stdinOnce tty',
  ),
  ports: words('name hostPort containerPort protocol hostIP appProtocol port targetPort nodePort'),
  env: words('name value valueFrom'),
  volumeMounts: words('name readOnly recursiveReadOnly mountPath subPath mountPropagation subPathExpr'),
  strategy: words('type rollingUpdate'),
  rollingUpdate: words('maxUnavailable maxSurge'),
  conditions: words(
    'type status observedGeneration lastProbeTime lastUpdateTime lastTransitionTime reason message',
  ),
};

/** Go writes the keys of a map in alphabetical order. */
const MAPS = new Set(
  words('labels annotations matchLabels data stringData limits requests nodeSelector hard used fieldsV1'),
);

function words(text: string): string[] {
  return text.split(' ');
}

/** An object with its fields in the order in which the server writes them. */
export function inServerOrder(kind: Kind, object: JsonObject): JsonObject {
  return kind.custom ? sortedFields(object) : arranged(object, '');
}

function arranged(object: JsonObject, holder: string): JsonObject {
  if (MAPS.has(holder)) return sortedFields(object);
  const order = ORDERS[holder === 'initContainers' ? 'containers' : holder] ?? [];
  const known = order.filter((field) => field in object);
  const others = Object.keys(object).filter((field) => !order.includes(field));
  return Object.fromEntries([...known, ...others].map((field) => [field, child(object[field], field)]));
}

function child(value: Json | undefined, holder: string): Json | undefined {
  if (Array.isArray(value)) return value.map((item) => (isObject(item) ? arranged(item, holder) : item));
  return isObject(value) ? arranged(value, holder) : value;
}
