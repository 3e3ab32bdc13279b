import { readlinkSync } from 'node:fs';
import { execa } from 'execa';
import { until } from './until.ts';

const BRIDGE = 'br0';

/** Where everything of one cluster listens. The gateway's addresses are in a network namespace of the gateway's own. */
export interface Addresses {
  readonly apiServer: string;
  readonly istiod: string;
  readonly prometheus: string;
  readonly gatewayPod: string;
  /** The pod of its second replica, if it has one, in a network namespace of that one's own. */
  readonly secondGatewayPod: string;
  readonly loadBalancer: string;
  /** What the host name of the ingress resolves to. */
  readonly named: readonly [string, string];
  /** The node's InternalIP. */
  readonly node: string;
  /** The address of the nth pod, from 0, modulo the size of the range. */
  pod(n: number): string;
}

/** @param index of the cluster, 0 or 1 */
export function addressesOf(index: number): Addresses {
  const gateways = `10.244.${String(index + 1)}`;
  return {
    apiServer: `10.244.${String(128 + index)}.2`,
    istiod: `10.244.${String(128 + index)}.3`,
    prometheus: `10.244.${String(128 + index)}.4`,
    gatewayPod: `${gateways}.10`,
    secondGatewayPod: `${gateways}.11`,
    loadBalancer: `${gateways}.20`,
    named: [`${gateways}.21`, `${gateways}.22`],
    node: `${gateways}.30`,
    pod: (n) => `10.244.${String(160 + 32 * index + (Math.floor(n / 250) % 32))}.${String(1 + (n % 250))}`,
  };
}

/**
 * Sets up the network that control planes, workloads and gateways share.
 * The bridge marks a running mesh in this network; if one is still being stopped, this waits for its end.
 * @throws Error where this process is not inside the namespaces of `enter.ts`
 */
export async function openNetwork(): Promise<void> {
  const own = readlinkSync('/proc/self/ns/net');
  if (process.env['MULTICLUSTER_CANARY_NETWORK'] !== own) {
    throw new Error(
      'The mesh starts only in its own network namespace, which this process is not in. ' +
        'Start it with `node testbed/mesh/enter.ts -- COMMAND`.',
    );
  }
  await until(
    'the network to be free of another mesh (one at a time runs in a network)',
    async () => {
      const { failed } = await execa('ip', ['link', 'add', BRIDGE, 'type', 'bridge'], { reject: false });
      return !failed;
    },
    { seconds: 20 },
  );
  // Istio drops endpoints on loopback addresses, so these are local without being 127.0.0.0/8. The route makes half of
  // the range local at once: a pod needs no command to get its address.
  await ip([
    `addr add 10.244.0.1/16 dev ${BRIDGE}`,
    `link set ${BRIDGE} up`,
    'route add local 10.244.128.0/17 dev lo',
  ]);
}

/** Removes what exists of the network; what is already gone is fine. */
export async function closeNetwork(): Promise<void> {
  // The kernel removes a namespace some time after its last process ends; the next mesh needs the names of the links.
  const links = [0, 1].flatMap((index) => [0, 1].map((replica) => `link del ${linkOf(index, replica)}`));
  const cut = [0, 1].map((index) => `route del unreachable ${addressesOf(index).apiServer}/32 table local`);
  const lines = [...links, ...cut, 'route del local 10.244.128.0/17 dev lo', `link del ${BRIDGE}`];
  await execa('ip', ['-force', '-batch', '-'], { input: `${lines.join('\n')}\n`, reject: false });
}

/** The addresses of the network namespace of a gateway's replica; load balancer and node lead to the first. */
function addressesAt(index: number, replica: number): readonly string[] {
  const { gatewayPod, secondGatewayPod, loadBalancer, named, node } = addressesOf(index);
  return replica === 0 ? [gatewayPod, loadBalancer, ...named, node] : [secondGatewayPod];
}

/** Connects the network namespace of a process, with the addresses of a replica of a cluster's gateway in it, to the bridge. */
export async function connectGateway(index: number, replica: number, pid: number): Promise<void> {
  const link = linkOf(index, replica);
  await ip([
    `link add ${link} type veth peer name eth0 netns ${String(pid)}`,
    `link set ${link} master ${BRIDGE} up`,
  ]);
  const addresses = addressesAt(index, replica).map((address) => `addr add ${address}/16 dev eth0`);
  await ip(['link set lo up', ...addresses, 'link set eth0 up'], insideNetworkOf(pid));
}

/**
 * Cuts off an address of a control plane: new connections fail as "no route to host", and established ones fall silent, for every
 * process outside a gateway's own network.
 */
export async function cutOff(address: string): Promise<void> {
  await ip([`route add unreachable ${address}/32 table local`]);
}

export async function connectAgain(address: string): Promise<void> {
  await ip([`route del unreachable ${address}/32 table local`]);
}

/** The words to put before a command so that it runs in the network namespace of a process. */
export function insideNetworkOf(pid: number): readonly string[] {
  return ['nsenter', `--net=/proc/${String(pid)}/ns/net`];
}

function linkOf(index: number, replica: number): string {
  return `gateway${String(index)}-${String(replica)}`;
}

async function ip(lines: readonly string[], prefix: readonly string[] = []): Promise<void> {
  // `env` runs the words that follow, whether or not there is a prefix.
  await execa('env', [...prefix, 'ip', '-batch', '-'], { input: `${lines.join('\n')}\n` });
}
