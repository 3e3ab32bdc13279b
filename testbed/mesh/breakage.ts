import type { FleetPart } from '../fleet.ts';
import { awaitGateway, gatewayOf } from './gateway.ts';
import { awaitIstiod, istiodOf } from './istio.ts';
import { apiServerOf, awaitApiServer } from './kubernetes.ts';
import type { Ground, KubernetesCluster } from './kubernetes.ts';
import { connectAgain, cutOff } from './network.ts';

/** See `Breakage.takeDown`. */
export async function takeDown(
  { processes }: Ground,
  { name, addresses }: KubernetesCluster,
  part: FleetPart,
): Promise<void> {
  switch (part) {
    case 'api-server':
      return processes.kill(apiServerOf(name));
    case 'istiod':
      return processes.kill(istiodOf(name));
    case 'gateway':
      return processes.kill(gatewayOf(name));
    case 'api-network':
      return cutOff(addresses.apiServer);
  }
}

/** See `Breakage.bringUp`. */
export async function bringUp(
  { processes }: Ground,
  cluster: KubernetesCluster,
  part: FleetPart,
): Promise<void> {
  const { name, api, addresses } = cluster;
  switch (part) {
    case 'api-server':
      processes.restart(apiServerOf(name));
      return awaitApiServer(processes, name, api);
    case 'istiod':
      processes.restart(istiodOf(name));
      return awaitIstiod(processes, cluster);
    case 'gateway':
      processes.restart(gatewayOf(name));
      return awaitGateway(processes, cluster);
    case 'api-network':
      await connectAgain(addresses.apiServer);
      return awaitApiServer(processes, name, api);
  }
}
