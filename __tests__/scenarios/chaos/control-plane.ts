import { request } from 'undici';
import { until } from '../../../testbed/mesh/until.ts';
import type { Kube, Obj } from '../support/kube.ts';
import { ISTIO } from '../support/kube.ts';
import type { Stage } from '../support/stage.ts';

const NAMESPACE = 'chaos-probe';
const HOST = 'chaos-probe.example.com';
const MANAGER = 'chaos-probe';
/** A client of Kubernetes that has lost its API server tries again after up to 30 s, and that twice where it is out of luck. */
const FOLLOWS_SECONDS = 90;

let stamps = 0;

/**
 * Resolves once each control plane brings a change to its gateway. One that has lost its API server for seconds looks for it less and
 * less often, so it may follow long after the server is back.
 */
export async function controlPlanesFollow(stage: Stage): Promise<void> {
  stamps += 1;
  const stamp = String(stamps);
  await Promise.all(
    stage.fleet.clusters.map(async ({ name, ingress }, i) => {
      for (const object of objects(stamp)) await kubeOf(stage, i).apply(object, MANAGER);
      const isSeen = async (): Promise<boolean> => {
        const { body } = await request(ingress, { headers: { host: HOST }, reset: true });
        return (await body.text()) === stamp;
      };
      await until(`the control plane of ${name} to follow its API server`, isSeen, {
        seconds: FOLLOWS_SECONDS,
      });
    }),
  );
}

function kubeOf({ east, west }: Stage, index: number): Kube {
  return index === 0 ? east : west;
}

/** A route of its own, for a host that no user knows. */
function objects(stamp: string): readonly Obj[] {
  const metadata = { name: 'chaos-probe', namespace: NAMESPACE };
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
    {
      apiVersion: ISTIO,
      kind: 'Gateway',
      metadata,
      spec: {
        selector: { istio: 'ingressgateway' },
        servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: [HOST] }],
      },
    },
    {
      apiVersion: ISTIO,
      kind: 'VirtualService',
      metadata,
      spec: {
        hosts: [HOST],
        gateways: [metadata.name],
        http: [{ directResponse: { status: 200, body: { string: stamp } } }],
      },
    },
  ];
}
