import { KubeConfig, KubernetesObjectApi, PatchStrategy } from '@kubernetes/client-node';
import type { TestFleet } from '../fleet.ts';
import { startLoad } from '../load.ts';
import type { DemoStep } from './run-step.ts';

const image = (version: string, tag: string): string =>
  `docker.io/istio/examples-helloworld-${version}:${tag}`;

const HELLOWORLD = {
  app: 'helloworld',
  namespace: 'gray-demo',
  clusters: 'v1: east\nv2: west',
  version: 'v2',
  path: '/hello',
  'max-rps': '1000',
};
export const CHECKOUT_HOST = 'checkout.example.com';
const CHECKOUT = {
  ...HELLOWORLD,
  app: 'checkout',
  namespace: 'shop',
  hosts: CHECKOUT_HOST,
  port: '5000',
};
const SEARCH = { ...CHECKOUT, app: 'search', namespace: 'find', hosts: 'search.example.com' };
const STEPS = { steps: '20,50,100' };
const BOTH_IMAGES = `v1=${image('v1', '1.0')}\nv2=${image('v2', '1.0')}`;
const FIRST_RELEASE = { ...HELLOWORLD, ...STEPS, image: BOTH_IMAGES, port: '5000', weights: 'v1=80,v2=20' };

/** The whole life of a release, two releases of another service that fail, and one by the Gateway API. */
export const STORY: readonly DemoStep[] = [
  {
    name: 'first',
    inputs: FIRST_RELEASE,
    expected: 'pass',
  },
  {
    name: 'edited',
    before: editByHand,
    inputs: { ...HELLOWORLD, operation: 'verify' },
    expected: 'fail',
  },
  {
    name: 'rollback',
    inputs: { ...HELLOWORLD, operation: 'rollback', weights: 'v1=80,v2=20' },
    expected: 'pass',
  },
  {
    name: 'second',
    inputs: {
      ...CHECKOUT,
      image: `v1=${image('v1', '1.0')}\nv2=${image('v2', 'errors')}`,
      weights: 'v1=100,v2=0',
    },
    expected: 'pass',
  },
  {
    name: 'errors',
    inputs: { ...CHECKOUT, weights: 'v1=50,v2=50' },
    expected: 'fail',
  },
  {
    name: 'promote',
    inputs: { ...HELLOWORLD, ...STEPS, operation: 'promote', 'promote-to': '100', bake: '2s' },
    expected: 'pass',
  },
  {
    name: 'retire',
    inputs: { ...HELLOWORLD, operation: 'retire', version: 'v1' },
    expected: 'pass',
  },
  {
    name: 'metrics',
    // Users ask for a path that no check samples.
    users: (fleet) =>
      startLoad(
        fleet.clusters.map(({ ingress }) => `${ingress}/orders`),
        { host: CHECKOUT_HOST, faulty: true, rps: 250 },
      ),
    inputs: {
      ...CHECKOUT,
      image: `v2=${image('v2', 'order-errors')}`,
      weights: 'v1=50,v2=50',
      metrics: 'istio',
      'metrics-address': 'service:monitoring/prometheus:9090',
      bake: '12s',
    },
    expected: 'fail',
  },
  {
    name: 'httpRoute',
    before: openGateway,
    inputs: {
      ...SEARCH,
      'http-route': 'search',
      gateway: 'istio-system/ingress',
      image: BOTH_IMAGES,
      weights: 'v1=80,v2=20',
    },
    expected: 'pass',
  },
];

/** What `--keep` leaves running. */
export const KEPT: DemoStep = {
  name: 'kept',
  inputs: FIRST_RELEASE,
  expected: 'pass',
};

interface Route {
  readonly name?: string;
  readonly route: readonly object[];
}

/** An API of a cluster, for someone with kubectl. */
function apiOf(fleet: TestFleet, cluster: string): KubernetesObjectApi {
  const config = new KubeConfig();
  config.loadFromString(fleet.kubeconfig);
  config.setCurrentContext(cluster);
  return KubernetesObjectApi.makeApiClient(config);
}

/** Gives each cluster a Gateway of the Gateway API that its ingress gateway serves, beside Istio's own. */
async function openGateway(fleet: TestFleet): Promise<void> {
  for (const { name, ingress } of fleet.clusters) {
    const gateway = {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: { name: 'ingress', namespace: 'istio-system' },
      spec: {
        gatewayClassName: 'istio',
        addresses: [{ type: 'Hostname', value: 'istio-ingressgateway.istio-system.svc.cluster.local' }],
        listeners: [
          {
            name: 'http',
            port: Number(new URL(ingress).port),
            protocol: 'HTTP',
            allowedRoutes: { namespaces: { from: 'All' } },
          },
        ],
      },
    };
    await apiOf(fleet, name).create(gateway);
  }
}

/** Changes the weights in one cluster, as someone with kubectl would. */
async function editByHand(fleet: TestFleet): Promise<void> {
  const api = apiOf(fleet, 'west');
  const key = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'helloworld', namespace: 'gray-demo' },
  };
  const { spec } = await api.read<typeof key & { spec: { http: Route[] } }>(key);
  const http = spec.http.map((route) =>
    route.name === 'helloworld'
      ? { ...route, route: route.route.map((destination) => ({ ...destination, weight: 50 })) }
      : route,
  );
  const patch = { ...key, spec: { http } };
  await api.patch(patch, undefined, undefined, 'kubectl-edit', undefined, PatchStrategy.MergePatch);
}
