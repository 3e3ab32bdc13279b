import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { VersionInfo } from '@kubernetes/client-node';
import { dump } from 'js-yaml';
import type { Authority } from './certificates.ts';
import { KubeApi } from './kube-api.ts';
import { namespaces, nodes, serviceAccounts } from './kube-objects.ts';
import type { Addresses } from './network.ts';
import type { Processes } from './processes.ts';
import type { Programs } from './programs.ts';
import { until } from './until.ts';

const ETCD_URL = 'http://127.0.0.1:2379';
/** Where the API server finds the kubelet of a node. */
export const KUBELET_PORT = 10250;
/**
 * Without the namespace controller: it deletes the contents of a namespace by their names, and would still be at it when the next test
 * has created a namespace of the same name. See reset.ts, which does its work.
 */
const CONTROLLERS = [
  'deployment-controller',
  'replicaset-controller',
  'endpointslice-controller',
  'serviceaccount-controller',
  'garbage-collector-controller',
  'resourcequota-controller',
];

/** The namespace of Prometheus. */
export const MONITORING = 'monitoring';
/** The namespaces that a cluster of the mesh has from the start and keeps. */
export const SYSTEM_NAMESPACES: ReadonlySet<string> = new Set([
  'default',
  'istio-system',
  'kube-node-lease',
  'kube-public',
  'kube-system',
  MONITORING,
]);

/** What all parts of a mesh need to start. */
export interface Ground {
  readonly programs: Programs;
  readonly processes: Processes;
  readonly authority: Authority;
  /** Folder for everything that the parts write; deleted at the end. */
  readonly folder: string;
  /** The bearer token of the cluster admin, in every cluster. */
  readonly token: string;
}

/** One Kubernetes cluster, without nodes that run anything. */
export interface KubernetesCluster {
  readonly name: string;
  readonly index: number;
  readonly addresses: Addresses;
  readonly api: KubeApi;
  /** Path of a kubeconfig with this cluster alone. */
  readonly kubeconfig: string;
}

/** Starts the etcd that keeps the objects of all clusters. */
export async function startEtcd({ programs, processes, folder }: Ground): Promise<void> {
  processes.start('etcd', [programs.etcd, `--data-dir=${join(folder, 'etcd')}`, `--client-url=${ETCD_URL}`], {
    cwd: folder,
  });
  await processes.until('etcd', 'be healthy', async () => (await fetch(`${ETCD_URL}/health`)).ok);
}

