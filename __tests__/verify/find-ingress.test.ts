import { afterEach, describe, expect, test } from '@jest/globals';
import { findIngress } from '../../src/verify/find-ingress.ts';
import type { Ingress } from '../../src/verify/find-ingress.ts';
import type {
  Gateway,
  KubeObject,
  Labels,
  Node,
  Pod,
  Service,
  ServicePort,
} from '../../src/kubernetes/objects.ts';
import '../support/one-realm.ts';
import { listenerCandidates } from '../../src/gateway-api/ingress-candidates.ts';
import type { KubeGateway } from '../../src/gateway-api/objects.ts';
import { EDGE, attachedRoute, gatewayApiState, kubeGateway, listener } from '../support/gateways.ts';
import { clusterAt, kubeApi, refuse } from '../support/kube-api.ts';
import type { Intercept } from '../support/kube-api.ts';
import { ingressCandidates } from '../../src/istio/gateways.ts';
import { APP, NAMESPACE, gateway, pod, server, service, virtualService } from '../support/objects.ts';
import { Opened } from '../support/server.ts';

const opened = new Opened();
afterEach(() => opened.close());

const SYSTEM = 'istio-system';
const LABELS = { istio: 'ingressgateway', app: 'gw' };

const gatewayPod = (name = 'gw-0', nodeName = 'n1', status: Pod['status'] = {}): Pod =>
  pod(name, LABELS, {
    metadata: { namespace: SYSTEM },
    spec: {
      nodeName,
      containers: [
        {
          name: 'istio-proxy',
          ports: [
            { name: 'http2', containerPort: 8080 },
            { name: 'web', containerPort: 9090 },
          ],
        },
      ],
    },
    status,
  });

interface Address {
  ip?: string;
  hostname?: string;
}

/** The Service of the gateway: ports 80 and 443, node ports 30080 and 30443. */
function gatewayService(
  { balancer, ...spec }: NonNullable<Service['spec']> & { readonly balancer?: readonly Address[] } = {},
  name = 'gw',
): Service {
  const ports: readonly ServicePort[] = [
    { name: 'http', port: 80, targetPort: 8080, nodePort: 30080 },
    { name: 'https', port: 443, targetPort: 8443, nodePort: 30443 },
  ];
  const one = service(
    { type: 'LoadBalancer', selector: LABELS, ports, ...spec },
    { name, namespace: SYSTEM },
  );
  return { ...one, status: { loadBalancer: { ingress: balancer ?? [] } } };
}

const node = (name: string, ...addresses: readonly (readonly [type: string, address: string])[]): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  status: { addresses: addresses.map(([type, address]) => ({ type, address })) },
});

const down = (one: Node): Node => ({
  ...one,
  status: { ...one.status, conditions: [{ type: 'Ready', status: 'Unknown' }] },
});

const HTTP = gateway([server('HTTP', 80)]);
const HTTPS = gateway([server('HTTPS', 443, { tls: { mode: 'SIMPLE' } })]);
const N1 = node('n1', ['InternalIP', '10.0.0.1'], ['Hostname', 'n1']);
const N2 = node('n2', ['InternalIP', '10.0.0.2'], ['ExternalIP', '203.0.113.2']);

async function find(objects: readonly KubeObject[], ...gateways: readonly Gateway[]): Promise<Ingress> {
  const api = opened.add(await kubeApi(...objects));
  const vs = virtualService([], {}, { gateways: gateways.map(({ metadata }) => metadata.name) });
  const ways = ingressCandidates({ app: APP, namespace: NAMESPACE }, [vs], gateways, undefined);
  return findIngress(opened.add(clusterAt(api.url)), ways);
}

