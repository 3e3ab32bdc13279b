import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dump, loadAll } from 'js-yaml';
import type { Authority } from './certificates.ts';
import { configMaps, crds, mutatingWebhooks, secrets, validatingWebhooks } from './kube-objects.ts';
import type {
  ConfigMap,
  KubeObject,
  MutatingWebhookConfiguration,
  ValidatingWebhookConfiguration,
} from './kube-objects.ts';
import type { Ground, KubernetesCluster } from './kubernetes.ts';
import type { Processes } from './processes.ts';
import type { Programs } from './programs.ts';
import { until } from './until.ts';

/**
 * A stock Envoy has none of Istio's own filters, which istiod would configure for a telemetry provider. Like an installation
 * of Istio, it names the root namespace.
 */
const MESH_CONFIG = { rootNamespace: 'istio-system', defaultProviders: {}, enablePrometheusMerge: false };
const STOCK_ENVOY = {
  PILOT_ENABLE_ALPN_FILTER: 'false',
  PILOT_ENABLE_METADATA_EXCHANGE: 'false',
  PILOT_DISABLE_MX_ALPN: 'true',
};

/** The parts of an Istio installation that the mesh uses. */
export interface IstioObjects {
  readonly crds: readonly KubeObject[];
  readonly injector: ConfigMap;
  readonly mutating: readonly MutatingWebhookConfiguration[];
  readonly validating: readonly ValidatingWebhookConfiguration[];
}

/** Reads the objects that came with the programs; independent of any cluster. */
export async function readIstioObjects(programs: Programs): Promise<IstioObjects> {
  const [manifest, gatewayApi] = await Promise.all([read(programs.manifest), read(programs.gatewayApi)]);
  const ofKind = (kind: string, objects = manifest) => objects.filter((object) => object.kind === kind);
  const injector = ofKind('ConfigMap').find(({ metadata }) => metadata?.name === 'istio-sidecar-injector');
  if (!injector)
    throw new Error(
      `${programs.manifest} contains no ConfigMap istio-sidecar-injector; delete the file to generate it again.`,
    );
  return {
    crds: [manifest, gatewayApi].flatMap((objects) => ofKind('CustomResourceDefinition', objects)),
    injector,
    mutating: ofKind('MutatingWebhookConfiguration'),
    validating: ofKind('ValidatingWebhookConfiguration'),
  };
}

async function read(file: string): Promise<KubeObject[]> {
  const objects = loadAll(await readFile(file, 'utf8')) as (KubeObject | null)[];
  return objects.filter((object) => object !== null);
}

/** Installs the custom resources, the injection template and the mesh configuration in a cluster. */
export async function installIstioObjects(
  { api, name }: KubernetesCluster,
  objects: IstioObjects,
): Promise<void> {
  await Promise.all([
    ...objects.crds.map((crd) => api.create(crds, crd)),
    api.create(configMaps, objects.injector),
    api.create(configMaps, {
      metadata: { name: 'istio', namespace: 'istio-system' },
      data: { mesh: dump(MESH_CONFIG) },
    }),
  ]);
  await until(
    `the API groups of Istio and of the Gateway API to be served in ${name}`,
    async () => {
      await api.request('GET', '/apis/networking.istio.io/v1/virtualservices');
      await api.request('GET', '/apis/security.istio.io/v1/peerauthentications');
      await api.request('GET', '/apis/gateway.networking.k8s.io/v1/httproutes');
      await api.request('GET', '/apis/gateway.networking.k8s.io/v1/gateways');
      return true;
    },
    { seconds: 30 },
  );
}

/** Lets the control plane of `home` read the services and endpoints of another cluster. */
export async function addRemoteCluster(home: KubernetesCluster, remote: KubernetesCluster): Promise<void> {
  const kubeconfig = await readFile(remote.kubeconfig);
  await home.api.create(secrets, {
    metadata: {
      name: `istio-remote-secret-${remote.name}`,
      namespace: 'istio-system',
      labels: { 'istio/multiCluster': 'true' },
      annotations: { 'networking.istio.io/cluster': remote.name },
    },
    data: { [remote.name]: kubeconfig.toString('base64') },
  });
}

