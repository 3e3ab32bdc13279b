import type { KubeObject } from '../../kubernetes/objects.ts';
import type { Cluster } from '../../kubernetes/client/cluster.ts';
import { ClusterError } from '../../kubernetes/client/errors.ts';

/** The objects of a kind in all namespaces, or in one namespace if the user of the kubeconfig may not list more. */
export async function listEverywhere<T extends KubeObject>(
  cluster: Cluster,
  apiVersion: string,
  kind: T['kind'],
  namespace: string,
): Promise<{ readonly found: readonly T[]; readonly complete: boolean }> {
  try {
    return { found: await cluster.list<T>(apiVersion, kind), complete: true };
  } catch (error) {
    if (!(error instanceof ClusterError && error.status === 403)) throw error;
    return { found: await cluster.list<T>(apiVersion, kind, namespace), complete: false };
  }
}