describe('the ingress is the load balancer of the Service that selects the gateway pods', () => {
  const at = (address: Address): Service => gatewayService({ balancer: [address] });

  test.each<[string, Gateway, readonly KubeObject[], string]>([
    ['by its IP', HTTP, [at({ ip: '203.0.113.7' })], 'http://203.0.113.7'],
    ['by its host name', HTTP, [at({ hostname: 'lb.example' })], 'http://lb.example'],
    ['by an IPv6 address', HTTP, [at({ ip: '2001:db8::1' })], 'http://[2001:db8::1]'],
    [
      'by an IPv4 address, where it has both',
      HTTP,
      [gatewayService({ balancer: [{ ip: '2001:db8::1' }, { ip: '203.0.113.7' }] })],
      'http://203.0.113.7',
    ],
    [
      'before the node port of another Service',
      HTTP,
      [gatewayService({ type: 'NodePort' }, 'a-debug'), N1, at({ ip: '203.0.113.7' })],
      'http://203.0.113.7',
    ],
    [
      'before that of one whose balancer is pending',
      HTTP,
      [gatewayService({}, 'a-new'), N1, at({ hostname: 'lb.example' })],
      'http://lb.example',
    ],
    ['over TLS', HTTPS, [at({ ip: '203.0.113.7' })], 'https://203.0.113.7'],
    [
      'on another port',
      gateway([server('HTTP', 8000)]),
      [gatewayService({ balancer: [{ ip: '203.0.113.7' }], ports: [{ port: 8000 }] })],
      'http://203.0.113.7:8000',
    ],
    [
      'on the port that leads to the number of the server',
      gateway([server('HTTP', 8080)]),
      [at({ ip: '203.0.113.7' })],
      'http://203.0.113.7',
    ],
    [
      'on the port that leads there by name',
      gateway([server('HTTP', 9090)]),
      [gatewayService({ balancer: [{ ip: '203.0.113.7' }], ports: [{ port: 81, targetPort: 'web' }] })],
      'http://203.0.113.7:81',
    ],
    [
      'on its own number before another port that leads to that number',
      gateway([server('HTTP', 8080)]),
      [
        gatewayService({
          balancer: [{ ip: '203.0.113.7' }],
          ports: [
            { port: 80, targetPort: 8080 },
            { port: 8080, targetPort: 8081 },
          ],
        }),
      ],
      'http://203.0.113.7:8080',
    ],
  ])('%s', async (_what, given, objects, url) => {
    expect((await find([gatewayPod(), ...objects], given)).url).toBe(url);
  });

  test('and is reported as such', async () => {
    expect(await find([gatewayPod(), at({ ip: '203.0.113.7' })], HTTP)).toEqual({
      cluster: 'west',
      url: 'http://203.0.113.7',
      host: undefined,
      source: 'load balancer of Service istio-system/gw',
    });
  });
});

describe('without a load balancer the ingress is a node port', () => {
  const NODE_PORT = gatewayService({ type: 'NodePort' });

  test.each<[string, readonly KubeObject[], string]>([
    ['on an external address before an internal one', [NODE_PORT, N1, N2], 'http://203.0.113.2:30080'],
    ['on an internal address', [NODE_PORT, N1], 'http://10.0.0.1:30080'],
    ['on a node that is up', [NODE_PORT, down(N2), N1], 'http://10.0.0.1:30080'],
    ['on a node that is down, where all are', [NODE_PORT, down(N1)], 'http://10.0.0.1:30080'],
    ['while the balancer is still pending', [gatewayService(), N1], 'http://10.0.0.1:30080'],
    [
      'on a node with a ready gateway pod, where others do not forward',
      [gatewayService({ type: 'NodePort', externalTrafficPolicy: 'Local' }), N1, N2],
      'http://10.0.0.1:30080',
    ],
    [
      'of TCP, where UDP has the same number',
      [
        gatewayService({
          type: 'NodePort',
          ports: [
            { name: 'quic', protocol: 'UDP', port: 80, nodePort: 31080 },
            { name: 'http', protocol: 'TCP', port: 80, nodePort: 30080 },
          ],
        }),
        N1,
      ],
      'http://10.0.0.1:30080',
    ],
  ])('%s', async (_what, objects, url) => {
    expect((await find([gatewayPod(), ...objects], HTTP)).url).toBe(url);
  });

  test('and the node is reported', async () => {
    expect((await find([gatewayPod(), NODE_PORT, N1], HTTP)).source).toBe(
      'node port of Service istio-system/gw on n1',
    );
  });
});

describe('the ingress is looked for', () => {
  const HERE = gatewayService({ balancer: [{ ip: '203.0.113.7' }] });

  test('through every Service that selects the pods', async () => {
    const others = [
      gatewayService({ type: 'ClusterIP', ports: [{ port: 15020 }] }, 'a-metrics'),
      service({ selector: { app: 'other' } }, { namespace: SYSTEM }),
    ];
    expect((await find([gatewayPod(), ...others, HERE], HTTP)).url).toBe('http://203.0.113.7');
  });

  test('through every Gateway', async () => {
    const tcp = gateway([server('TCP', 9000)], { name: 'tcp' });
    const gone = gateway([server('HTTP', 80)], { name: 'gone' });
    const found = await find(
      [gatewayPod(), HERE],
      tcp,
      { ...gone, spec: { ...gone.spec, selector: { istio: 'gone' } } },
      HTTP,
    );
    expect(found.url).toBe('http://203.0.113.7');
  });

  test("among pods of other namespaces than the Service's in vain", async () => {
    const stray = pod('stray', LABELS, { metadata: { namespace: 'elsewhere' } });
    await expect(find([stray, HERE], HTTP)).rejects.toThrow(
      'No address of an ingress gateway was found in west.',
    );
  });
});

