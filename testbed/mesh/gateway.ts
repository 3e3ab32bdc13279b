import type { ChildProcess } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { meshIdentity } from './certificates.ts';
import { createFixedPod, showCrash, showReady } from './fixed-pod.ts';
import type { Forward, FrontMessage } from './front.ts';
import { startKubelet } from './kubelet.ts';
import { pods, services } from './kube-objects.ts';
import type { Service, ServicePort, ServiceSpec } from './kube-objects.ts';
import type { Ground, KubernetesCluster } from './kubernetes.ts';
import { connectGateway, insideNetworkOf } from './network.ts';
import type { Addresses } from './network.ts';
import type { Processes } from './processes.ts';

const NAMESPACE = 'istio-system';
const NAME = 'istio-ingressgateway';
const LABELS = { app: NAME, istio: 'ingressgateway' };
const PORTS: ServicePort[] = [
  { name: 'http2', port: 80, targetPort: 80, nodePort: 30080 },
  { name: 'https', port: 443, targetPort: 443, nodePort: 30443 },
];
const ADMIN_PORT = 15000;
/** A program, since Envoy's admin API listens only inside the gateway's network. */
const RESET_COUNTERS = `fetch('http://127.0.0.1:${String(ADMIN_PORT)}/reset_counters', { method: 'POST' })`;
const SPEC: ServiceSpec = {
  type: 'LoadBalancer',
  selector: LABELS,
  ports: PORTS,
  externalTrafficPolicy: 'Cluster',
};

/** A cluster's ingress gateway, with its load balancer and node ports, which lead to its first replica. */
export interface IngressGateway {
  /** Reverts every change of the gateway's Service, and brings lost replicas back. */
  restore(): Promise<void>;
  /** Kills a replica and starts it again, as a kubelet does; its pod shows both. */
  crash(replica: number): Promise<void>;
  /** Ends a replica without notice; its pod goes afterwards, as the node's controller would remove it. */
  lose(replica: number): Promise<void>;
  /** Lets the first replica's Envoy count from 0 again. */
  resetCounters(): Promise<void>;
}

/**
 * Starts the ingress gateway of a cluster, and waits until Envoy has its first configuration.
 * @param home the cluster whose istiod configures it, and must be ready
 */
export async function startGateway(
  ground: Ground,
  cluster: KubernetesCluster,
  home: KubernetesCluster,
  { replicas, signal }: { readonly replicas: 1 | 2; readonly signal: AbortSignal },
): Promise<IngressGateway> {
  const { api, addresses } = cluster;
  const [front] = await Promise.all([startFront(ground, cluster, 0), createPod(cluster, 0)]);
  const second = replicas === 1 ? undefined : await startFront(ground, cluster, 1);
  if (second !== undefined) await createPod(cluster, 1);
  await restoreService(cluster);
  void api.watch(
    services,
    ({ type, object }) => {
      if (object.metadata?.namespace !== NAMESPACE || object.metadata.name !== NAME) return;
      const message: FrontMessage = type === 'DELETED' ? [] : forwardsOf(object, addresses);
      front.send(message);
    },
    signal,
  );
  const within = insideNetworkOf(pidOf(front));
  await Promise.all([
    startProxy(ground, cluster, home, 0, within),
    startKubelet(ground, cluster, within),
    ...(second === undefined ? [] : [startProxy(ground, cluster, home, 1, insideNetworkOf(pidOf(second)))]),
  ]);
  const lost = new Set<number>();
  return {
    restore: async () => {
      await restoreService(cluster);
      for (const replica of lost) {
        await createPod(cluster, replica);
        ground.processes.restart(gatewayOf(cluster.name, replica));
        await awaitGateway(ground.processes, cluster, replica);
      }
      lost.clear();
    },
    crash: async (replica) => {
      const place = { name: podName(replica), namespace: NAMESPACE };
      await ground.processes.kill(gatewayOf(cluster.name, replica));
      await showCrash(cluster, place);
      ground.processes.restart(gatewayOf(cluster.name, replica));
      await awaitGateway(ground.processes, cluster, replica);
      await showReady(cluster, place);
    },
    lose: async (replica) => {
      lost.add(replica);
      await ground.processes.kill(gatewayOf(cluster.name, replica));
      await api.delete(pods, { name: podName(replica), namespace: NAMESPACE }, { gracePeriodSeconds: 0 });
    },
    resetCounters: async () => {
      await execa('env', [...within, process.execPath, '--eval', RESET_COUNTERS]);
    },
  };
}

function podName(replica: number): string {
  return `${NAME}-${String(replica)}`;
}

function podAddress({ gatewayPod, secondGatewayPod }: Addresses, replica: number): string {
  return replica === 0 ? gatewayPod : secondGatewayPod;
}

/** The forwards of a Service to Envoy: a load balancer and kube-proxy forward each port to its target port. */
function forwardsOf({ spec, status }: Service, { node, loadBalancer, named }: Addresses): Forward[] {
  return (spec?.ports ?? []).flatMap(({ port, targetPort = port, nodePort }) => {
    const to = Number(targetPort);
    const balanced = status?.loadBalancer?.ingress === undefined ? [] : [loadBalancer, ...named];
    return [
      // Envoy itself listens at every address, so a port that is its own target needs no forward.
      ...(port === to ? [] : balanced.map((address) => ({ address, port, to }))),
      ...(nodePort === undefined ? [] : [{ address: node, port: nodePort, to }]),
    ];
  });
}

