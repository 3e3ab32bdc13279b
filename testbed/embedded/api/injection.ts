import { objectAt, objectsAt, textAt, textsAt, type JsonObject } from '../json.ts';

/** The revision of the fleet's control planes. */
const REVISION = 'default';
const INJECT = 'sidecar.istio.io/inject';

/**
 * Whether Istio's injector selects a pod, by the selectors of the webhooks that `istioctl` installs: the namespace
 * decides, a pod may refuse, and where the namespace says nothing a pod may ask for it.
 */
function isInjected(
  namespace: Readonly<Record<string, string>>,
  pod: Readonly<Record<string, string>>,
  annotations: Readonly<Record<string, string>>,
): boolean {
  if ((pod[INJECT] ?? annotations[INJECT]) === 'false') return false;
  const injection = namespace['istio-injection'];
  if (injection !== undefined) return injection === 'enabled';
  const revision = namespace['istio.io/rev'];
  if (revision !== undefined) return revision === REVISION;
  return pod['istio.io/rev'] === REVISION || pod[INJECT] === 'true';
}

/**
 * Adds the proxy to a new pod as Istio 1.31 does: a native sidecar, that is an init container that keeps running.
 *
 * @param cluster its name in Istio, which the sidecar gets
 */
export function injectSidecar(
  pod: JsonObject,
  namespaceLabels: Readonly<Record<string, string>>,
  cluster: string,
): JsonObject {
  const labels = textsAt(pod, 'metadata', 'labels');
  const spec = objectAt(pod, 'spec');
  const annotations = textsAt(pod, 'metadata', 'annotations');
  if (spec['hostNetwork'] === true || !isInjected(namespaceLabels, labels, annotations)) return pod;
  const metadata = objectAt(pod, 'metadata');
  const app = labels['app'] ?? labels['app.kubernetes.io/name'] ?? 'unknown';
  return {
    ...pod,
    metadata: {
      ...metadata,
      labels: {
        ...labels,
        'security.istio.io/tlsMode': 'istio',
        'service.istio.io/canonical-name': app,
        'service.istio.io/canonical-revision': labels['version'] ?? 'latest',
      },
      annotations: {
        ...objectAt(metadata, 'annotations'),
        'istio.io/rev': REVISION,
        'kubectl.kubernetes.io/default-container': objectsAt(spec, 'containers')[0]?.['name'],
        'sidecar.istio.io/status': JSON.stringify({
          initContainers: ['istio-init', 'istio-proxy'],
          containers: null,
          volumes: [],
          imagePullSecrets: null,
          revision: REVISION,
        }),
      },
    },
    spec: {
      ...spec,
      initContainers: [
        { name: 'istio-init', image: 'docker.io/istio/proxyv2:1.31.0', imagePullPolicy: 'IfNotPresent' },
        {
          name: 'istio-proxy',
          image: 'docker.io/istio/proxyv2:1.31.0',
          imagePullPolicy: 'IfNotPresent',
          restartPolicy: 'Always',
          args: ['proxy', 'sidecar'],
          env: [{ name: 'ISTIO_META_CLUSTER_ID', value: cluster }],
          ports: [{ name: 'http-envoy-prom', containerPort: 15090, protocol: 'TCP' }],
        },
        ...objectsAt(spec, 'initContainers'),
      ],
    },
  };
}

/** What Istio's node agent marks a pod with that it takes into the ambient mesh. */
const REDIRECTION_KEY = 'ambient.istio.io/redirection';

/** Takes a pod without a sidecar into the ambient mesh where the pod, or else its namespace, asks for it. */
export function redirectAmbient(
  pod: JsonObject,
  namespaceLabels: Readonly<Record<string, string>>,
): JsonObject {
  const mode = 'istio.io/dataplane-mode';
  const asked = textsAt(pod, 'metadata', 'labels')[mode] ?? namespaceLabels[mode];
  if (asked !== 'ambient' || hasSidecar(pod)) return pod;
  const metadata = objectAt(pod, 'metadata');
  return {
    ...pod,
    metadata: {
      ...metadata,
      annotations: { ...objectAt(metadata, 'annotations'), [REDIRECTION_KEY]: 'enabled' },
    },
  };
}

/** Whether something before the application accepts mutual TLS: a sidecar, or the node's proxy in the ambient mesh. */
export function acceptsMutualTls(pod: JsonObject): boolean {
  return hasSidecar(pod) || textAt(pod, 'metadata', 'annotations', REDIRECTION_KEY) !== undefined;
}

export function hasSidecar(pod: JsonObject): boolean {
  const spec = objectAt(pod, 'spec');
  return [...objectsAt(spec, 'initContainers'), ...objectsAt(spec, 'containers')].some(
    (container) => container['name'] === 'istio-proxy',
  );
}