describe('a Gateway without a selector applies to every gateway pod', () => {
  const OPEN: Gateway = { ...HTTP, spec: { servers: [server('HTTP', 80)] } };
  const router = (labels: Labels, namespace = SYSTEM): Pod =>
    pod(`gw-${namespace}`, labels, {
      metadata: { namespace },
      spec: { containers: [{ name: 'istio-proxy', args: ['proxy', 'router', '--domain', 'x'] }] },
    });
  const SHOP = { app: 'shop' };
  const shop = [
    pod('shop-0', SHOP, {
      metadata: { namespace: 'a-shop' },
      spec: { containers: [{ name: 'istio-proxy', args: ['proxy', 'sidecar'] }] },
    }),
    {
      ...service({ selector: SHOP, ports: [{ port: 80 }] }, { name: 'shop', namespace: 'a-shop' }),
      status: { loadBalancer: { ingress: [{ ip: '198.51.100.9' }] } },
    },
  ];
  const HERE = gatewayService({ balancer: [{ ip: '203.0.113.7' }] });

  test('and its ingress is their only Service, never a Service of other pods', async () => {
    expect((await find([...shop, router(LABELS), HERE], OPEN)).url).toBe('http://203.0.113.7');
  });

  test('and with several Services for such pods, the input must name the ingress', async () => {
    const other = { ...HERE, metadata: { ...HERE.metadata, namespace: 'team' } };
    await expect(find([router(LABELS), HERE, router(LABELS, 'team'), other], OPEN)).rejects.toThrow(
      'Checked: Gateway gray-demo/helloworld has no selector, so it applies to every gateway pod (2 pods); Service istio-system/gw, Service team/gw (all of them reach such pods, and nothing shows which one users take). Set the input ingress',
    );
  });

  test('and without a gateway pod, no ingress is guessed', async () => {
    await expect(find(shop, OPEN)).rejects.toThrow(
      'has no selector, so it applies to every gateway pod (no pod). Set the input ingress',
    );
  });
});

describe('without an ingress, the error lists what was checked and names the input', () => {
  const REMEDY =
    "Set the input ingress, for example west=http://203.0.113.7, west=port-forward to reach the gateway's pods through the API server (it takes get and create on pods/portforward), or west=none if users never enter through this cluster.";

  test.each<[string, readonly KubeObject[], readonly Gateway[], string]>([
    ['no Gateway', [], [], 'no Gateway'],
    [
      'no server to sample',
      [],
      [gateway([server('TCP', 9000)])],
      'Gateway gray-demo/helloworld (no HTTP or HTTPS server)',
    ],
    ['no pod', [], [HTTP], 'Gateway gray-demo/helloworld selects no pod ({"istio":"ingressgateway"})'],
    ['no Service', [gatewayPod()], [HTTP], 'Gateway gray-demo/helloworld selects 1 pod'],
    [
      'no port',
      [gatewayPod(), gatewayService({ ports: [{ port: 443 }] })],
      [HTTP],
      'Gateway gray-demo/helloworld selects 1 pod; Service istio-system/gw (no port reaches 80)',
    ],
    [
      'a Service inside the cluster alone',
      [gatewayPod(), gatewayService({ type: 'ClusterIP', ports: [{ port: 80 }] })],
      [HTTP],
      'Gateway gray-demo/helloworld selects 1 pod; Service istio-system/gw (type ClusterIP, no load balancer address, no reachable node port)',
    ],
    [
      'no node with a ready gateway pod, where others do not forward',
      [
        gatewayPod('gw-0', 'n1', { conditions: [] }),
        gatewayService({ type: 'NodePort', externalTrafficPolicy: 'Local' }),
        N1,
      ],
      [HTTP],
      'Gateway gray-demo/helloworld selects 1 pod; Service istio-system/gw (type NodePort, no load balancer address, no reachable node port)',
    ],
  ])('%s', async (_what, objects, gateways, looked) => {
    await expect(find(objects, ...gateways)).rejects.toThrow(
      `No address of an ingress gateway was found in west. Checked: ${looked}. ${REMEDY}`,
    );
  });
});

