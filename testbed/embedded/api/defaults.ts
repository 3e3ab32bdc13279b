import { isObject, objectAt, objectsAt, textAt, type Json, type JsonObject } from '../json.ts';
import { specShape } from '../gateway-api/shapes.ts';
import { completed } from './crd-shape.ts';
import { API_GATEWAY, DEPLOYMENT, NAMESPACE, POD, REPLICA_SET, SECRET, SERVICE, type Kind } from './kinds.ts';

/**
 * Fills in what the API server fills in: the fields that have a default. A kind of the Gateway API loses unknown fields, as its
 * definition says.
 */
export function withDefaults(kind: Kind, object: JsonObject): JsonObject {
  switch (kind) {
    case NAMESPACE:
      return namespaceDefaults(object);
    case SECRET:
      return secretDefaults(object);
    case SERVICE:
      return { ...object, spec: serviceSpec(objectAt(object, 'spec')) };
    case POD:
      return { ...object, spec: podSpec(objectAt(object, 'spec')) };
    case REPLICA_SET:
      return {
        status: { replicas: 0 },
        ...object,
        spec: { replicas: 1, ...withTemplate(objectAt(object, 'spec')) },
      };
    case DEPLOYMENT:
      return { status: {}, ...object, spec: deploymentSpec(objectAt(object, 'spec')) };
    default:
      return customDefaults(kind, object);
  }
}

function customDefaults(kind: Kind, object: JsonObject): JsonObject {
  const shape = specShape(kind);
  if (shape === undefined) return object;
  const status = kind === API_GATEWAY ? { status: objectAt({ status: WAITING, ...object }, 'status') } : {};
  return { ...object, spec: completed(shape, object['spec'] ?? {}), ...status };
}

/** The status of a Gateway that no controller has seen. */
const WAITING: JsonObject = {
  conditions: ['Accepted', 'Programmed'].map((type) => ({
    type,
    status: 'Unknown',
    reason: 'Pending',
    message: 'Waiting for controller',
    lastTransitionTime: '1970-01-01T00:00:00Z',
  })),
};

function namespaceDefaults(object: JsonObject): JsonObject {
  const metadata = objectAt(object, 'metadata');
  return {
    ...object,
    metadata: {
      ...metadata,
      labels: { ...objectAt(metadata, 'labels'), 'kubernetes.io/metadata.name': metadata['name'] },
    },
    spec: { finalizers: ['kubernetes'], ...objectAt(object, 'spec') },
    status: { phase: 'Active', ...objectAt(object, 'status') },
  };
}

/** `stringData` is stored as base64. */
function secretDefaults(object: JsonObject): JsonObject {
  const { stringData, ...secret } = object;
  if (!isObject(stringData)) return { type: 'Opaque', ...secret };
  const encoded = Object.entries(stringData).map(([key, text]): [string, string] => [
    key,
    Buffer.from(typeof text === 'string' ? text : '').toString('base64'),
  ]);
  return { type: 'Opaque', ...secret, data: { ...objectAt(secret, 'data'), ...Object.fromEntries(encoded) } };
}

function serviceSpec(spec: JsonObject): JsonObject {
  return {
    sessionAffinity: 'None',
    type: 'ClusterIP',
    internalTrafficPolicy: 'Cluster',
    ...(isExternal(spec) ? { externalTrafficPolicy: 'Cluster' } : {}),
    ...(spec['type'] === 'LoadBalancer' ? { allocateLoadBalancerNodePorts: true } : {}),
    ...(spec['type'] === 'ExternalName' ? {} : { ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' }),
    ...spec,
    ...(Array.isArray(spec['ports'])
      ? {
          ports: spec['ports'].map((port) =>
            isObject(port)
              ? { protocol: 'TCP', ...port, targetPort: port['targetPort'] ?? port['port'] }
              : port,
          ),
        }
      : {}),
  };
}

function isExternal(spec: JsonObject): boolean {
  return spec['type'] === 'NodePort' || spec['type'] === 'LoadBalancer';
}

function deploymentSpec(spec: JsonObject): JsonObject {
  const strategy: JsonObject = { type: 'RollingUpdate', ...objectAt(spec, 'strategy') };
  return {
    progressDeadlineSeconds: 600,
    replicas: 1,
    revisionHistoryLimit: 10,
    ...withTemplate(spec),
    strategy:
      strategy['type'] === 'RollingUpdate'
        ? {
            ...strategy,
            rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%', ...objectAt(strategy, 'rollingUpdate') },
          }
        : strategy,
  };
}

function withTemplate(spec: JsonObject): JsonObject {
  const template = objectAt(spec, 'template');
  return { ...spec, template: { ...template, spec: podSpec(objectAt(template, 'spec')) } };
}

function podSpec(spec: JsonObject): JsonObject {
  return {
    dnsPolicy: 'ClusterFirst',
    restartPolicy: 'Always',
    schedulerName: 'default-scheduler',
    securityContext: {},
    terminationGracePeriodSeconds: 30,
    ...spec,
    ...(spec['containers'] === undefined ? {} : { containers: objectsAt(spec, 'containers').map(container) }),
    ...(spec['initContainers'] === undefined
      ? {}
      : { initContainers: objectsAt(spec, 'initContainers').map(container) }),
  };
}

function container(given: JsonObject): JsonObject {
  const tag = /:([^/@]+)(?:@|$)/.exec(textAt(given, 'image') ?? '')?.[1];
  const pinned = textAt(given, 'image')?.includes('@') ?? false;
  return {
    imagePullPolicy: (tag === undefined || tag === 'latest') && !pinned ? 'Always' : 'IfNotPresent',
    resources: {},
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    ...given,
    ...(given['ports'] === undefined
      ? {}
      : { ports: objectsAt(given, 'ports').map((port): Json => ({ protocol: 'TCP', ...port })) }),
  };
}
