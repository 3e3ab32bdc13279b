import { randomBytes } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FleetCluster, FleetOptions } from '../fleet.ts';
import { makeCertificates, type Certificate } from './certificates.ts';
import { Cluster } from './cluster.ts';
import { Faults } from './faults.ts';
import { Fleet, type EmbeddedFleet } from './fleet.ts';
import { Gateway } from './ingress/gateway.ts';
import { Mesh } from './ingress/mesh.ts';
import { kubeconfig } from './kubeconfig.ts';
import { ClusterMetrics } from './metrics/cluster-metrics.ts';
import { GATEWAY_LABELS, GATEWAY_NAMESPACE, GATEWAY_SERVICE } from './seed.ts';
import type { Workload } from './workload.ts';

export type { ApiCall, CallAction } from './faults.ts';
export type { EmbeddedFleet } from './fleet.ts';

export interface EmbeddedOptions extends FleetOptions {
  /** Milliseconds between a change in a cluster and its effect at the gateways; 50 by default. */
  readonly propagationMs?: number;
}

const PROPAGATION_MS = 50;

/** Starts a fleet of any number of clusters on the loopback interface of this process. */
export async function startEmbedded(options: EmbeddedOptions = {}): Promise<EmbeddedFleet> {
  const names = options.clusters ?? ['east', 'west'];
  if (new Set(names).size !== names.length || names.length === 0) {
    throw new Error(`clusters: expected at least one name and no duplicates, got ${JSON.stringify(names)}`);
  }
  const certificates = await makeCertificates();
  const token = randomBytes(24).toString('base64url');
  const faults = new Faults();
  const workloads = new Map<string, Workload>();
  const { gatewayReplicas = 1, prometheus = false } = options;
  const clusters = await Promise.all(
    names.map((name, index) =>
      Cluster.start({
        name,
        index,
        gatewayReplicas,
        prometheus,
        controlPlane: index === 0 || options.controlPlane !== 'first',
        faults,
        tls: certificates.api,
        token,
        workloads,
      }),
    ),
  );
  const gateways = new Map<string, Gateway>();
  const mesh = new Mesh(new Map(clusters.map(({ name, store }) => [name, store])), workloads);
  for (const cluster of clusters) {
    const gateway = gatewayOf(cluster, mesh, faults, options, names);
    gateways.set(cluster.name, gateway);
    cluster.api.forwardTo((pod, port) => gateway.forward(pod, port));
  }
  if (prometheus)
    await Promise.all(
      clusters.map(async (cluster) => {
        cluster.metrics = await ClusterMetrics.start(cluster, gateways.get(cluster.name)?.replicas ?? []);
      }),
    );
  const folder = await mkdtemp(join(tmpdir(), 'embedded-fleet-'));
  return new Fleet({
    clusters,
    gateways,
    mesh,
    faults,
    kubeconfig: kubeconfig(
      clusters.map(({ name, apiPort }) => ({ name, port: apiPort.number })),
      certificates.authority,
      token,
    ),
    tls: await writeCertificate(folder, certificates.ingress),
    folder,
  });
}

function gatewayOf(
  cluster: Cluster,
  mesh: Mesh,
  faults: Faults,
  options: EmbeddedOptions,
  names: readonly string[],
): Gateway {
  return new Gateway({
    site: {
      cluster: cluster.name,
      controlPlane: options.controlPlane === 'first' ? (names[0] ?? cluster.name) : cluster.name,
      namespace: GATEWAY_NAMESPACE,
      service: GATEWAY_SERVICE,
      labels: GATEWAY_LABELS,
    },
    mesh,
    faults,
    timers: cluster.timers,
    ports: new Map([
      [80, cluster.httpPort],
      [443, cluster.httpsPort],
    ]),
    replicas: options.gatewayReplicas ?? 1,
    propagationMs: options.propagationMs ?? PROPAGATION_MS,
  });
}

async function writeCertificate(
  folder: string,
  { certificate, key }: Certificate,
): Promise<FleetCluster['tls']> {
  const files = { certificate: join(folder, 'example.com.crt'), key: join(folder, 'example.com.key') };
  await writeFile(files.certificate, certificate);
  await writeFile(files.key, key, { mode: 0o600 });
  return files;
}