describe('of a Gateway of the Gateway API, the ingress is', () => {
  const WEB = listener('web', 80);
  const CLUSTER_IP = '10.96.0.7';
  const named = { addresses: [{ type: 'Hostname', value: `gw.${SYSTEM}.svc.cluster.local` }] };
  const automated = (
    rest: NonNullable<Service['spec']> & { readonly balancer?: readonly Address[] },
    name = 'public-istio',
    labels: Labels = {},
  ): Service => {
    const one = gatewayService({ clusterIP: CLUSTER_IP, clusterIPs: [CLUSTER_IP], ...rest }, name);
    return { ...one, metadata: { ...one.metadata, namespace: EDGE, labels } };
  };
  const balanced = { balancer: [{ ip: '203.0.113.7' }] };

  async function findFor(
    objects: readonly KubeObject[],
    one: KubeGateway,
    intercept: Intercept = () => false,
  ): Promise<Ingress> {
    const api = opened.add(await kubeApi(...objects));
    api.intercept = intercept;
    const ways = listenerCandidates([attachedRoute()], gatewayApiState([one]), {}, undefined);
    return findIngress(opened.add(clusterAt(api.url)), ways);
  }

  test.each<[string, KubeGateway, readonly KubeObject[], string, string]>([
    [
      'the address in its status',
      kubeGateway([WEB], {}, ['203.0.113.9']),
      [automated(balanced)],
      'http://203.0.113.9',
      'status.addresses of Gateway edge/public',
    ],
    [
      'a hostname in its status, over TLS',
      kubeGateway([listener('tls', 443, { protocol: 'HTTPS' })], {}, ['lb.example.com']),
      [],
      'https://lb.example.com',
      'status.addresses of Gateway edge/public',
    ],
    [
      'an IPv4 address in its status, where it has both',
      kubeGateway([WEB], {}, ['2001:db8::1', '203.0.113.9']),
      [],
      'http://203.0.113.9',
      'status.addresses of Gateway edge/public',
    ],
    [
      'that address on the port of the Service that leads to the listener',
      kubeGateway([listener('web', 8080)], {}, ['203.0.113.9']),
      [automated(balanced)],
      'http://203.0.113.9',
      'status.addresses of Gateway edge/public',
    ],
    [
      'the load balancer of the Service that it names, where its status has none',
      kubeGateway([WEB], named),
      [gatewayService(balanced)],
      'http://203.0.113.7',
      'load balancer of Service istio-system/gw',
    ],
    [
      'that of the Service that Istio makes, where its status names one inside the cluster',
      kubeGateway([WEB], {}, [CLUSTER_IP, `public-istio.${EDGE}.svc.cluster.local`]),
      [automated(balanced)],
      'http://203.0.113.7',
      'load balancer of Service edge/public-istio',
    ],
    [
      'that of a Service of any name with its label',
      kubeGateway([WEB]),
      [automated(balanced, 'entry', { 'gateway.networking.k8s.io/gateway-name': 'public' })],
      'http://203.0.113.7',
      'load balancer of Service edge/entry',
    ],
    [
      'a node port',
      kubeGateway([WEB], {}, [CLUSTER_IP]),
      [automated({ type: 'NodePort' }), N1],
      'http://10.0.0.1:30080',
      'node port of Service edge/public-istio on n1',
    ],
  ])('%s', async (_what, one, objects, url, source) => {
    expect(await findFor(objects, one)).toMatchObject({ url, source });
  });

  test('the address in its status even if its Service may not be read', async () => {
    const forbidden: Intercept = ({ path }, response) => {
      if (!path.includes('/services')) return false;
      refuse(response, 403, 'Forbidden', 'not allowed');
      return true;
    };
    const found = await findFor([], kubeGateway([WEB], {}, ['203.0.113.9']), forbidden);
    expect(found.url).toBe('http://203.0.113.9');
  });

  test.each<[string, KubeGateway, readonly KubeObject[], string]>([
    [
      'nothing of it exists',
      kubeGateway([WEB]),
      [],
      'Service edge/public-istio (does not exist); Gateway edge/public (no status.addresses).',
    ],
    [
      'its Service has no such port',
      kubeGateway([listener('web', 8088)], named, [CLUSTER_IP]),
      [gatewayService({ clusterIP: CLUSTER_IP })],
      `Service istio-system/gw (no port reaches 8088); Gateway edge/public (status.addresses ${CLUSTER_IP}`,
    ],
    [
      'its Service is inside the cluster alone',
      kubeGateway([WEB], {}, [CLUSTER_IP]),
      [automated({ type: 'ClusterIP', ports: [{ port: 80 }] })],
      `Gateway edge/public (status.addresses ${CLUSTER_IP}: only inside the cluster); Service edge/public-istio (type ClusterIP, no load balancer address, no reachable node port).`,
    ],
    [
      'a listener takes no such route',
      kubeGateway([listener('web', 80, { allowedRoutes: {} })]),
      [],
      'Gateway edge/public (listener web: allowedRoutes.namespaces.from is Same',
    ],
  ])('nowhere, and the error says what was checked, where %s', async (_what, one, objects, checked) => {
    await expect(findFor(objects, one)).rejects.toThrow(
      `No address of an ingress gateway was found in west. Checked: ${checked}`,
    );
  });
});