/** Starts the API server of a cluster, waits until it is ready, and creates the namespace `istio-system`; etcd has to run. */
export async function startApiServer(
  ground: Ground,
  cluster: { name: string; index: number; addresses: Addresses },
): Promise<KubernetesCluster> {
  const { programs, processes, authority, token } = ground;
  const { name, addresses } = cluster;
  const folder = join(ground.folder, name);
  await mkdir(folder, { recursive: true });
  const serving = await authority.issue({ dns: ['localhost'], ip: [addresses.apiServer] });
  const server = serverOf(addresses);
  const files = {
    certificate: await write(folder, 'apiserver.pem', serving.certificate),
    key: await write(folder, 'apiserver-key.pem', serving.key),
    tokens: await write(folder, 'tokens.csv', `${token},admin,admin,system:masters\n`),
    kubeconfig: await write(
      folder,
      'kubeconfig.yaml',
      kubeconfigOf([{ name, server }], authority.root, token),
    ),
  };
  processes.start(
    apiServerOf(name),
    [
      programs.kubeApiserver,
      `--etcd-servers=${ETCD_URL}`,
      `--etcd-prefix=/${name}`,
      `--bind-address=${addresses.apiServer}`,
      `--advertise-address=${addresses.apiServer}`,
      '--secure-port=6443',
      `--tls-cert-file=${files.certificate}`,
      `--tls-private-key-file=${files.key}`,
      `--cert-dir=${folder}`,
      `--token-auth-file=${files.tokens}`,
      '--authorization-mode=RBAC',
      // Any key pair will do for the tokens of service accounts; this uses the serving one.
      `--service-account-key-file=${files.certificate}`,
      `--service-account-signing-key-file=${files.key}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      '--service-cluster-ip-range=10.96.0.0/16',
      '--endpoint-reconciler-type=none',
      '--kubelet-preferred-address-types=InternalIP',
      '--profiling=false',
    ],
    { cwd: folder },
  );
  const api = new KubeApi(server, authority.root, token);
  await awaitApiServer(processes, name, api);
  await api.create(namespaces, { metadata: { name: 'istio-system' } });
  return { ...cluster, api, kubeconfig: files.kubeconfig };
}

/** What the processes call the API server of a cluster. */
export function apiServerOf(cluster: string): string {
  return `kube-apiserver of ${cluster}`;
}

/** Waits until the API server of a cluster serves everything. */
export async function awaitApiServer(processes: Processes, cluster: string, api: KubeApi): Promise<void> {
  const isReady = async (): Promise<boolean> => (await api.request('GET', '/readyz')) === 'ok';
  await processes.until(apiServerOf(cluster), 'be ready', isReady);
}

/** Starts the controllers of a cluster, adds a node, and waits until it accepts pods. */
export async function startControllers(
  { programs, processes, folder }: Ground,
  cluster: KubernetesCluster,
): Promise<void> {
  const { name, api, kubeconfig } = cluster;
  processes.start(
    `kube-controller-manager of ${name}`,
    [
      programs.kubeControllerManager,
      `--kubeconfig=${kubeconfig}`,
      `--authentication-kubeconfig=${kubeconfig}`,
      `--authorization-kubeconfig=${kubeconfig}`,
      '--leader-elect=false',
      '--secure-port=0',
      '--kube-api-qps=500',
      '--kube-api-burst=500',
      `--controllers=${CONTROLLERS.join(',')}`,
    ],
    { cwd: join(folder, name) },
  );
  await createNode(cluster);
  // A pod is refused until the controller has created its service account.
  await until(
    `the default service account in ${name}`,
    async () => {
      await api.get(serviceAccounts, { namespace: 'istio-system', name: 'default' });
      return true;
    },
    { seconds: 30 },
  );
}

/**
 * A kubeconfig with one context for each cluster, named as the cluster; the first one is the current context.
 * @param ca PEM of the authority that signed the servers' certificates
 */
export function kubeconfigOf(
  clusters: readonly { name: string; server: string }[],
  ca: string,
  token: string,
): string {
  const data = Buffer.from(ca).toString('base64');
  return dump({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': clusters[0]?.name,
    contexts: clusters.map(({ name }) => ({ name, context: { cluster: name, user: `${name}-admin` } })),
    clusters: clusters.map(({ name, server }) => ({
      name,
      cluster: { server, 'certificate-authority-data': data },
    })),
    users: clusters.map(({ name }) => ({ name: `${name}-admin`, user: { token } })),
  });
}

export function serverOf({ apiServer }: Addresses): string {
  return `https://${apiServer}:6443`;
}

export function nodeName(cluster: string): string {
  return `${cluster}-node`;
}

async function createNode({ name, api, addresses }: KubernetesCluster): Promise<void> {
  const resources = { cpu: '64', memory: '256Gi', pods: '1000' };
  const node = nodeName(name);
  const { gitVersion: version } = (await api.request('GET', '/version')) as VersionInfo;
  await api.create(nodes, {
    metadata: {
      name: node,
      labels: { 'kubernetes.io/hostname': node, 'topology.kubernetes.io/region': name },
    },
  });
  await api.patch(
    nodes,
    { name: node, subresource: 'status' },
    {
      status: {
        capacity: resources,
        allocatable: resources,
        // Istiod chooses the form of the sidecar by the version.
        nodeInfo: {
          kubeletVersion: version,
          kubeProxyVersion: version,
          containerRuntimeVersion: 'none',
          operatingSystem: 'linux',
        },
        conditions: [
          {
            type: 'Ready',
            status: 'True',
            reason: 'KubeletReady',
            message: 'kubelet is posting ready status',
          },
        ],
        addresses: [
          { type: 'InternalIP', address: addresses.node },
          { type: 'Hostname', address: node },
        ],
        daemonEndpoints: { kubeletEndpoint: { Port: KUBELET_PORT } },
      },
    },
    'strategic',
  );
  // The API server taints every new node as not ready, and no controller here would remove the taint.
  await api.patch(nodes, { name: node }, { spec: { taints: null } }, 'merge');
}

async function write(folder: string, name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text, { mode: 0o600 });
  return path;
}
