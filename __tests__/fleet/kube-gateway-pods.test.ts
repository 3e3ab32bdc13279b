import { afterEach, describe, expect, test } from '@jest/globals';
import { withGatewayPods } from '../../src/fleet/read/kube-gateway-pods.ts';
import type { KubeGateway } from '../../src/gateway-api/objects.ts';
import type { KubeObject } from '../../src/kubernetes/objects.ts';
import '../support/one-realm.ts';
import { EDGE, attachedRoute, gatewayApiState, kubeGateway, listener } from '../support/gateways.ts';
import { clusterAt, kubeApi, refuse } from '../support/kube-api.ts';
import {
  NAMESPACE,
  clusterState,
  gateway,
  pod,
  server,
  service,
  to,
  virtualService,
} from '../support/objects.ts';
import { EAST, release } from '../support/release.ts';
import { Opened } from '../support/server.ts';

const opened = new Opened();
afterEach(() => opened.close());

const LABELS = { istio: 'ingressgateway', app: 'edge' };
const hostname = { addresses: [{ type: 'Hostname', value: 'ingress.edge.svc.cluster.local' }] };
const NAMED = kubeGateway([listener('http', 80)], hostname);
const HELD: readonly KubeObject[] = [
  service(
    { selector: { app: 'edge' }, ports: [{ port: 80, targetPort: 8080 }] },
    { name: 'ingress', namespace: EDGE },
  ),
  { ...pod('ingress-0', LABELS), metadata: { name: 'ingress-0', namespace: EDGE, labels: LABELS } },
];

/** @returns the labels of the pods, and the calls that were sent for them */
async function read(
  kube: KubeGateway,
  ports: readonly number[],
  denied?: string,
  namespace?: string,
): Promise<readonly [unknown, readonly string[]]> {
  const api = opened.add(await kubeApi(...HELD));
  const calls: string[] = [];
  api.intercept = ({ path }, response) => {
    calls.push(path);
    if (denied === undefined || !path.includes(denied)) return false;
    refuse(response, 403, 'Forbidden', 'no');
    return true;
  };
  const vs = virtualService([{ route: [to('v1', 100)] }]);
  const gateways = ports.map((port) => gateway([server('HTTP', port)]));
  const { traffic } = clusterState(EAST, { traffic: { virtualServices: [vs], gateways } });
  const gatewayApi = gatewayApiState([kube], {
    httpRoutes: [{ ...attachedRoute(), metadata: { name: 'cart', namespace: namespace ?? NAMESPACE } }],
  });
  const state = await withGatewayPods(opened.add(clusterAt(api.url)), release(), { gatewayApi, traffic });
  return [state.gatewayApi?.gatewayPods?.get('edge/public'), calls];
}

describe('the pods of a Gateway of the Gateway API', () => {
  test('are those of the Service that it names', async () => {
    const [pods] = await read(NAMED, [80]);
    expect(pods).toEqual({ labels: [LABELS], targets: new Map([[80, 8080]]) });
  });

  test('are those that Istio labels with its name, where Istio deploys them', async () => {
    const [pods, calls] = await read(kubeGateway([listener('http', 80)]), [80]);
    expect(pods).toEqual({ labels: [], targets: new Map() });
    expect(calls.map(decodeURIComponent).join()).toContain(
      'labelSelector=gateway.networking.k8s.io/gateway-name=public',
    );
  });

  test('are asked for where only the VirtualService is of the release', async () => {
    const [pods] = await read(NAMED, [80], undefined, 'other');
    expect(pods).toEqual({ labels: [LABELS], targets: new Map([[80, 8080]]) });
  });

  test('are not asked for where no VirtualService enters by a Gateway', async () => {
    expect(await read(NAMED, [])).toEqual([undefined, []]);
  });

  test.each(['services', 'pods'])('are not known where %s may not be read', async (denied) => {
    const [pods] = await read(NAMED, [80], denied);
    expect(pods).toBe(undefined);
  });
});
