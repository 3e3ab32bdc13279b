import type { Cluster } from '../../kubernetes/client/cluster.ts';
import { ClusterError } from '../../kubernetes/client/errors.ts';
import type { Service } from '../../kubernetes/objects.ts';
import type { Release } from '../../release/release.ts';
import type { ClusterState } from '../../release/state.ts';

/** The Services of the namespace, or only that of the app if the user of the kubeconfig may not list them. */
export async function readServices(
  cluster: Cluster,
  { app, namespace }: Release,
): Promise<Pick<ClusterState, 'service'> & { readonly otherServices: readonly Service[] | 'unlisted' }> {
  try {
    const found = await cluster.list<Service>('v1', 'Service', namespace);
    return {
      service: found.find(({ metadata }) => metadata.name === app),
      otherServices: found.filter(({ metadata }) => metadata.name !== app),
    };
  } catch (error) {
    if (!(error instanceof ClusterError && error.status === 403)) throw error;
    const own = await cluster.read<Service>('v1', 'Service', app, namespace);
    return { service: own, otherServices: 'unlisted' };
  }
}