async function startFront(
  { processes, folder }: Ground,
  { name, index }: KubernetesCluster,
  replica: number,
): Promise<ChildProcess> {
  const program = `front of ${gatewayOf(name, replica)}`;
  const file = join(import.meta.dirname, 'front.ts');
  // Both gateways bind port 80 of every address; in one network they would silently share it.
  const front = processes.start(program, ['unshare', '--net', process.execPath, file], {
    cwd: folder,
    messages: true,
  });
  let told = false;
  front.once('message', () => (told = true));
  await processes.until(program, 'be ready', () => told);
  await connectGateway(index, replica, pidOf(front));
  return front;
}

function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined)
    throw new Error('The process in front of the gateway did not start; is `unshare --net` allowed here?');
  return pid;
}

async function restoreService({ api, addresses }: KubernetesCluster): Promise<void> {
  const metadata = { name: NAME, namespace: NAMESPACE, labels: LABELS };
  const present = (await api.list(services, NAMESPACE)).items.find(
    (service) => service.metadata?.name === NAME,
  );
  const service = present
    ? await api.replace(services, {
        metadata: { ...metadata, resourceVersion: present.metadata?.resourceVersion ?? '' },
        spec: {
          ...SPEC,
          clusterIP: present.spec?.clusterIP ?? '',
          clusterIPs: present.spec?.clusterIPs ?? [],
        },
      })
    : await api.create(services, { metadata, spec: SPEC });
  await api.replace(
    services,
    { ...service, status: { loadBalancer: { ingress: [{ ip: addresses.loadBalancer }] } } },
    'status',
  );
}

async function createPod(cluster: KubernetesCluster, replica: number): Promise<void> {
  await createFixedPod(cluster, {
    name: podName(replica),
    namespace: NAMESPACE,
    labels: LABELS,
    address: podAddress(cluster.addresses, replica),
    container: {
      name: 'istio-proxy',
      image: 'istio/proxyv2',
      ports: PORTS.map(({ targetPort }) => Number(targetPort)),
    },
  });
}

async function startProxy(
  { programs, processes, authority, folder }: Ground,
  cluster: KubernetesCluster,
  home: KubernetesCluster,
  replica: number,
  within: readonly string[],
): Promise<void> {
  const { name, addresses } = cluster;
  const cwd = join(folder, `gateway-${name}-${String(replica)}`);
  const credentials = join(cwd, 'var/run/secrets/workload-spiffe-credentials');
  await mkdir(credentials, { recursive: true });
  const identity = await authority.issue({ uri: [meshIdentity(NAMESPACE, 'default')] });
  await Promise.all([
    writeFile(join(credentials, 'cert-chain.pem'), identity.certificate),
    writeFile(join(credentials, 'key.pem'), identity.key, { mode: 0o600 }),
    writeFile(join(credentials, 'root-cert.pem'), authority.root),
  ]);
  processes.start(
    gatewayOf(name, replica),
    [...within, programs.pilotAgent, 'proxy', 'router', '--domain=istio-system.svc.cluster.local'],
    {
      cwd,
      env: {
        POD_NAME: podName(replica),
        POD_NAMESPACE: NAMESPACE,
        SERVICE_ACCOUNT: 'default',
        INSTANCE_IP: podAddress(addresses, replica),
        HOST_IP: addresses.node,
        CLOUD_PLATFORM: 'none',
        ENVOY_STATUS_PORT: '15021',
        ENVOY_PROMETHEUS_PORT: '15090',
        ISTIO_META_CLUSTER_ID: name,
        ISTIO_METAJSON_LABELS: JSON.stringify(LABELS),
        ISTIO_BOOTSTRAP: programs.bootstrap,
        // istiod sends certificates in Secrets only to a gateway that has proved who it is.
        PROV_CERT: credentials,
        XDS_ROOT_CA: join(credentials, 'root-cert.pem'),
        PROXY_CONFIG: JSON.stringify({
          discoveryAddress: `${home.addresses.istiod}:15012`,
          controlPlaneAuthPolicy: 'MUTUAL_TLS',
          binaryPath: programs.envoy,
          configPath: join(cwd, 'envoy'),
          concurrency: 1,
          proxyAdminPort: ADMIN_PORT,
          statusPort: 15020,
          proxyStatsMatcher: { inclusionRegexps: ['.*'] },
        }),
      },
    },
  );
  await awaitGateway(processes, cluster, replica);
}

/** What the processes call a replica of the gateway of a cluster. */
export function gatewayOf(cluster: string, replica = 0): string {
  return replica === 0 ? `gateway of ${cluster}` : `gateway ${String(replica)} of ${cluster}`;
}

/** Waits until a replica of the gateway of a cluster has its configuration. */
export async function awaitGateway(
  processes: Processes,
  { name, addresses }: Pick<KubernetesCluster, 'name' | 'addresses'>,
  replica = 0,
): Promise<void> {
  const isReady = async (): Promise<boolean> =>
    (await fetch(`http://${podAddress(addresses, replica)}:15021/healthz/ready`)).ok;
  await processes.until(gatewayOf(name, replica), 'be ready', isReady);
}
