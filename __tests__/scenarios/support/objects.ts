import { ISTIO } from './kube.ts';
import type { Obj } from './kube.ts';

export const APP = 'helloworld';
export const NAMESPACE = 'gray-demo';
export const HOST = `${APP}.${NAMESPACE}.svc.cluster.local`;

/** An image of the seed's sample service; a tag from the fleet's list of faults makes it misbehave. */
export const image = (version: string, tag = 'latest'): string =>
  `docker.m.daocloud.io/istio/examples-helloworld-${version}:${tag}`;

/**
 * The seed's release: v1 in east, v2 in west. The check is fast, and its tolerance wide, which takes a tenth of the samples; a
 * scenario about what the check finds spreads `AT_DEFAULTS` over it.
 */
export const SEED = {
  app: APP,
  namespace: NAMESPACE,
  clusters: 'v1: east\nv2: west',
  version: 'v2',
  image: `v1=${image('v1')}\nv2=${image('v2')}`,
  port: '5000',
  path: '/hello',
  'max-rps': '1000',
  tolerance: '15',
} as const;

/** The inputs of a first release: v1 alone, in east, with the routes in both clusters. */
export const ONLY_V1 = {
  clusters: 'v1: east',
  version: 'v1',
  image: image('v1'),
  'config-clusters': 'east, west',
} as const;

/** The inputs of a run that leaves the workloads as they are. */
export const NO_WORKLOADS = { image: '', port: '' } as const;

/** The check decides as it does for a user who sets nothing. */
export const AT_DEFAULTS = { tolerance: '' } as const;

export const namespace = (labels: Record<string, string> = { 'istio-injection': 'enabled' }): Obj => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: NAMESPACE, labels },
});

export const service = (): Obj => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: APP, namespace: NAMESPACE, labels: { app: APP } },
  spec: {
    selector: { app: APP },
    ports: [{ name: 'http-5000', port: 5000, targetPort: 5000, protocol: 'TCP' }],
  },
});

export const deployment = (version: string, options: { name?: string; image?: string } = {}): Obj => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: {
    name: options.name ?? `${APP}-${version}`,
    namespace: NAMESPACE,
    labels: { app: APP, version },
  },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: APP, version } },
    template: {
      metadata: { labels: { app: APP, version } },
      spec: {
        containers: [{ name: APP, image: options.image ?? image(version), ports: [{ containerPort: 5000 }] }],
      },
    },
  },
});

export const destinationRule = (versions: readonly string[], spec: Record<string, unknown> = {}): Obj => ({
  apiVersion: ISTIO,
  kind: 'DestinationRule',
  metadata: { name: APP, namespace: NAMESPACE },
  spec: {
    host: APP,
    trafficPolicy: { tls: { mode: 'ISTIO_MUTUAL' } },
    subsets: versions.map((version) => ({
      name: version,
      labels: { version },
      trafficPolicy: { tls: { mode: 'ISTIO_MUTUAL' } },
    })),
    ...spec,
  },
});

export const gateway = (hosts: readonly string[] = ['*']): Obj => ({
  apiVersion: ISTIO,
  kind: 'Gateway',
  metadata: { name: APP, namespace: NAMESPACE },
  spec: {
    selector: { istio: 'ingressgateway' },
    servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: [...hosts] }],
  },
});

export const destination = (subset: string, weight?: number): Record<string, unknown> => ({
  destination: { host: HOST, port: { number: 5000 }, subset },
  ...(weight === undefined ? {} : { weight }),
});

export const virtualService = (http: readonly unknown[], spec: Record<string, unknown> = {}): Obj => ({
  apiVersion: ISTIO,
  kind: 'VirtualService',
  metadata: { name: APP, namespace: NAMESPACE },
  spec: { hosts: ['*'], gateways: [APP], http, ...spec },
});

/** A manifest of v2, with names and labels of its own, as a user of the input manifests writes it. */
export const OWN_MANIFEST = `apiVersion: apps/v1
kind: Deployment
metadata: {name: hello-v2}
spec:
  selector: {matchLabels: {app: ${APP}}}
  template:
    metadata: {labels: {app: ${APP}}}
    spec: {containers: [{name: web, image: '${image('v2')}'}]}
`;
