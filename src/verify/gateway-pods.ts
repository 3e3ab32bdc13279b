import type { ClusterName } from '../core/names.ts';
import type { Cluster } from '../kubernetes/client/cluster.ts';
import type { ForwardedPod, PortForward } from '../kubernetes/client/port-forward.ts';
import { nameOf } from '../kubernetes/objects.ts';
import type { Pod } from '../kubernetes/objects.ts';
import { isReady, restartsOf } from '../kubernetes/pods.ts';
import { gatewayServicesOf, targetOf } from './gateway-services.ts';
import type { GatewayService } from './gateway-services.ts';
import { schemeOf } from './ingress-candidate.ts';
import type { WayIn } from './ingress-candidate.ts';
import { listenerPodsOf } from './listener-services.ts';

/** `ending`: it is being deleted, as when it is replaced; `unready`: it takes no traffic for another reason, as after a crash. */
export type PodPhase = 'ready' | 'ending' | 'unready';

/** A pod of a gateway, and the port at which it serves what is asked for. */
export interface GatewayPod extends ForwardedPod {
  readonly uid: string;
  readonly port: number;
  readonly phase: PodPhase;
  /** How often its proxy has been restarted. */
  readonly restarts: number;
}

/** The pods of a gateway, as its API server shows and reaches them. */
export interface GatewayPods {
  /** @throws ClusterError */
  list(): Promise<readonly GatewayPod[]>;
  forward(pod: ForwardedPod): PortForward;
}

interface Found {
  readonly cluster: ClusterName;
  readonly url: string;
  readonly host: string | undefined;
  readonly source: string;
  readonly gateway: GatewayPods;
}

/**
 * The pods that users of a Gateway reach through its Services. Opens a way to one of them, so that what would prevent that is known
 * before anything is written.
 *
 * @param checked receives what was looked at
 * @returns undefined if no pod is ready
 * @throws ClusterError, as where the permission is missing
 */
export async function findGatewayPods(
  cluster: Cluster,
  candidate: WayIn,
  checked: string[],
): Promise<Found | undefined> {
  const look = async (looked: string[]): Promise<readonly GatewayService[]> =>
    'listener' in candidate
      ? listenerPodsOf(cluster, candidate, looked)
      : gatewayServicesOf(cluster, candidate.gateway, candidate.server, looked);
  const services = await look(checked);
  const [first] = services;
  const pods = gatewayPods(services).filter(({ phase }) => phase === 'ready');
  if (first === undefined) return undefined;
  if (pods.length === 0) {
    checked.push(`${nameOf(first.service)} (none of its pods is ready)`);
    return undefined;
  }
  for (const pod of pods.slice(0, 1)) await tryOut(cluster.portForward(pod), pod.port);
  const { metadata } = first.service;
  const scheme = schemeOf(candidate);
  const port = first.port.port === (scheme === 'https' ? 443 : 80) ? '' : `:${String(first.port.port)}`;
  const names = pods.map(({ name }) => name).join(', ');
  return {
    cluster: cluster.name,
    // What clients within the cluster use.
    url: `${scheme}://${metadata.name}.${metadata.namespace ?? ''}.svc${port}`,
    host: candidate.host,
    source: `port-forward to ${names}`,
    gateway: {
      list: async () => gatewayPods(await look([])),
      forward: (pod) => cluster.portForward(pod),
    },
  };
}

async function tryOut(forward: PortForward, port: number): Promise<void> {
  try {
    const connection = await forward.connect(port);
    connection.destroy();
  } finally {
    forward.close();
  }
}

function gatewayPods(services: readonly GatewayService[]): readonly GatewayPod[] {
  const found = services.flatMap(({ port, pods }) =>
    pods.flatMap((pod): readonly (readonly [string, GatewayPod])[] => {
      const target = targetOf(port, [pod]);
      return target === undefined ? [] : [[nameOf(pod), gatewayPod(pod, target)]];
    }),
  );
  return [...new Map(found).values()];
}

function gatewayPod(pod: Pod, port: number): GatewayPod {
  const { name, namespace = '', uid = '', deletionTimestamp } = pod.metadata;
  const phase = isReady(pod) ? 'ready' : deletionTimestamp === undefined ? 'unready' : 'ending';
  return { name, namespace, uid, port, phase, restarts: restartsOf(pod) };
}
