import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { Agent, request } from 'undici';
import type { FleetCluster, TestFleet } from '../../../testbed/fleet.ts';
import { Kube } from './kube.ts';
import { SEED } from './objects.ts';
import { tenAnswers } from './stage.ts';

/** Writes the certificate authority of a fleet to a folder. @returns the file, for `NODE_EXTRA_CA_CERTS` */
export async function writeAuthority({ kubeconfig }: TestFleet, folder: string): Promise<string> {
  const config = new KubeConfig();
  config.loadFromString(kubeconfig);
  const file = join(folder, 'ca.pem');
  await writeFile(file, Buffer.from(config.getClusters()[0]?.caData ?? '', 'base64'));
  return file;
}

/**
 * Resolves once every gateway pod serves the app to a host over HTTPS: before it has its new listener, it refuses connections.
 * @param authority a file, from `writeAuthority`
 */
export async function servedOverHttps(fleet: TestFleet, host: string, authority: string): Promise<void> {
  const agent = new Agent({ connect: { ca: await readFile(authority), servername: host } });
  const origins = await Promise.all(fleet.clusters.map(async (cluster) => httpsOrigins(fleet, cluster)));
  const ask = (origin: string): ReturnType<typeof request> =>
    request(`https://${origin}${SEED.path}`, { dispatcher: agent, headers: { host } });
  await Promise.all(origins.flat().map((origin) => tenAnswers(origin, 200, () => ask(origin))));
  await agent.close();
}

/** Each gateway pod on the mesh, by its address; on the embedded fleet, where pods have none, the port of the load balancer. */
async function httpsOrigins(fleet: TestFleet, { name, ingress }: FleetCluster): Promise<readonly string[]> {
  const kube = new Kube(fleet, name);
  if (process.env['FLEET'] === 'mesh') {
    const pods = await kube.list('v1', 'Pod', 'istio-system');
    const gateways = pods.filter(({ metadata }) => metadata.labels?.['istio'] === 'ingressgateway');
    return gateways.map(({ status }) => `${(status as { podIP: string }).podIP}:443`);
  }
  const { spec } = await kube.get('v1', 'Service', 'istio-ingressgateway', 'istio-system');
  const { ports } = spec as { ports: readonly { name: string; port: number }[] };
  const port = ports.find((each) => each.name === 'https')?.port;
  return [`${new URL(ingress).hostname}:${String(port)}`];
}