/** Starts the istiod of a cluster, and waits until it is ready; the custom resources and remote clusters have to be there. */
export async function startIstiod(
  { programs, processes, authority, folder }: Ground,
  cluster: KubernetesCluster,
): Promise<void> {
  const { name, addresses, kubeconfig } = cluster;
  const cwd = join(folder, `istiod-${name}`);
  await writeAuthority(join(cwd, 'etc/cacerts'), authority);
  const at = (port: number) => `${addresses.istiod}:${String(port)}`;
  processes.start(
    istiodOf(name),
    [
      programs.pilotDiscovery,
      'discovery',
      `--kubeconfig=${kubeconfig}`,
      `--clusterID=${name}`,
      '--namespace=istio-system',
      '--domain=cluster.local',
      // Without such a file istiod follows the ConfigMap, as in a cluster.
      '--meshConfig=none',
      `--httpAddr=${at(8080)}`,
      `--grpcAddr=${at(15010)}`,
      `--secureGRPCAddr=${at(15012)}`,
      `--monitoringAddr=${at(15014)}`,
      `--httpsAddr=${at(15017)}`,
    ],
    {
      cwd,
      env: {
        ...STOCK_ENVOY,
        POD_NAME: `istiod-${name}`,
        POD_NAMESPACE: 'istio-system',
        CLUSTER_ID: name,
        REVISION: 'default',
        ENABLE_LEADER_ELECTION: 'false',
        INJECT_ENABLED: 'true',
        // Puts the address into the serving certificate, for the webhooks.
        ISTIOD_CUSTOM_HOST: addresses.istiod,
        // The webhooks name an address instead of a service, so istiod must not patch them.
        VALIDATION_WEBHOOK_CONFIG_NAME: '',
        INJECTION_WEBHOOK_CONFIG_NAME: '',
        PILOT_ENABLE_GATEWAY_API_DEPLOYMENT_CONTROLLER: 'false',
      },
    },
  );
  await awaitIstiod(processes, cluster);
}

/** What the processes call the istiod of a cluster. */
export function istiodOf(cluster: string): string {
  return `istiod of ${cluster}`;
}

/** Waits until the istiod of a cluster has read all clusters, and serves. */
export async function awaitIstiod(
  processes: Processes,
  { name, addresses }: Pick<KubernetesCluster, 'name' | 'addresses'>,
): Promise<void> {
  const isReady = async (): Promise<boolean> => (await fetch(`http://${addresses.istiod}:8080/ready`)).ok;
  await processes.until(istiodOf(name), 'be ready', isReady);
}

/**
 * Lets a ready istiod inject sidecars and validate Istio's objects in a cluster.
 * @param home the cluster whose istiod it is
 */
export async function installWebhooks(
  cluster: KubernetesCluster,
  home: KubernetesCluster,
  objects: IstioObjects,
  authority: Authority,
): Promise<void> {
  const base = `https://${home.addresses.istiod}:15017`;
  const caBundle = Buffer.from(authority.root).toString('base64');
  // The injector reads the cluster of the pod from the path.
  const inject = `/inject/cluster/${cluster.name}`;
  await Promise.all([
    ...objects.mutating.map(({ webhooks = [], ...rest }) =>
      cluster.api.create(mutatingWebhooks, {
        ...rest,
        webhooks: webhooks.map((webhook) => ({ ...webhook, clientConfig: { url: base + inject, caBundle } })),
      }),
    ),
    ...objects.validating.map(({ webhooks = [], ...rest }) =>
      cluster.api.create(validatingWebhooks, {
        ...rest,
        webhooks: webhooks.map((webhook) => ({
          ...webhook,
          // Istio's own selector lets objects without a revision's label pass unchecked.
          objectSelector: {},
          failurePolicy: 'Fail',
          clientConfig: { url: `${base}/validate`, caBundle },
        })),
      }),
    ),
  ]);
}

/** Files with istiod's certificate authority, which it would create otherwise: https://istio.io/latest/docs/tasks/security/cert-management/plugin-ca-cert */
async function writeAuthority(folder: string, { root, rootKey }: Authority): Promise<void> {
  await mkdir(folder, { recursive: true });
  await Promise.all([
    writeFile(join(folder, 'ca-cert.pem'), root),
    writeFile(join(folder, 'ca-key.pem'), rootKey, { mode: 0o600 }),
    writeFile(join(folder, 'root-cert.pem'), root),
    writeFile(join(folder, 'cert-chain.pem'), root),
  ]);
}
