import { dump } from 'js-yaml';

export interface KubeconfigCluster {
  readonly name: string;
  readonly port: number;
}

/** Kubeconfig text with an admin context for each cluster, named as the cluster; the first is the current one. */
export function kubeconfig(clusters: readonly KubeconfigCluster[], authority: string, token: string): string {
  return dump({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': clusters[0]?.name ?? '',
    clusters: clusters.map(({ name, port }) => ({
      name,
      cluster: { server: `https://127.0.0.1:${String(port)}`, 'certificate-authority-data': btoa(authority) },
    })),
    users: clusters.map(({ name }) => ({ name: `admin@${name}`, user: { token } })),
    contexts: clusters.map(({ name }) => ({ name, context: { cluster: name, user: `admin@${name}` } })),
  });
}
